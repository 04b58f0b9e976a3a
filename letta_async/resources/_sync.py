"""Base classes of the sync client and the sync resources, which run async methods on the private event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from letta_async._facade.iteration import Iteration, context_with_call_site, iterate_lazy_in_thread
from letta_async._facade.portal import Portal
from letta_async._utils.caller_warnings import CallSite
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import LettaError
from letta_async.resources._paging import AsyncPaginator, Page
from letta_async.resources._resource import RawAccess

if TYPE_CHECKING:
    from letta_async.propagation.result import Propagation
    from letta_async.resources._propagation import AsyncPropagation
    from letta_async.resources._stream import AsyncStream, Stream

__all__ = ["SyncCaller", "SyncResource"]

P = ParamSpec("P")
R = TypeVar("R")
Event = TypeVar("Event")
Core = TypeVar("Core")


class SyncCaller(Generic[Core]):
    """Base class that runs the methods of an async object on the private event loop."""

    _core: Core
    _portal: Portal

    if not TYPE_CHECKING:  # each class declares a type of its own
        with_raw_response = RawAccess("read")
        with_streaming_response = RawAccess("stream")

    def _make_part(self, kind: Any, name: str) -> Any:
        return kind(getattr(self._core, name), self._portal)

    def _wait(self, method: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an async method and wait for its result."""
        try:
            return self._portal.run(lambda: method(*args, **kwargs), context_with_call_site(CallSite.current()))
        except LettaError as error:
            drop_frames(error)
            raise

    def _pages(self, pages: AsyncPaginator[R]) -> Page[R]:
        """Fetch the first page of a list, which leads to the others."""
        call_site = CallSite.current()
        try:
            return Page(self._portal.run(pages.page, context_with_call_site(call_site)), self._portal, call_site)
        except LettaError as error:
            drop_frames(error)
            raise

    def _stream(self, stream: AsyncStream[R]) -> Stream[R]:
        """Send the request of a stream, and return it for ordinary iteration."""
        from letta_async.resources._stream import Stream  # noqa: PLC0415 - imported by those that stream

        try:
            return Stream(stream, self._portal, CallSite.current())
        except LettaError as error:
            drop_frames(error)
            raise

    def _wait_or_stream(self, sent: Coroutine[Any, Any, R] | AsyncStream[Event]) -> R | Stream[Event]:
        """Wait for the result of a call, or send the request of a stream and return it for ordinary iteration."""
        try:
            return self._wait_for(sent) if isinstance(sent, Coroutine) else self._stream(sent)
        except LettaError as error:
            drop_frames(error)
            raise

    def _wait_or_propagate(self, sent: Coroutine[Any, Any, R] | AsyncPropagation[Event]) -> R | Propagation[Event]:
        """Wait for the result of an edit, or for all outcomes of one that is propagated."""
        result: R | Propagation[Event] = self._wait_for(sent)
        return result

    def _wait_for(self, sent: Coroutine[Any, Any, Any]) -> Any:
        """Wait for the result of a call."""
        try:
            return self._wait(lambda: sent)
        except LettaError as error:
            drop_frames(error)
            raise
        finally:
            sent.close()  # where it could not even begin

    def _iterate(self, method: Callable[P, AsyncGenerator[R, None]], *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        """Return an iterator over the items that an async method yields."""
        begin: Callable[..., AsyncGenerator[R, None]] = method
        positional = [iterate_lazy_in_thread(value) for value in args]
        named = {name: iterate_lazy_in_thread(value) for name, value in kwargs.items()}
        return Iteration(begin(*positional, **named), self._portal, CallSite.current())


class SyncResource(SyncCaller[Core]):
    """Base class of the resources of a sync client, such as `client.agents`."""

    def __init__(self, core: Core, portal: Portal) -> None:
        self._core = core
        self._portal = portal
