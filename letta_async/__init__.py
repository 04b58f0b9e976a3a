"""Async-first SDK for Letta agent servers.

`AsyncLetta` is the client for asyncio, `Letta` the same for code without it. The heart of both is
`conversations.recompile`, which brings a conversation's compiled system prompt up to date with the agent's memory.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from letta_async._version import __version__

if TYPE_CHECKING:
    from letta_async._transport import ClientStats
    from letta_async._unset import UNSET, Unset
    from letta_async.client import AsyncLetta
    from letta_async.config import ENVIRONMENTS, Timeout
    from letta_async.errors import (
        APIConnectionError,
        APIError,
        APIResponseValidationError,
        APIStatusError,
        APITimeoutError,
        Attempt,
        AuthenticationError,
        BadRequestError,
        ClientClosedError,
        ClusterError,
        ConflictError,
        Fault,
        InternalServerError,
        InvalidArgumentError,
        JournalError,
        LettaError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        UnexpectedPromptError,
        UnprocessableEntityError,
    )
    from letta_async.models.agent import AgentState
    from letta_async.models.block import Block, NewBlock
    from letta_async.models.compaction import CompactionSettings
    from letta_async.models.conversation import CompactResponse, Conversation, Recompile
    from letta_async.models.message import (
        ApprovalRequestMessage,
        ApprovalResponseMessage,
        ApprovalReturn,
        AssistantMessage,
        CompactionStats,
        EventMessage,
        HiddenReasoningMessage,
        Message,
        ReasoningMessage,
        SummaryMessage,
        SystemMessage,
        ToolCall,
        ToolCallMessage,
        ToolReturn,
        ToolReturnMessage,
        UnknownMessage,
        UserMessage,
    )
    from letta_async.models.outcome import Outcome, Progress
    from letta_async.models.providers import (
        AnthropicModelSettings,
        AnthropicThinking,
        AzureModelSettings,
        BasetenModelSettings,
        BedrockModelSettings,
        ChatGptOauthModelSettings,
        ChatGptOauthReasoning,
        DeepseekModelSettings,
        GeminiThinkingConfig,
        GoogleAIModelSettings,
        GoogleVertexModelSettings,
        GroqModelSettings,
        ModelSettings,
        MoonshotCodingModelSettings,
        MoonshotModelSettings,
        OpenAIModelSettings,
        OpenAIReasoning,
        OpenRouterModelSettings,
        SgLangModelSettings,
        TogetherModelSettings,
        UnknownModelSettings,
        XaiModelSettings,
        ZaiModelSettings,
        ZaiThinking,
    )
    from letta_async.models.response_format import (
        JsonObjectResponseFormat,
        JsonSchemaResponseFormat,
        ResponseFormat,
        TextResponseFormat,
    )
    from letta_async.models.staleness import Staleness
    from letta_async.resources._paging import AsyncPaginator
    from letta_async.retry import RetryPolicy
    from letta_async.sync import Letta, Paginator

__all__ = [
    "ENVIRONMENTS",
    "UNSET",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AgentState",
    "AnthropicModelSettings",
    "AnthropicThinking",
    "ApprovalRequestMessage",
    "ApprovalResponseMessage",
    "ApprovalReturn",
    "AssistantMessage",
    "AsyncLetta",
    "AsyncPaginator",
    "Attempt",
    "AuthenticationError",
    "AzureModelSettings",
    "BadRequestError",
    "BasetenModelSettings",
    "BedrockModelSettings",
    "Block",
    "ChatGptOauthModelSettings",
    "ChatGptOauthReasoning",
    "ClientClosedError",
    "ClientStats",
    "ClusterError",
    "CompactResponse",
    "CompactionSettings",
    "CompactionStats",
    "ConflictError",
    "Conversation",
    "DeepseekModelSettings",
    "EventMessage",
    "Fault",
    "GeminiThinkingConfig",
    "GoogleAIModelSettings",
    "GoogleVertexModelSettings",
    "GroqModelSettings",
    "HiddenReasoningMessage",
    "InternalServerError",
    "InvalidArgumentError",
    "JournalError",
    "JsonObjectResponseFormat",
    "JsonSchemaResponseFormat",
    "Letta",
    "LettaError",
    "Message",
    "ModelSettings",
    "MoonshotCodingModelSettings",
    "MoonshotModelSettings",
    "NewBlock",
    "NotFoundError",
    "OpenAIModelSettings",
    "OpenAIReasoning",
    "OpenRouterModelSettings",
    "Outcome",
    "Paginator",
    "PermissionDeniedError",
    "Progress",
    "RateLimitError",
    "ReasoningMessage",
    "Recompile",
    "ResponseFormat",
    "RetryPolicy",
    "SgLangModelSettings",
    "Staleness",
    "SummaryMessage",
    "SystemMessage",
    "TextResponseFormat",
    "Timeout",
    "TogetherModelSettings",
    "ToolCall",
    "ToolCallMessage",
    "ToolReturn",
    "ToolReturnMessage",
    "UnexpectedPromptError",
    "UnknownMessage",
    "UnknownModelSettings",
    "UnprocessableEntityError",
    "Unset",
    "UserMessage",
    "XaiModelSettings",
    "ZaiModelSettings",
    "ZaiThinking",
    "__version__",
]

_HOMES: Final = [
    "errors",
    "_unset",
    "config",
    "retry",
    "models.staleness",
    "models.outcome",
    "models.response_format",
    "models.providers",
    "models.compaction",
    "models.message",
    "models.block",
    "models.agent",
    "models.conversation",
    "resources._paging",
    "_transport",
    "client",
    "sync",
]
"""Modules that the names above are from, those that import others after these."""

if not TYPE_CHECKING:  # pragma: no branch - true whenever it runs

    def __getattr__(name: str) -> Any:
        """Import what is asked for when it is asked for: a script that asks for little need not wait for everything."""
        if name in __all__:
            modules = (import_module(f"letta_async.{home}") for home in _HOMES)
            value = globals()[name] = next(getattr(module, name) for module in modules if name in module.__all__)
            return value
        if name in _HOMES:
            return import_module(f"letta_async.{name}")
        raise AttributeError(f"module 'letta_async' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
