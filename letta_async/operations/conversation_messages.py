"""Calls about messages of a conversation, under `/v1/conversations/{conversation_id}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._conversation import ConversationOperation
from letta_async.operations._message_listing import TurnMessageListing
from letta_async.operations._operation import (
    GET,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InQuery,
    RunId,
    operation,
)
from letta_async.operations._streaming import OptionalStreamOperation, RunStreamOperation
from letta_async.operations._turn import StreamingTurn
from letta_async.types.message import Message
from letta_async.types.stream import StreamEvent
from letta_async.types.turn_response import LettaResponse

__all__ = ["CreateMessages", "ListMessages", "StreamConversation"]


@operation
class ListMessages(ConversationOperation[list[Message]], TurnMessageListing[Message]):
    """List the messages of a conversation. Letta 0.16.8 lists none for a conversation that does not exist."""

    http: ClassVar[Endpoint] = GET("/v1/conversations/{conversation_id}/messages")

    agent_id: InQuery[AgentId | None] = UNSET

    def _keeps_order(self) -> bool:
        """Return whether the server returns a page in the requested order: not with an agent's own messages."""
        return self.conversation_id.startswith("conv-")


@operation
class CreateMessages(
    StreamingTurn[LettaResponse], ConversationOperation[LettaResponse], OptionalStreamOperation[LettaResponse]
):
    """Send messages to the agent of a conversation: a turn. Exactly one of `input` and `messages` is required.

    Sent twice, it is two turns: a request whose fate is unknown is not repeated, unless `background=True`, where the
    server knows a turn again.

    Returns:
        A stream of the turn's events; with `streaming=False` the whole turn.

    Raises:
        NotFoundError: There is no such conversation.
        ConflictError: The conversation is busy with another turn, or waits for an approval.
        RateLimitError: The model's provider refused, or the server did.
        InternalServerError: The model's provider failed, or the server did.

    """

    http: ClassVar[Endpoint] = POST("/v1/conversations/{conversation_id}/messages", body_required=True, traffic="model")
    event: ClassVar[Any] = StreamEvent
    streams_by_default: ClassVar[bool] = True

    streaming: InBody[bool] = UNSET
    """Return an event stream; `False` returns the whole response. Server default: `True`."""

    @property
    def is_repeatable(self) -> bool:
        """Whether the request can be sent again: the server knows a background run by its messages' `otid`.

        Letta 0.16.8 then streams the run that the first request started, also after its end.
        """
        return self.is_resumable and self.otid is not None

    def find_run_parameters(self) -> Mapping[str, object] | None:
        """Return the parameters of `conversations.messages.stream` that find the run of this turn."""
        if self.otid is None:
            return None
        return {"conversation_id": self.conversation_id, "agent_id": self.agent_id, "otid": self.otid}


@operation
class StreamConversation(ConversationOperation[StreamEvent], RunStreamOperation[StreamEvent]):
    """Stream the events of the background run that a conversation is busy with, or of another run of it.

    A run that was started by `create_async` has no events: its stream never ends.

    Raises:
        NotFoundError: There is no such run.
        BadRequestError: No run is active, or it is not a background run.

    """

    http: ClassVar[Endpoint] = POST(
        "/v1/conversations/{conversation_id}/stream", repeatable=True, body_required=True, traffic="stream"
    )

    run_id: InBody[RunId | None] = UNSET
    """`run-<uuid4>`: stream this run. Default: the active one."""
    otid: InBody[str | None] = UNSET
    """Stream the run that was started by the message with this offline threading ID."""
