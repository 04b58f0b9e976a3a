"""Declare calls whose response is an event stream, always or on request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from letta_async._schema.constraints import Count, PageSize, Seconds
from letta_async._schema.unset import UNSET, Unset
from letta_async.operations._operation import InBody, InClient, Operation, operation
from letta_async.types.stream import LettaErrorMessage, LettaStopReason

__all__ = ["EventOperation", "OptionalStreamOperation", "ResumableOperation", "RunStreamOperation", "StreamOperation"]

Answer = TypeVar("Answer")
Event = TypeVar("Event")


@operation
class EventOperation(Operation[Answer], Generic[Answer]):
    """A call whose response is, or can be, an event stream."""

    end: ClassVar[str] = "[DONE]"
    """Data of the event that ends the stream; a stream without it was cut off."""
    failure: ClassVar[type[Any]] = LettaErrorMessage
    """Type of the event that is raised as a `StreamError` instead of being returned."""

    def may_end_after(self, event: Any) -> bool:
        """Return whether a stream may end after an event without the last one.

        Letta 0.16.8 ends a stream that was cancelled so, unless it is that of a background run.
        """
        return isinstance(event, LettaStopReason) and event.stop_reason == "cancelled"

    @property
    def is_resumable(self) -> bool:
        """Whether a stream that broke is continued: the run goes on without the client, and the events are numbered."""
        return False

    def find_run_parameters(self) -> Mapping[str, object] | None:
        """Return the parameters of `conversations.messages.stream` that find the run which this call started.

        `None` if there are none: only an event of the run tells its ID.
        """
        return None


@operation
class StreamOperation(EventOperation[Event], Generic[Event]):
    """A call whose response is an event stream. The type argument is the type of an event.

    The methods made from it return an `AsyncStream` or a `Stream` of these.
    """

    @classmethod
    def answer_of(cls, argument: Any) -> Any:
        """Return the type of an event, which is that of the response as well."""
        cls.event = argument
        return argument

    @property
    def streams(self) -> bool:
        """Whether the response is an event stream: always."""
        return True


@operation
class OptionalStreamOperation(EventOperation[Answer], Generic[Answer]):
    """A call whose response is an event stream when the parameter `streaming` says so, else a whole value.

    A subclass sets `event`, and declares `streaming`. The methods made from it have overloads: with `streaming=True`
    they return an `AsyncStream` or a `Stream`.
    """

    streams_by_default: ClassVar[bool] = False
    """Whether the response is an event stream when `streaming` is left out."""
    streamed_by: ClassVar[Any] = None
    """Call that is made instead where the response is an event stream; default: this one.

    Letta 0.16.8 answers 422 where a client other than its own asks `POST /v1/agents/{agent_id}/messages` for a stream.
    """

    @classmethod
    def streams_with(cls, streaming: object) -> bool:
        """Return whether the response is an event stream with this value of `streaming`."""
        return cls.streams_by_default if isinstance(streaming, Unset) else streaming is True

    @property
    def streams(self) -> bool:
        """Whether the response is an event stream."""
        return self.streams_with(getattr(self, "streaming", UNSET))


@operation
class ResumableOperation(EventOperation[Answer], Generic[Answer]):
    """A call whose event stream can be continued after the connection broke."""

    resume: InClient[bool] = UNSET
    """Continue a stream of a background run by itself when the connection breaks, from the last event on; `False`
    raises the error instead. Default: `True`."""


@operation
class RunStreamOperation(ResumableOperation[Event], StreamOperation[Event], Generic[Event]):
    """A call that streams the events which the server keeps of a background run."""

    starting_after: InBody[Count] = UNSET
    """Start after the event with this `seq_id`. Server default: 0, with the first event."""
    include_pings: InBody[bool | None] = UNSET
    """Return a `LettaPing` at the beginning and every 20 s. Server default: `True`."""
    poll_interval: InBody[Seconds | None] = UNSET
    """Seconds between two looks of the server for new events. Server default: 0.1."""
    batch_size: InBody[PageSize | None] = UNSET
    """Number of events that the server reads at a time. Server default: 100."""

    @property
    def is_resumable(self) -> bool:
        """Whether a stream that broke is continued."""
        return self.resume is not False
