"""Synchronous iterator over an async generator on the private event loop, and helpers for calls on that loop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Awaitable, Iterable, Iterator, Sized
from contextvars import Context, copy_context
from typing import Protocol, TypeVar, cast

from letta_async._facade.portal import Portal
from letta_async._utils.caller_warnings import CALL_SITE, CallSite
from letta_async._utils.threads import iterate_in_thread
from letta_async.errors import ClientClosedError

__all__ = ["Iteration", "context_with_call_site", "iterate_lazy_in_thread"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Closable(Protocol[R_co]):
    """Async iterator that can be closed, such as an async generator."""

    def __anext__(self) -> Awaitable[R_co]: ...
    def aclose(self) -> Awaitable[None]: ...


class Iteration(Iterator[R]):
    """Synchronous iterator over an async generator, or another async iterator that can be closed.

    If it is garbage-collected early, the loop closes the generator.
    """

    def __init__(self, items: Closable[R], portal: Portal, call_site: CallSite) -> None:
        self._items: Closable[R] | None = items
        self._portal = portal
        self._call_site = call_site
        self._pid = os.getpid()

    def __next__(self) -> R:
        if self._pid != os.getpid():
            raise ClientClosedError("an iteration goes on only in the process that began it")
        items = self._items
        if items is None:
            raise StopIteration
        try:
            return self._portal.run(items.__anext__, context_with_call_site(self._call_site))
        except StopAsyncIteration:
            self._items = None
            raise StopIteration from None

    def close(self) -> None:
        """Close the generator, which cancels its requests in flight."""
        items, self._items = self._items, None
        if items is not None and self._pid == os.getpid():
            with contextlib.suppress(ClientClosedError):  # the loop has ended, and the generator with it
                self._portal.run(items.aclose)


def iterate_lazy_in_thread(argument: object) -> object:
    """Return a lazy iterable as an async one that another thread advances, as it may wait for the private loop.

    Any other argument is returned unchanged.
    """
    if isinstance(argument, Sized) or not isinstance(argument, Iterable):
        return argument
    return iterate_in_thread(iter(cast("Iterable[object]", argument)))


def context_with_call_site(call_site: CallSite) -> Context:
    """Return a copy of the current context in which `CALL_SITE` is the line that made the call."""
    context = copy_context()
    context.run(CALL_SITE.set, call_site)
    return context
