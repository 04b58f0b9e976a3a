"""Classes of the model configurations that requests can have instead of handles, with the server's field order."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import attrs

from letta_async.testing._context import is_object
from letta_async.testing._errors import unknown_error
from letta_async.testing._validation import Before, Enum
from letta_async.types.response_format import ResponseFormat

__all__ = ["EmbeddingConfig", "GivenLLMConfig", "LLMConfig"]


def _check_model_name(config: Any) -> Any:
    """Raise a refusal if the model's name cannot be read: the server reads it before it validates the configuration."""
    if config is not None and not (is_object(config) and isinstance(config.get("model", ""), str)):
        raise unknown_error()
    return config


@attrs.frozen(kw_only=True)
class LLMConfig:
    """Configuration of an agent's model."""

    model: str
    display_name: str | None = None
    model_endpoint_type: Literal[
        "openai",
        "anthropic",
        "google_ai",
        "google_vertex",
        "azure",
        "groq",
        "ollama",
        "webui",
        "webui-legacy",
        "lmstudio",
        "lmstudio-legacy",
        "lmstudio-chatcompletions",
        "llamacpp",
        "koboldcpp",
        "vllm",
        "hugging-face",
        "minimax",
        "mistral",
        "together",
        "bedrock",
        "deepseek",
        "xai",
        "zai",
        "zai_coding",
        "baseten",
        "fireworks",
        "openrouter",
        "chatgpt_oauth",
    ]
    model_endpoint: str | None = None
    provider_name: str | None = None
    provider_category: Annotated[Literal["base", "byok"], Enum()] | None = None
    model_wrapper: str | None = None
    context_window: int
    put_inner_thoughts_in_kwargs: bool | None = False
    handle: str | None = None
    temperature: float = 1.0
    max_tokens: int | None = None
    enable_reasoner: bool = True
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    max_reasoning_tokens: int = 0
    effort: Literal["low", "medium", "high", "max"] | None = None
    frequency_penalty: float | None = None
    compatibility_type: Literal["gguf", "mlx"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    tier: str | None = None
    parallel_tool_calls: bool | None = False
    response_format: ResponseFormat | None = None
    strict: bool = False
    return_logprobs: bool = False
    top_logprobs: int | None = None
    return_token_ids: bool = False
    tool_call_parser: str | None = None


@attrs.frozen(kw_only=True)
class EmbeddingConfig:
    """Configuration of an agent's embedding model."""

    embedding_endpoint_type: Literal[
        "openai",
        "anthropic",
        "bedrock",
        "google_ai",
        "google_vertex",
        "azure",
        "groq",
        "ollama",
        "webui",
        "webui-legacy",
        "lmstudio",
        "lmstudio-legacy",
        "llamacpp",
        "koboldcpp",
        "vllm",
        "hugging-face",
        "mistral",
        "together",
        "pinecone",
    ]
    embedding_endpoint: str | None = None
    embedding_model: str
    embedding_dim: int
    embedding_chunk_size: int | None = 300
    handle: str | None = None
    batch_size: int = 32
    azure_endpoint: str | None = None
    azure_version: str | None = None
    azure_deployment: str | None = None


GivenLLMConfig = Annotated[LLMConfig | None, Before(_check_model_name)]
