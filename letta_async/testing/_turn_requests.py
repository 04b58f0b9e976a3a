"""What the requests look like that begin turns, and those about runs and messages: queries and bodies."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal, get_args

import attrs

from letta_async.operations import agent_messages, conversation_messages, messages, runs
from letta_async.testing._context import is_array, is_object
from letta_async.testing._request_classes import REQUIRED, reads
from letta_async.testing._requests import MessagesQuery, MessageType, ModelHandle, Order, PageLimit
from letta_async.testing._turn_messages import Content, TurnMessage
from letta_async.testing._validation import Bounds, Enum, Fields, Undescribed
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


def _prepare_messages(members: dict[str, Any]) -> dict[str, Any]:
    """Take a message without a type as a new one, and refuse both of `input` and `messages`, and neither.

    Raises:
        ValueError: There are both, or neither.

    """
    messages: Any = members.get("messages")
    for each in messages if is_array(messages) else ():
        if is_object(each) and "type" not in each:
            each["type"] = "message"
    given = [members.get(name) is not None for name in ("input", "messages")]
    if all(given):
        raise ValueError("Cannot specify both 'input' and 'messages'. Use one or the other.")
    if not any(given):
        raise ValueError("Must specify either 'input' or 'messages'.")
    return members


def _check_messages(fields: Fields) -> None:
    """Make a message of the input, and give each message an offline threading ID."""
    if fields["input"] is not None:
        fields["messages"] = [Fields({"type": "message", "role": "user", "content": fields["input"]})]
    for message in fields["messages"]:
        if message.get("otid") is None:
            message["otid"] = str(uuid.uuid4())


@reads(agent_messages.CreateAgentMessages)
class StreamingTurn:
    """Body of a turn of an agent."""

    messages: list[TurnMessage] | None = None
    input: Content | None = None
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
    prepare = staticmethod(_prepare_messages)
    check = staticmethod(_check_messages)


@reads(agent_messages.CreateAgentMessagesAsync)
class AsyncTurn:
    """Body of a turn that nobody waits for."""

    messages: list[TurnMessage] | None = None
    input: Content | None = None
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
    prepare = staticmethod(_prepare_messages)
    check = staticmethod(_check_messages)


@reads(conversation_messages.CreateMessages)
class ConversationTurn:
    """Body of a turn of a conversation, which streams unless told otherwise."""

    messages: list[TurnMessage] | None = None
    input: Content | None = None
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
    prepare = staticmethod(_prepare_messages)
    check = staticmethod(_check_messages)


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
