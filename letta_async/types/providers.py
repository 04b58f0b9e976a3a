"""Settings of the summarizing model, one class a provider, told apart by `provider_type`.

To add a provider, write its class here and name it in the union `ModelSettings` at the end: the converters, the checks
and the embedded server derive everything else from that. Source: the API reference of `conversations.recompile` and the
OpenAPI description of Letta 0.16.8. Defaults named below are that server's, applied when a field is left out.
"""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.fields import Count, WireObject
from letta_async._schema.unset import UNSET, Unset
from letta_async.types.response_format import ResponseFormat

__all__ = [
    "AnthropicModelSettings",
    "AnthropicThinking",
    "AzureModelSettings",
    "BasetenModelSettings",
    "BedrockModelSettings",
    "ChatGptOauthModelSettings",
    "ChatGptOauthReasoning",
    "DeepseekModelSettings",
    "GeminiThinkingConfig",
    "GoogleAIModelSettings",
    "GoogleVertexModelSettings",
    "GroqModelSettings",
    "ModelSettings",
    "MoonshotCodingModelSettings",
    "MoonshotModelSettings",
    "OpenAIModelSettings",
    "OpenAIReasoning",
    "OpenRouterModelSettings",
    "SgLangModelSettings",
    "TogetherModelSettings",
    "UnknownModelSettings",
    "XaiModelSettings",
    "ZaiModelSettings",
    "ZaiThinking",
]


# --- parts ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenAIReasoning(WireObject):
    """How hard an OpenAI-compatible reasoning model thinks."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | Unset = UNSET
    """From not at all to as much as the model can. Server default: `minimal`; when `reasoning` is left out altogether:
    `high`."""


@attrs.frozen(kw_only=True)
class ChatGptOauthReasoning(WireObject):
    """How hard a model behind ChatGPT's own API thinks; it knows no `minimal`."""

    reasoning_effort: Literal["none", "low", "medium", "high", "xhigh"] | Unset = UNSET
    """From not at all to as much as the model can. Server default: `medium`."""


@attrs.frozen(kw_only=True)
class AnthropicThinking(WireObject):
    """Extended thinking with a budget."""

    type: Literal["enabled", "disabled"] | Unset = UNSET
    """Whether the model thinks before it answers. Server default: `enabled`."""
    budget_tokens: Count | Unset = UNSET
    """Most tokens to think with. Server default: 1024."""


@attrs.frozen(kw_only=True)
class ZaiThinking(WireObject):
    """Thinking that can be kept from turn to turn (GLM-4.5 and later)."""

    type: Literal["enabled", "disabled"] | Unset = UNSET
    """Whether the model thinks before it answers. Server default: `enabled`."""
    clear_thinking: bool | Unset = UNSET
    """`False` preserves earlier thinking, which the reference recommends for agents. Server default: `False`."""


@attrs.frozen(kw_only=True)
class GeminiThinkingConfig(WireObject):
    """Thinking of a Gemini model."""

    include_thoughts: bool | Unset = UNSET
    """Whether the answer contains the thoughts. Server default: `True`."""
    thinking_budget: Count | Unset = UNSET
    """Most tokens to think with. Server default: 1024."""


# --- what several providers have ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Common(WireObject):
    max_output_tokens: Count | Unset = UNSET
    """Most tokens that the model may generate in one answer. Server default: 4096; of Gemini models 65536."""
    parallel_tool_calls: bool | Unset = UNSET
    """Whether the model may call several tools at once. Server default: `True`."""
    temperature: float | Unset = UNSET
    """Sampling temperature; its range is the provider's. Server default: 0.7; of Anthropic models 1.0."""


@attrs.frozen(kw_only=True)
class _Formatted(_Common):
    response_format: ResponseFormat | Unset | None = UNSET
    """Shape of the answer; `None`, the server's default, asks for no particular one."""


@attrs.frozen(kw_only=True)
class _Strict(_Formatted):
    strict: bool | Unset = UNSET
    """Strict tool calling: the arguments of a call are sure to match the tool's JSON schema. Server
    default: `True` for OpenAI and SGLang, `False` for Anthropic."""


@attrs.frozen(kw_only=True)
class _Reasoning(_Strict):
    reasoning: OpenAIReasoning | Unset = UNSET
    """How hard the model thinks. Server default: `high`."""


@attrs.frozen(kw_only=True)
class _Budgeted(_Strict):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | Unset | None = UNSET
    """How freely tokens are spent; `None` acts much like `high`. Letta 0.16.8 knows no `xhigh`, the hosted API does."""
    thinking: AnthropicThinking | Unset = UNSET
    """Extended thinking. Server default: enabled, with 1024 tokens."""
    verbosity: Literal["low", "medium", "high"] | Unset | None = UNSET
    """How wordy the answer is. Server default: `None`, the model's own way."""


@attrs.frozen(kw_only=True)
class _Gemini(_Common):
    response_schema: ResponseFormat | Unset | None = UNSET
    """Shape of the answer; `None`, the server's default, asks for no particular one."""
    thinking_config: GeminiThinkingConfig | Unset = UNSET
    """How the model thinks. Server default: with 1024 tokens, the thoughts included."""


