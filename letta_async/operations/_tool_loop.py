"""Turns in which this program runs the tools that the agent calls: a call per response, until the turn ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ClassVar

from letta_async._schema.placement import Local
from letta_async._schema.unset import UNSET
from letta_async.function_tools.local_tools import ToolSource
from letta_async.function_tools.tool_loop import Approval, ToolRun
from letta_async.operations._conversation import ConversationOperation
from letta_async.operations._operation import AgentId, Endpoint, InBody, InPath, Operation, operation, parameters
from letta_async.operations._turn import TurnParameters
from letta_async.operations.agent_messages import CreateAgentMessages
from letta_async.operations.conversation_messages import CreateMessages
from letta_async.types.message import ToolCall
from letta_async.types.turn_input import MessageType

__all__ = ["LoopParameters", "RunAgentTools", "RunConversationTools", "ToolLoopOperation"]


@parameters
class LoopParameters:
    """Parameters that no call sends: they say how to go on after a response."""

    tools: Annotated[list[ToolSource], Local()]
    """Functions; or pairs of a `ClientTool`, which describes the tool, and a function, which gets the arguments as the
    model wrote them. `client_tool` says which annotations are understood, and how docstrings are read. A tool of the
    agent's own with the same name is hidden for this turn."""
    approve: Annotated[Callable[[ToolCall], Approval | Awaitable[Approval]] | None, Local()] = None
    """Function that decides about each call of the agent's other tools that need approval: it gets the `ToolCall` and
    returns whether the tool may run, or a tuple of that and a reason, which the agent reads. It is called and awaited
    as a tool is, one call after the other, before the tools run. Default: `None`; the response with the first such call
    is the last one, and none of its tools has run."""
    max_turns: Annotated[int, Local()] = 10
    """Maximum number of responses. Default: 10."""


@operation
class ToolLoopOperation(TurnParameters[ToolRun], LoopParameters):
    """A turn of several calls, which `resources/_tool_running.py` makes.

    Each response in which the agent calls tools of this program is followed by a request with what they returned. Calls
    of one response run at the same time: an `async` function on the event loop, any other on a thread. With `Letta`,
    that is the private event loop, and never the caller's thread.

    The agent reads as an error: the type and text of an exception that a tool raises, without its traceback, and
    arguments that are not what the annotations promise. The logger `letta_async` gets such an exception as a warning. A
    string is returned as it is, `None` as `None`, `TextContent` and `ImageContent` as parts, and anything else as JSON,
    objects by their fields. When the call is cancelled, tools on threads run to their end.

    Exactly one of `input` and `messages` is required, for the first request. The other parameters of the turn,
    such as `max_steps`, apply to each request.

    Returns:
        The responses: the last one as `response`, its text as `text`.

    Raises:
        InvalidArgumentError: An argument is invalid, or a tool cannot be described; nothing was sent.
        RateLimitError: The model's provider refused, or the server did.
        ToolLoopError: The agent still calls tools after `max_turns` responses, or `approve` returned neither a boolean
            nor a tuple of one and a reason.
        APIError: No response arrived, or it was not a success.
        BaseException: Whatever `approve` raises.

    """

    made_by = "run_tools"
    sends: ClassVar[type[Operation[Any]]]
    """Call that is made for each response."""

    include_return_message_types: InBody[list[MessageType] | None] = UNSET
    """Return messages of these types alone, and `approval_request_message`. Default: all."""


@operation
class RunAgentTools(ToolLoopOperation, Operation[ToolRun]):
    """Send messages to an agent and run the tools that it calls in this program, until its turn ends.

    Raises:
        NotFoundError: There is no such agent.
        ConflictError: The agent is busy with another turn, or waits for an approval.

    """

    http: ClassVar[Endpoint] = CreateAgentMessages.http
    sends: ClassVar[type[Operation[Any]]] = CreateAgentMessages

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class RunConversationTools(ToolLoopOperation, ConversationOperation[ToolRun]):
    """Send messages to a conversation and run the tools that the agent calls in this program, until its turn ends.

    Raises:
        NotFoundError: There is no such conversation.
        ConflictError: The conversation is busy with another turn, or waits for an approval.

    """

    http: ClassVar[Endpoint] = CreateMessages.http
    sends: ClassVar[type[Operation[Any]]] = CreateMessages
