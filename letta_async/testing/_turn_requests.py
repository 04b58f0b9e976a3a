"""What the requests look like that begin turns, and those about runs and messages: queries and bodies.

Messages are told apart as the server does it, by reading them as each of three kinds; what is wrong with one that is
none of them is told three times.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal, get_args

import attrs

from letta_async.operations import agent_messages, conversation_messages, messages, runs
from letta_async.testing._reads import REQUIRED, reads
from letta_async.testing._requests import MessagesQuery, MessageType, ModelHandle, Order, PageLimit
from letta_async.testing._validation import Bounds, Choices, Enum, Fields, Tagged, Undescribed
from letta_async.types.compaction import CompactionSettings
from letta_async.types.run import StopReason

__all__ = [
    "AgentMessagesQuery",
    "AllMessagesQuery",
    "AsyncTurn",
    "CancelRuns",
    "ConversationTurn",
    "MessagesQuery",
    "ResetMessages",
    "ResumeConversation",
    "ResumeRun",
    "RunMessagesQuery",
    "RunsQuery",
    "SearchMessages",
    "StreamingTurn",
    "Summarize",
]


# --- content --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class TextPart:
    """Text."""

    type: Literal["text"] = "text"
    text: str
    signature: str | None = None


@attrs.frozen(kw_only=True)
class UrlSource:
    """Image at a URL."""

    type: Literal["url"] = "url"
    url: str


@attrs.frozen(kw_only=True)
class Base64Source:
    """Image in the request."""

    type: Literal["base64"] = "base64"
    media_type: str
    data: str
    detail: str | None = None


@attrs.frozen(kw_only=True)
class LettaSource:
    """Image that the server has."""

    type: Literal["letta"] = "letta"
    file_id: str
    media_type: str | None = None
    data: str | None = None
    detail: str | None = None


@attrs.frozen(kw_only=True)
class ImagePart:
    """Image."""

    type: Literal["image"] = "image"
    source: Annotated[
        Any, Tagged("type", "ImageSourceType", (("url", UrlSource), ("base64", Base64Source), ("letta", LettaSource)))
    ]


@attrs.frozen(kw_only=True)
class ToolCallPart:
    """Tool call."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    input: dict[str, Any]
    signature: str | None = None


@attrs.frozen(kw_only=True)
class ToolReturnPart:
    """Return of a tool."""

    type: Literal["tool_return"] = "tool_return"
    tool_call_id: str
    content: str
    is_error: bool


@attrs.frozen(kw_only=True)
class ReasoningPart:
    """Reasoning."""

    type: Literal["reasoning"] = "reasoning"
    is_native: bool
    reasoning: str
    signature: str | None = None


@attrs.frozen(kw_only=True)
class RedactedPart:
    """Reasoning that the provider conceals."""

    type: Literal["redacted_reasoning"] = "redacted_reasoning"
    data: str


@attrs.frozen(kw_only=True)
class OmittedPart:
    """Reasoning that the provider does not return."""

    type: Literal["omitted_reasoning"] = "omitted_reasoning"
    signature: str | None = None


@attrs.frozen(kw_only=True)
class SummaryPart:
    """Summary of reasoning."""

    type: Literal["summarized_reasoning"] = "summarized_reasoning"
    id: str
    summary: list[dict[str, Any]]
    encrypted_content: str | None = None


_PARTS = (
    ("text", TextPart),
    ("image", ImagePart),
    ("tool_call", ToolCallPart),
    ("tool_return", ToolReturnPart),
    ("reasoning", ReasoningPart),
    ("redacted_reasoning", RedactedPart),
    ("omitted_reasoning", OmittedPart),
    ("summarized_reasoning", SummaryPart),
)
_PARTS_LABEL = (
    "list[tagged-union[TextContent,ImageContent,ToolCallContent,ToolReturnContent,ReasoningContent,"
    "RedactedReasoningContent,OmittedReasoningContent,SummarizedReasoningContent]]"
)
_Parts = list[Annotated[Any, Tagged("type", "MessageContentType", _PARTS)]]
_Content = Annotated[Any, Choices((("str", str), (_PARTS_LABEL, _Parts)))]


# --- messages -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class MessageCreate:
    """A message to an agent."""

    type: Annotated[str, Enum("MessageCreateType", ("message",))] | None = "message"
    otid: str | None = None
    group_id: str | None = None
    role: Annotated[str, Enum("MessageRole", ("user", "system", "assistant"))]
    content: _Content
    name: str | None = None
    sender_id: str | None = None
    batch_item_id: str | None = None


