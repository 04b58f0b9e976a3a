"""Configuration of an agent's model: the form that `model` and `model_settings` replace."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
from letta_async.types.response_format import ResponseFormat

__all__ = ["LlmConfig"]


@attrs.frozen(kw_only=True)
class LlmConfig(WireObject):
    """Configuration of an agent's model; `model` and `model_settings` replace it.

    Source: `LLMConfig` in the OpenAPI description of Letta 0.16.8.
    """

    model: str
    """Name of the model at its provider."""
    model_endpoint_type: str
    """Kind of provider, such as `openai` or `anthropic`."""
    context_window: int
    """Size of the context window, in tokens."""
    handle: str | Unset | None = UNSET
    """Handle of the model, `provider/model-name`."""
    display_name: str | Unset | None = UNSET
    """Name of the model for people."""
    model_endpoint: str | Unset | None = UNSET
    """URL of the provider."""
    provider_name: str | Unset | None = UNSET
    """Name of the provider."""
    provider_category: Literal["base", "byok"] | Unset | None = UNSET
    """Category of the provider: the server's own (`base`), or one with a key of the user (`byok`)."""
    model_wrapper: str | Unset | None = UNSET
    """Name of the wrapper of the model."""
    put_inner_thoughts_in_kwargs: bool | Unset | None = UNSET
    """Whether models write their thoughts as an argument of each tool call. Server default: `False`."""
    temperature: float | Unset | None = UNSET
    """Sampling temperature. Server default: 1.0."""
    max_tokens: int | Unset | None = UNSET
    """Maximum number of tokens that the model may generate per response."""
    enable_reasoner: bool | Unset | None = UNSET
    """Whether the model reasons, if it can. Server default: `True`."""
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | Unset | None = UNSET
    """Reasoning effort, from none to the model's maximum."""
    max_reasoning_tokens: int | Unset | None = UNSET
    """Maximum number of tokens for reasoning. Server default: 0."""
    effort: Literal["low", "medium", "high", "xhigh", "max"] | Unset | None = UNSET
    """Token usage of an Anthropic model. Only the hosted API has `xhigh`."""
    frequency_penalty: float | Unset | None = UNSET
    """Penalty for the repetition of tokens, from -2.0 to 2.0."""
    compatibility_type: Literal["gguf", "mlx"] | Unset | None = UNSET
    """Format of a local model."""
    verbosity: Literal["low", "medium", "high"] | Unset | None = UNSET
    """Length of the response."""
    tier: str | Unset | None = UNSET
    """Price tier of the model; hosted API."""
    parallel_tool_calls: bool | Unset | None = UNSET
    """Whether the model may call several tools at once. Server default: `False`."""
    response_format: ResponseFormat | Unset | None = UNSET
    """Format of the response; `None` for no particular one."""
    strict: bool | Unset | None = UNSET
    """Strict tool calling: the arguments of a call always match the tool's JSON schema. Server default: `False`."""
    return_logprobs: bool | Unset | None = UNSET
    """Whether responses have the log probabilities of their tokens. Server default: `False`."""
    top_logprobs: int | Unset | None = UNSET
    """Number of most likely tokens at each position, 0 to 20; with `return_logprobs`."""
    return_token_ids: bool | Unset | None = UNSET
    """Whether responses have the IDs of all tokens; SGLang only. Server default: `False`."""
    tool_call_parser: str | Unset | None = UNSET
    """Name of SGLang's tool call parser, for example `glm47`, `qwen25` or `hermes`."""

    @property
    def api_model_endpoint_type(self) -> str:
        """Name of `model_endpoint_type` in the official client."""
        return self.model_endpoint_type

    @property
    def api_model_endpoint(self) -> str | Unset | None:
        """Name of `model_endpoint` in the official client."""
        return self.model_endpoint

    @property
    def api_model_wrapper(self) -> str | Unset | None:
        """Name of `model_wrapper` in the official client."""
        return self.model_wrapper
