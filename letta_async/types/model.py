"""Models that a server has, for agents and for embeddings."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.response_format import ResponseFormat

__all__ = ["EmbeddingModel", "Model", "ProviderCategory", "ProviderType"]

ProviderType = Literal[
    "anthropic",
    "azure",
    "baseten",
    "bedrock",
    "cerebras",
    "chatgpt_oauth",
    "deepseek",
    "fireworks",
    "google_ai",
    "google_vertex",
    "groq",
    "hugging-face",
    "letta",
    "lmstudio_openai",
    "minimax",
    "mistral",
    "moonshot",
    "moonshot_coding",
    "ollama",
    "openai",
    "openrouter",
    "sglang",
    "together",
    "vllm",
    "xai",
    "zai",
    "zai_coding",
]
"""Kind of a model provider; `moonshot` and `moonshot_coding` are of the hosted API."""
ProviderCategory = Literal["base", "byok"]
"""Owner of a provider: the server (`base`), or a user who brought a key (`byok`)."""


@attrs.frozen(kw_only=True)
class Model(WireObject):
    """A model for agents. Source: `Model` in the OpenAPI description of Letta 0.16.8."""

    handle: str | None = None
    """Handle, `provider/model-name`, as `agents.create` takes it."""
    name: str | None = None
    """Name of the model at its provider."""
    display_name: str | None = None
    """Name of the model for people."""
    provider_type: str | None = None
    """Kind of the provider, such as `openai`."""
    provider_name: str | None = None
    """Name of the provider."""
    model_type: str | None = None
    """Kind of the model, `llm`."""
    max_context_window: int | None = None
    """Maximum size of the context window, in tokens."""
    effort: str | None = None
    """Effort of Anthropic models that have the setting."""
    response_format: ResponseFormat | None = None
    """Format that the model's responses must have."""
    strict: bool | None = None
    """Whether tool calls must follow the tools' schemas exactly."""
    return_logprobs: bool | None = None
    """Whether responses have log probabilities."""
    top_logprobs: int | None = None
    """Number of most likely tokens per position of which responses have the log probabilities."""
    return_token_ids: bool | None = None
    """Whether responses have the IDs of tokens; SGLang."""
    tool_call_parser: str | None = None
    """Name of the parser of tool calls; SGLang."""
    model: str | None = None
    """Earlier name of `name`, deprecated by the API, as the fields below."""
    model_endpoint_type: str | None = None
    """Earlier name of `provider_type`."""
    model_endpoint: str | None = None
    """URL of the provider."""
    provider_category: str | None = None
    """Owner of the provider: `base` or `byok`."""
    model_wrapper: str | None = None
    """Wrapper of the model."""
    context_window: int | None = None
    """Size of the context window, in tokens."""
    put_inner_thoughts_in_kwargs: bool | None = None
    """Whether the model writes its thoughts as an argument of tool calls."""
    temperature: float | None = None
    """Temperature of the model."""
    max_tokens: int | None = None
    """Maximum number of tokens that the model generates."""
    enable_reasoner: bool | None = None
    """Whether the model reasons before it responds."""
    reasoning_effort: str | None = None
    """Effort of the reasoning."""
    max_reasoning_tokens: int | None = None
    """Maximum number of tokens of the reasoning."""
    frequency_penalty: float | None = None
    """Penalty of tokens by their frequency in the text so far."""
    compatibility_type: str | None = None
    """Format of the model's file, such as `gguf`."""
    verbosity: str | None = None
    """Verbosity of the model."""
    tier: str | None = None
    """Price tier; hosted API."""
    parallel_tool_calls: bool | None = None
    """Whether the model may call several tools at once."""

    @property
    def api_model_type(self) -> str | None:
        """The official client's name of `model_type`."""
        return self.model_type

    @property
    def api_model_endpoint_type(self) -> str | None:
        """The official client's name of `model_endpoint_type`."""
        return self.model_endpoint_type

    @property
    def api_model_endpoint(self) -> str | None:
        """The official client's name of `model_endpoint`."""
        return self.model_endpoint

    @property
    def api_model_wrapper(self) -> str | None:
        """The official client's name of `model_wrapper`."""
        return self.model_wrapper


@attrs.frozen(kw_only=True)
class EmbeddingModel(WireObject):
    """A model for embeddings. Source: `EmbeddingModel` in the OpenAPI description of Letta 0.16.8."""

    handle: str | None = None
    """Handle, `provider/model-name`, as `agents.create` takes it."""
    name: str | None = None
    """Name of the model at its provider."""
    display_name: str | None = None
    """Name of the model for people."""
    provider_type: str | None = None
    """Kind of the provider, such as `openai`."""
    provider_name: str | None = None
    """Name of the provider."""
    model_type: str | None = None
    """Kind of the model, `embedding`."""
    embedding_dim: int | None = None
    """Length of an embedding, in numbers."""
    embedding_model: str | None = None
    """Earlier name of `name`, deprecated by the API, as the fields below."""
    embedding_endpoint_type: str | None = None
    """Earlier name of `provider_type`."""
    embedding_endpoint: str | None = None
    """URL of the provider."""
    embedding_chunk_size: int | None = None
    """Length of the pieces that texts are cut into, in tokens."""
    batch_size: int | None = None
    """Maximum number of pieces per request to the provider."""
    azure_endpoint: str | None = None
    """URL of the model on Azure."""
    azure_version: str | None = None
    """API version on Azure."""
    azure_deployment: str | None = None
    """Deployment on Azure."""

    @property
    def api_model_type(self) -> str | None:
        """The official client's name of `model_type`."""
        return self.model_type