@attrs.frozen(kw_only=True)
class Approval:
    """Decision about a tool call."""

    type: Literal["approval"] = "approval"
    tool_call_id: str
    approve: bool
    reason: str | None = None


_RETURN_LABEL = "list[tagged-union[TextContent,ImageContent]]"
_ReturnParts = list[Annotated[Any, Tagged("type", "MessageContentType", _PARTS[:2])]]


@attrs.frozen(kw_only=True)
class ToolReturn:
    """Return of a tool that the client ran."""

    type: Literal["tool"] = "tool"
    tool_return: Annotated[Any, Choices(((_RETURN_LABEL, _ReturnParts), ("str", str)))]
    status: Literal["success", "error"]
    tool_call_id: str
    stdout: list[str] | None = None
    stderr: list[str] | None = None


@attrs.frozen(kw_only=True)
class ApprovalCreate:
    """Decisions about tool calls, or what the client's tools returned."""

    type: Annotated[str, Enum("MessageCreateType", ("approval",))] = "approval"
    otid: str | None = None
    group_id: str | None = None
    approvals: list[Annotated[Any, Tagged("type", None, (("approval", Approval), ("tool", ToolReturn)))]] | None = None
    approve: bool | None = None
    approval_request_id: str | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class ToolReturnCreate:
    """What the client's tools returned."""

    type: Annotated[str, Enum("MessageCreateType", ("tool_return",))] = "tool_return"
    otid: str | None = None
    group_id: str | None = None
    tool_returns: list[ToolReturn]


def _named(kind: str) -> str:
    return f"function-after[generate_otid_if_missing(), {kind}]"


_Message = Annotated[
    Any,
    Choices(
        (
            (_named("MessageCreate"), MessageCreate),
            (f"function-after[migrate_deprecated_fields(), {_named('ApprovalCreate')}]", ApprovalCreate),
            (_named("ToolReturnCreate"), ToolReturnCreate),
        )
    ),
]


@attrs.frozen(kw_only=True)
class ClientTool:
    """A tool that the client runs."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class ClientSkill:
    """A skill of the client's environment."""

    name: str
    description: str
    location: str


# --- turns ----------------------------------------------------------------------------------------------------------


def _prepared(members: dict[str, Any]) -> dict[str, Any]:
    """Take a message without a type as a new one, and refuse both of `input` and `messages`, and neither.

    Raises:
        ValueError: There are both, or neither.

    """
    messages: Any = members.get("messages")
    for each in messages if isinstance(messages, list) else ():  # type: ignore[misc]  # what JSON holds
        if isinstance(each, dict) and "type" not in each:
            each["type"] = "message"
    given = [members.get(name) is not None for name in ("input", "messages")]
    if all(given):
        raise ValueError("Cannot specify both 'input' and 'messages'. Use one or the other.")
    if not any(given):
        raise ValueError("Must specify either 'input' or 'messages'.")
    return members


def _check(fields: Fields) -> None:
    """Make a message of the input, and give each message an offline threading ID."""
    if fields["input"] is not None:
        fields["messages"] = [Fields({"type": "message", "role": "user", "content": fields["input"]})]
    for message in fields["messages"]:
        if message.get("otid") is None:
            message["otid"] = str(uuid.uuid4())


@reads(agent_messages.CreateAgentMessages)
class StreamingTurn:
    """Body of a turn of an agent."""

    messages: list[_Message] | None = None
    input: _Content | None = None
    max_steps: int = 50
    use_assistant_message = True
    assistant_message_tool_name = "send_message"
    assistant_message_tool_kwarg = "message"
    include_return_message_types: list[MessageType] | None = None
    enable_thinking: str = "True"
    client_tools: list[ClientTool] | None = None
    client_skills: list[ClientSkill] | None = None
    override_model: ModelHandle = None
    include_compaction_messages = False
    return_logprobs = False
    top_logprobs: int | None = None
    return_token_ids = False
    override_system = None
    streaming = False
    stream_tokens = False
    include_pings = True
    background = False
    prepare = staticmethod(_prepared)
    check = staticmethod(_check)


@reads(agent_messages.CreateAgentMessagesAsync)
class AsyncTurn:
    """Body of a turn that nobody waits for."""

    messages: list[_Message] | None = None
    input: _Content | None = None
    max_steps: int = 50
    use_assistant_message = True
    assistant_message_tool_name = "send_message"
    assistant_message_tool_kwarg = "message"
    include_return_message_types: list[MessageType] | None = None
    enable_thinking: str = "True"
    client_tools: list[ClientTool] | None = None
    client_skills: list[ClientSkill] | None = None
    override_model: ModelHandle = None
    include_compaction_messages = False
    return_logprobs = False
    top_logprobs: int | None = None
    return_token_ids = False
    override_system = None
    callback_url = None
    prepare = staticmethod(_prepared)
    check = staticmethod(_check)


