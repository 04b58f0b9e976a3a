"""The sync client: the methods of the async one, waited for."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextvars import copy_context
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from letta_async._options import ConfiguredClient
from letta_async._portal import Portal
from letta_async._warnings import CALLER
from letta_async.client import AsyncLetta
from letta_async.errors import ClientClosedError, Fault, InvalidArgumentError
from letta_async.resources.conversations import AsyncConversations

__all__ = ["Conversations", "Letta"]

P = ParamSpec("P")
R = TypeVar("R")


class _Waiting(Generic[P, R]):
    """How a method made by `waiting` looks to a type checker: the async one's parameters, but no promise as result."""

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[Any, P], R]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[P, R]: ...
    def __get__(self, instance: object, owner: type) -> Any:
        raise NotImplementedError


def waiting(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> _Waiting[P, R]:
    """Make a method that runs an async one on the private loop and waits for it: same parameters, same docstring."""

    @functools.wraps(method)
    def wait(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        core: object = self._core
        portal: Portal = self._portal
        caller = [sys._getframe(1)]  # pyright: ignore[reportPrivateUsage]
        context = copy_context()
        context.run(CALLER.set, caller)
        try:
            return portal.run(lambda: method(core, *args, **kwargs), context)
        finally:
            caller.clear()

    wait.__module__, wait.__qualname__ = __name__, method.__qualname__.removeprefix("Async")
    return cast("_Waiting[P, R]", wait)


def iterating(method: Callable[Concatenate[Any, P], AsyncGenerator[R, None]]) -> _Waiting[P, Iterator[R]]:
    """Make a method that gives, as an ordinary iterator, what an async one yields on the private loop."""

    @functools.wraps(method)
    def iterate(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        return _Iteration(method(self._core, *args, **kwargs), self._portal)

    iterate.__module__, iterate.__qualname__ = __name__, method.__qualname__.removeprefix("Async")
    return cast("_Waiting[P, Iterator[R]]", iterate)


class _Iteration(Iterator[R]):
    """What an async generator yields, waited for item by item; leaving it ends the generator."""

    def __init__(self, items: AsyncGenerator[R, None], portal: Portal) -> None:
        self._items: AsyncGenerator[R, None] | None = items
        self._portal = portal

    def __next__(self) -> R:
        if self._items is None:
            raise StopIteration
        try:
            return self._portal.run(self._next, copy_context())
        except StopAsyncIteration:
            self._items = None
            raise StopIteration from None
        except BaseException:
            self._items = None  # a generator that raised has ended
            raise

    async def _next(self) -> R:
        assert self._items is not None  # noqa: S101 - looked at in __next__
        return await anext(self._items)

    def close(self) -> None:
        """End the generator, and with it what it has under way."""
        items, self._items = self._items, None
        if items is not None:
            with contextlib.suppress(ClientClosedError):  # the loop is gone, and the generator with it
                self._portal.run(items.aclose, copy_context())

    __del__ = close


class _SyncResource:
    """A part of the API, as an attribute of the sync client."""

    def __init__(self, core: object, portal: Portal) -> None:
        self._core = core
        self._portal = portal


class Conversations(_SyncResource):
    """The calls under `/v1/conversations`."""

    recompile = waiting(AsyncConversations.recompile)
    recompile_many = iterating(AsyncConversations.recompile_many)


class Letta(ConfiguredClient):
    """A client of a Letta server, for code without asyncio.

    It runs `AsyncLetta` on a private event loop, on a thread of its own. Use it as a context manager, or call `close()`
    at the end; left open, it is closed when it is collected or the interpreter exits. One client serves any number of
    threads, works inside a running event loop (which it blocks meanwhile), and may be used again in a forked child.
    """

    conversations: Conversations
    """Threads of messages, and the recompiling of their system prompts."""

    def _attach(self) -> None:
        if self._transport.wiring.session is not None:
            raise InvalidArgumentError(
                [Fault("session", "belongs to an event loop of yours, but Letta runs its own; use AsyncLetta")]
            )
        self._core = core = AsyncLetta._around(self._config, self._transport)  # pyright: ignore[reportPrivateUsage]
        if self._parent is None:
            self._portal = Portal(self._transport.close)
        self.conversations = Conversations(core.conversations, self._portal)

    get = waiting(AsyncLetta.get)
    post = waiting(AsyncLetta.post)
    put = waiting(AsyncLetta.put)
    patch = waiting(AsyncLetta.patch)
    delete = waiting(AsyncLetta.delete)

    def close(self) -> None:
        """Close the client: calls under way end with `ClientClosedError`, connections are closed, the thread ends.

        Closing a copy made by `with_options` closes nothing but the copy.
        """
        self._closed = self._core._closed = True  # pyright: ignore[reportPrivateUsage]
        if self._parent is None:
            self._transport.closed = True  # copies too, also where no loop was ever started to do this
            self._portal.close()

    def __enter__(self) -> Self:
        if self.is_closed:
            raise ClientClosedError("the client is closed; make a new one")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
