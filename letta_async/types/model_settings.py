"""Settings of a model, one class per provider, distinguished by `provider_type`.

To add a provider, write its class here and add it to the union `ModelSettings` at the end: the converter, the
validation and the embedded server derive everything else from that. Source: the API reference of
`conversations.recompile` and the OpenAPI description of Letta 0.16.8. Server defaults apply to fields left out.
"""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.constraints import Count
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
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
    """Reasoning of an OpenAI-compatible model."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | Unset = UNSET
    """Reasoning effort, from none to the model's maximum. Server default: `minimal`; `high` if `reasoning` itself is
    left out."""


@attrs.frozen(kw_only=True)
class ChatGptOauthReasoning(WireObject):
    """Reasoning of a model behind ChatGPT's own API; there is no effort `minimal`."""

    reasoning_effort: Literal["none", "low", "medium", "high", "xhigh"] | Unset = UNSET
    """Reasoning effort, from none to the model's maximum. Server default: `medium`."""


@attrs.frozen(kw_only=True)
class AnthropicThinking(WireObject):
    """Extended thinking of an Anthropic model, with a token budget."""

    type: Literal["enabled", "disabled"] | Unset = UNSET
    """Whether the model thinks before it responds. Server default: `enabled`."""
    budget_tokens: Count | Unset = UNSET
    """Maximum number of tokens for thinking. Server default: 1024."""


@attrs.frozen(kw_only=True)
class ZaiThinking(WireObject):
    """Thinking of a Z.ai model, which can be preserved between turns (GLM-4.5 and later)."""

    type: Literal["enabled", "disabled"] | Unset = UNSET
    """Whether the model thinks before it responds. Server default: `enabled`."""
    clear_thinking: bool | Unset = UNSET
    """Whether earlier thinking is discarded; the reference recommends `False` for agents. Server default: `False`."""


@attrs.frozen(kw_only=True)
class GeminiThinkingConfig(WireObject):
    """Thinking of a Gemini model."""

    include_thoughts: bool | Unset = UNSET
    """Whether the response contains the thoughts. Server default: `True`."""
    thinking_budget: Count | Unset = UNSET
    """Maximum number of tokens for thinking. Server default: 1024."""


# --- base classes ---------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _CommonSettings(WireObject):
    max_output_tokens: Count | Unset = UNSET
    """Maximum number of tokens that the model may generate per response. Server default: 4096; 65536 for Gemini."""
    parallel_tool_calls: bool | Unset = UNSET
    """Whether the model may call several tools at once. Server default: `True`."""
    temperature: float | Unset = UNSET
    """Sampling temperature; its range depends on the provider. Server default: 0.7; 1.0 for Anthropic."""


@attrs.frozen(kw_only=True)
class _SettingsWithResponseFormat(_CommonSettings):
    response_format: ResponseFormat | Unset | None = UNSET
    """Format of the response; `None` for no particular one. Server default: `None`."""


@attrs.frozen(kw_only=True)
class _SettingsWithStrictTools(_SettingsWithResponseFormat):
    strict: bool | Unset = UNSET
    """Strict tool calling: the arguments of a call always match the tool's JSON schema. Server default: `True` for
    OpenAI and SGLang, `False` for Anthropic."""


@attrs.frozen(kw_only=True)
class _SettingsWithReasoning(_SettingsWithStrictTools):
    reasoning: OpenAIReasoning | Unset = UNSET
    """Reasoning of the model. Server default: effort `high`."""


@attrs.frozen(kw_only=True)
class _SettingsWithThinking(_SettingsWithStrictTools):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | Unset | None = UNSET
    """Token usage; `None` acts much like `high`. Only the hosted API has `xhigh`, Letta 0.16.8 has not."""
    thinking: AnthropicThinking | Unset = UNSET
    """Extended thinking. Server default: enabled, with 1024 tokens."""
    verbosity: Literal["low", "medium", "high"] | Unset | None = UNSET
    """Length of the response; `None` for the model's default. Server default: `None`."""


@attrs.frozen(kw_only=True)
class _GeminiSettings(_CommonSettings):
    response_schema: ResponseFormat | Unset | None = UNSET
    """Format of the response; `None` for no particular one. Server default: `None`."""
    thinking_config: GeminiThinkingConfig | Unset = UNSET
    """Thinking of the model. Server default: 1024 tokens, with the thoughts in the response."""


# --- the providers --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenAIModelSettings(_SettingsWithReasoning):
    """Settings of an OpenAI model."""

    provider_type: Literal["openai"] = "openai"


