"""Calls about an agent's messages, under `/v1/agents/{agent_id}/messages`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._conversation import CompactionParameters
from letta_async.operations._message_listing import MessageToolParameters, TurnMessageListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    POST,
    AgentId,
    ConversationId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    RunId,
    operation,
)
from letta_async.operations._streaming import OptionalStreamOperation, StreamOperation
from letta_async.operations._turn import StreamingTurn, TurnOperation
from letta_async.types.agent import AgentState
from letta_async.types.compaction import CompactResponse
from letta_async.types.message import Message
from letta_async.types.run import Run
from letta_async.types.stream import StreamEvent
from letta_async.types.turn_response import LettaResponse

__all__ = [
    "CancelAgentMessages",
    "CompactAgentMessages",
    "CreateAgentMessages",
    "CreateAgentMessagesAsync",
    "ListAgentMessages",
    "ResetAgentMessages",
    "StreamAgentMessages",
]


@operation
class StreamAgentMessages(StreamingTurn[StreamEvent], StreamOperation[StreamEvent]):
    """Send messages to an agent and stream what it does: a turn. Exactly one of `input` and `messages` is required.

    Sent twice, it is two turns: a request whose fate is unknown is not repeated.

    Raises:
        NotFoundError: There is no such agent.
        ConflictError: The agent is busy with another turn, or waits for an approval.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/messages/stream", body_required=True, traffic="stream")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    streaming: InBody[bool] = UNSET
    """Has no effect on this call, which always streams."""

    def find_run_parameters(self) -> Mapping[str, object] | None:
        """Return the parameters of `conversations.messages.stream` that find the run of this turn."""
        return {"conversation_id": "default", "agent_id": self.agent_id, "otid": self.otid} if self.otid else None


@operation
class CreateAgentMessages(StreamingTurn[LettaResponse], OptionalStreamOperation[LettaResponse]):
    """Send messages to an agent and return its messages: a turn. Exactly one of `input` and `messages` is required.

    Sent twice, it is two turns: a request whose fate is unknown is not repeated.

    Returns:
        The whole turn; with `streaming=True` a stream of its events.

    Raises:
        NotFoundError: There is no such agent.
        ConflictError: The agent is busy with another turn, or waits for an approval.
        RateLimitError: The model's provider refused, or the server did.
        InternalServerError: The model's provider failed, or the server did.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/messages", body_required=True, traffic="model")
    event: ClassVar[Any] = StreamEvent
    streamed_by: ClassVar[Any] = StreamAgentMessages

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class CreateAgentMessagesAsync(TurnOperation[Run]):
    """Send messages to an agent and return at once, while the turn runs in the background.

    Exactly one of `input` and `messages` is required. Sent twice, it is two turns.

    Returns:
        The run; `runs.retrieve` and `runs.wait` tell when it has ended, `runs.messages.list` what the agent said.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/messages/async", body_required=True)

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    callback_url: InBody[str | None] = UNSET
    """URL that the server sends a `POST` to when the run ends."""


@operation
class ListAgentMessages(MessageToolParameters, TurnMessageListing[Message]):
    """List the messages of an agent, those of its conversations included.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/messages")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    conversation_id: InQuery[ConversationId | None] = UNSET
    """List messages of this conversation, `conv-<uuid4>`, or `default` for the agent's own. Default: all."""


@operation
class CancelAgentMessages(Operation[dict[str, Any]]):
    """Cancel runs of an agent. Done twice, it may cancel a run that began in between.

    A stream ends with the stop reason `cancelled` when the model's next piece comes; a whole response is not cut short.

    Returns:
        The result for each run, by its ID: `cancelled`, also for one that had ended, or `failed`.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/messages/cancel")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    run_ids: InBody[list[RunId] | None] = UNSET
    """IDs of the runs to cancel, `run-<uuid4>`. Default: the latest run; one that was started by `create_async` is
    cancelled by its ID alone."""


@operation
class ResetAgentMessages(Operation[AgentState | None]):
    """Empty the context of an agent, but for the system message. Its memory blocks, and the list of messages, stay.

    Returns:
        The agent; `None` where the server does not return it.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/reset-messages")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    add_default_initial_messages: InBody[bool] = UNSET
    """Add the default initial messages afterwards. Server default: `False`."""


@operation
class CompactAgentMessages(CompactionParameters, Operation[CompactResponse]):
    """Summarize the messages of an agent, so that fewer of them stay in its context.

    The server asks a model for the summary. Done twice, it summarizes the summary, and costs twice.

    Raises:
        BadRequestError: There was nothing to summarize.
        NotFoundError: There is no such agent.
        InternalServerError: The model's provider failed.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/summarize", traffic="model")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
