"""Iterate synchronously over what the async client yields on the private event loop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Awaitable, Iterable, Iterator, Sized
from contextvars import Context, copy_context
from typing import Protocol, TypeVar, cast

from letta_async._facade.portal import Portal
from letta_async._utils.caller_warnings import CALLER, Place
from letta_async._utils.threads import iterate_in_thread
from letta_async.errors import ClientClosedError

__all__ = ["Iteration", "caller_context", "off_the_loop"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Closable(Protocol[R_co]):
    """An async iterator that can be ended, as an async generator."""

    def __anext__(self) -> Awaitable[R_co]: ...
    def aclose(self) -> Awaitable[None]: ...


class Iteration(Iterator[R]):
    """The items of an async generator, or what is like one, waited for one by one.

    Dropped before its end, its loop ends the generator.
    """

    def __init__(self, items: Closable[R], portal: Portal, caller: Place) -> None:
        self._items: Closable[R] | None = items
        self._portal = portal
        self._caller = caller
        self._pid = os.getpid()

    def __next__(self) -> R:
        if self._pid != os.getpid():
            raise ClientClosedError("an iteration goes on only in the process that began it")
        items = self._items
        if items is None:
            raise StopIteration
        try:
            return self._portal.run(items.__anext__, caller_context(self._caller))
        except StopAsyncIteration:
            self._items = None
            raise StopIteration from None

    def close(self) -> None:
        """End the generator, and with it what it has in flight."""
        items, self._items = self._items, None
        if items is not None and self._pid == os.getpid():
            with contextlib.suppress(ClientClosedError):  # the loop is gone, and the generator with it
                self._portal.run(items.aclose)


def off_the_loop(argument: object) -> object:
    """Wrap a lazy iterable so that a thread of its own advances it: it may itself wait for the private loop."""
    if isinstance(argument, Sized) or not isinstance(argument, Iterable):
        return argument
    return iterate_in_thread(iter(cast("Iterable[object]", argument)))


def caller_context(caller: Place) -> Context:
    """Copy the caller's context for a call, with the line that it comes from."""
    context = copy_context()
    context.run(CALLER.set, caller)
    return context