@reads(conversation_messages.CreateMessages)
class ConversationTurn:
    """Body of a turn of a conversation, which streams unless told otherwise."""

    messages: list[_Message] | None = None
    input: _Content | None = None
    max_steps: int = 50
    use_assistant_message = True
    assistant_message_tool_name = "send_message"
    assistant_message_tool_kwarg = "message"
    include_return_message_types: list[MessageType] | None = None
    enable_thinking: str = "True"
    client_tools: list[ClientTool] | None = None
    client_skills: list[ClientSkill] | None = None
    override_model: ModelHandle = None
    include_compaction_messages = False
    return_logprobs = False
    top_logprobs: int | None = None
    return_token_ids = False
    override_system = None
    agent_id: str | None = None
    streaming = True
    stream_tokens = False
    include_pings = True
    background = False
    prepare = staticmethod(_prepared)
    check = staticmethod(_check)


# --- runs and messages ----------------------------------------------------------------------------------------------


@reads(conversation_messages.StreamConversation)
class ResumeConversation:
    """Body of streaming a run of a conversation again."""

    agent_id: str | None = None
    run_id: str | None = None
    otid = None
    starting_after: int = 0
    include_pings = True
    poll_interval: float | None = 0.1
    batch_size: int | None = 100


@reads(runs.StreamRun)
class ResumeRun:
    """Body of streaming a run again."""

    agent_id: Annotated[str | None, Undescribed()] = None
    run_id: Annotated[str | None, Undescribed()] = None
    otid: Annotated[str | None, Undescribed()] = None
    starting_after: int = 0
    include_pings = True
    poll_interval: float | None = 0.1
    batch_size: int | None = 100


@reads(agent_messages.CancelAgentMessages)
class CancelRuns:
    """Body of cancelling runs of an agent."""

    run_ids: list[str] | None = None


@reads(agent_messages.ResetAgentMessages)
class ResetMessages:
    """Body of resetting the messages of an agent."""

    add_default_initial_messages = False


@reads(agent_messages.CompactAgentMessages)
class Summarize:
    """Body of compacting the messages of an agent."""

    compaction_settings: CompactionSettings | None = None


@reads(messages.SearchMessages)
class SearchMessages:
    """Body of searching messages."""

    query = REQUIRED
    search_mode = "hybrid"
    agent_id: str | None = None
    conversation_id: str | None = None
    limit: Annotated[int, Bounds(1, 100)] = 50
    start_date = None
    end_date = None


@reads(agent_messages.ListAgentMessages)
class AgentMessagesQuery:
    """Query of listing all messages of an agent."""

    before: str | None = None
    after: str | None = None
    limit: PageLimit | None = 100
    order: Order = "desc"
    order_by: Literal["created_at"] = "created_at"
    group_id = None
    conversation_id: str | None = None
    use_assistant_message = True
    assistant_message_tool_name = "send_message"
    assistant_message_tool_kwarg = "message"
    include_err = None
    include_return_message_types: list[MessageType] | None = None


@reads(messages.ListAllMessages)
class AllMessagesQuery:
    """Query of listing the messages of all agents."""

    before: str | None = None
    after: str | None = None
    limit: PageLimit | None = 100
    order: Order = "desc"
    conversation_id: str | None = None
    include_return_message_types: list[MessageType] | None = None


@reads(runs.ListRunMessages)
class RunMessagesQuery:
    """Query of listing the messages of a run."""

    before: str | None = None
    after: str | None = None
    limit: PageLimit | None = 100
    order: Order = "asc"
    order_by: Literal["created_at"] = "created_at"


_STOP_REASONS: Final = tuple(get_args(StopReason))


@reads(runs.ListRuns)
class RunsQuery:
    """Query of listing runs."""

    agent_id: str | None = None
    agent_ids: list[str] | None = None
    statuses: list[str] | None = None
    background = None
    stop_reason: Annotated[str, Enum(words=_STOP_REASONS)] | None = None
    conversation_id: str | None = None
    before: str | None = None
    after: str | None = None
    limit: Annotated[int | None, Bounds(1, 1000)] = 100
    order: Order = "desc"
    order_by: Literal["created_at"] = "created_at"
    active = False
    ascending = False