# --- the providers --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenAIModelSettings(_Reasoning):
    """Settings of an OpenAI model."""

    provider_type: Literal["openai"] = "openai"


@attrs.frozen(kw_only=True)
class SgLangModelSettings(_Reasoning):
    """Settings of a model served by SGLang: OpenAI-compatible, with parsing of its own."""

    provider_type: Literal["sglang"] = "sglang"
    tool_call_parser: str | Unset | None = UNSET
    """Name of SGLang's tool call parser, for example `glm47`, `qwen25` or `hermes`. Server default: `None`."""


@attrs.frozen(kw_only=True)
class AnthropicModelSettings(_Budgeted):
    """Settings of an Anthropic model."""

    provider_type: Literal["anthropic"] = "anthropic"


@attrs.frozen(kw_only=True)
class GoogleAIModelSettings(_Gemini):
    """Settings of a Gemini model on Google AI."""

    provider_type: Literal["google_ai"] = "google_ai"


@attrs.frozen(kw_only=True)
class GoogleVertexModelSettings(_Gemini):
    """Settings of a Gemini model on Vertex AI."""

    provider_type: Literal["google_vertex"] = "google_vertex"


@attrs.frozen(kw_only=True)
class AzureModelSettings(_Formatted):
    """Settings of a model on Azure OpenAI."""

    provider_type: Literal["azure"] = "azure"


@attrs.frozen(kw_only=True)
class XaiModelSettings(_Formatted):
    """Settings of an xAI model."""

    provider_type: Literal["xai"] = "xai"


@attrs.frozen(kw_only=True)
class MoonshotModelSettings(_Strict):
    """Settings of a Moonshot (Kimi) model, OpenAI-compatible. Hosted API only: 0.16.8 answers 422."""

    provider_type: Literal["moonshot"] = "moonshot"


@attrs.frozen(kw_only=True)
class ZaiModelSettings(_Formatted):
    """Settings of a Z.ai (ZhipuAI) model."""

    provider_type: Literal["zai"] = "zai"
    thinking: ZaiThinking | Unset = UNSET
    """Thinking, and whether it is kept. Server default: enabled, and kept."""


@attrs.frozen(kw_only=True)
class MoonshotCodingModelSettings(_Budgeted):
    """Settings of a Kimi Code model, Anthropic-compatible. Hosted API only: 0.16.8 answers 422."""

    provider_type: Literal["moonshot_coding"] = "moonshot_coding"


@attrs.frozen(kw_only=True)
class GroqModelSettings(_Formatted):
    """Settings of a model on Groq."""

    provider_type: Literal["groq"] = "groq"


@attrs.frozen(kw_only=True)
class DeepseekModelSettings(_Formatted):
    """Settings of a DeepSeek model."""

    provider_type: Literal["deepseek"] = "deepseek"


@attrs.frozen(kw_only=True)
class TogetherModelSettings(_Formatted):
    """Settings of a model on Together AI."""

    provider_type: Literal["together"] = "together"


@attrs.frozen(kw_only=True)
class BedrockModelSettings(_Formatted):
    """Settings of a model on AWS Bedrock."""

    provider_type: Literal["bedrock"] = "bedrock"


@attrs.frozen(kw_only=True)
class BasetenModelSettings(_Common):
    """Settings of a model on Baseten, OpenAI-compatible."""

    provider_type: Literal["baseten"] = "baseten"


@attrs.frozen(kw_only=True)
class OpenRouterModelSettings(_Formatted):
    """Settings of a model behind OpenRouter."""

    provider_type: Literal["openrouter"] = "openrouter"


@attrs.frozen(kw_only=True)
class ChatGptOauthModelSettings(_Common):
    """Settings of a model behind ChatGPT's own API, signed in by OAuth."""

    provider_type: Literal["chatgpt_oauth"] = "chatgpt_oauth"
    reasoning: ChatGptOauthReasoning | Unset = UNSET
    """How hard the model thinks. Server default: `medium`."""


@attrs.frozen(kw_only=True)
class UnknownModelSettings(WireObject):
    """Settings of a provider that this version has no class for.

    What a server answers with an unknown `provider_type` is read into this class. To send such settings on purpose,
    make one: `UnknownModelSettings(provider_type="new", extra_fields={"temperature": 0})`; its fields are not checked.
    """

    provider_type: str
    """What the API calls the provider."""


ModelSettings = (
    OpenAIModelSettings
    | SgLangModelSettings
    | AnthropicModelSettings
    | GoogleAIModelSettings
    | GoogleVertexModelSettings
    | AzureModelSettings
    | XaiModelSettings
    | MoonshotModelSettings
    | ZaiModelSettings
    | MoonshotCodingModelSettings
    | GroqModelSettings
    | DeepseekModelSettings
    | TogetherModelSettings
    | BedrockModelSettings
    | BasetenModelSettings
    | OpenRouterModelSettings
    | ChatGptOauthModelSettings
    | UnknownModelSettings
)
"""The settings of any provider, told apart by `provider_type`."""
