"""Declare calls whose response is an event stream."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from letta_async.operations._operation import Operation, operation
from letta_async.types.stream import LettaErrorMessage

__all__ = ["StreamOperation"]

Event = TypeVar("Event")


@operation
class StreamOperation(Operation[Event], Generic[Event]):
    """A call whose response is an event stream. The type argument is the type of an event.

    The methods made from it return an `AsyncStream` or a `Stream` of these.
    """

    streams: ClassVar[bool] = True
    end: ClassVar[str] = "[DONE]"
    """Data of the event that ends the stream; a stream without it was cut off."""
    failure: ClassVar[type[Any]] = LettaErrorMessage
    """Type of the event that is raised as a `StreamError` instead of being returned."""