@attrs.frozen(kw_only=True)
class SgLangModelSettings(_SettingsWithReasoning):
    """Settings of a model served by SGLang, OpenAI-compatible, with its own parser of tool calls."""

    provider_type: Literal["sglang"] = "sglang"
    tool_call_parser: str | Unset | None = UNSET
    """Name of SGLang's tool call parser, for example `glm47`, `qwen25` or `hermes`. Server default: `None`."""


@attrs.frozen(kw_only=True)
class AnthropicModelSettings(_SettingsWithThinking):
    """Settings of an Anthropic model."""

    provider_type: Literal["anthropic"] = "anthropic"


@attrs.frozen(kw_only=True)
class GoogleAIModelSettings(_GeminiSettings):
    """Settings of a Gemini model on Google AI."""

    provider_type: Literal["google_ai"] = "google_ai"


@attrs.frozen(kw_only=True)
class GoogleVertexModelSettings(_GeminiSettings):
    """Settings of a Gemini model on Vertex AI."""

    provider_type: Literal["google_vertex"] = "google_vertex"


@attrs.frozen(kw_only=True)
class AzureModelSettings(_SettingsWithResponseFormat):
    """Settings of a model on Azure OpenAI."""

    provider_type: Literal["azure"] = "azure"


@attrs.frozen(kw_only=True)
class XaiModelSettings(_SettingsWithResponseFormat):
    """Settings of an xAI model."""

    provider_type: Literal["xai"] = "xai"


@attrs.frozen(kw_only=True)
class MoonshotModelSettings(_SettingsWithStrictTools):
    """Settings of a Moonshot (Kimi) model, OpenAI-compatible. Hosted API only: 0.16.8 responds with 422."""

    provider_type: Literal["moonshot"] = "moonshot"


@attrs.frozen(kw_only=True)
class ZaiModelSettings(_SettingsWithResponseFormat):
    """Settings of a Z.ai (ZhipuAI) model."""

    provider_type: Literal["zai"] = "zai"
    thinking: ZaiThinking | Unset = UNSET
    """Thinking, and whether it is preserved. Server default: enabled, and preserved."""


@attrs.frozen(kw_only=True)
class MoonshotCodingModelSettings(_SettingsWithThinking):
    """Settings of a Kimi Code model, Anthropic-compatible. Hosted API only: 0.16.8 responds with 422."""

    provider_type: Literal["moonshot_coding"] = "moonshot_coding"


@attrs.frozen(kw_only=True)
class GroqModelSettings(_SettingsWithResponseFormat):
    """Settings of a model on Groq."""

    provider_type: Literal["groq"] = "groq"


@attrs.frozen(kw_only=True)
class DeepseekModelSettings(_SettingsWithResponseFormat):
    """Settings of a DeepSeek model."""

    provider_type: Literal["deepseek"] = "deepseek"


@attrs.frozen(kw_only=True)
class TogetherModelSettings(_SettingsWithResponseFormat):
    """Settings of a model on Together AI."""

    provider_type: Literal["together"] = "together"


@attrs.frozen(kw_only=True)
class BedrockModelSettings(_SettingsWithResponseFormat):
    """Settings of a model on AWS Bedrock."""

    provider_type: Literal["bedrock"] = "bedrock"


@attrs.frozen(kw_only=True)
class BasetenModelSettings(_CommonSettings):
    """Settings of a model on Baseten, OpenAI-compatible."""

    provider_type: Literal["baseten"] = "baseten"


@attrs.frozen(kw_only=True)
class OpenRouterModelSettings(_SettingsWithResponseFormat):
    """Settings of a model behind OpenRouter."""

    provider_type: Literal["openrouter"] = "openrouter"


@attrs.frozen(kw_only=True)
class ChatGptOauthModelSettings(_CommonSettings):
    """Settings of a model behind ChatGPT's own API, signed in by OAuth."""

    provider_type: Literal["chatgpt_oauth"] = "chatgpt_oauth"
    reasoning: ChatGptOauthReasoning | Unset = UNSET
    """Reasoning effort. Server default: `medium`."""


@attrs.frozen(kw_only=True)
class UnknownModelSettings(WireObject):
    """Settings of a provider that this version has no class for.

    A response with an unknown `provider_type` is converted to this class. To send settings of such a provider, create
    an instance: `UnknownModelSettings(provider_type="new", extra_fields={"temperature": 0})`; its fields are not
    validated.
    """

    provider_type: str
    """Name of the provider in the API."""


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
"""Settings of a model of any provider, distinguished by `provider_type`."""
