"""Adapter of the sync client to the interface of the async one, so that tests run on both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import partial
from itertools import islice
from typing import Any

from letta_async import Letta, Page

__all__ = ["awaited"]


def awaited(client: Letta) -> Any:
    """Return an adapter whose methods are awaited, and whose lists and iterators are for `async for`."""
    return _Part(client)


class _Part:
    def __init__(self, part: object) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._part, name)
        if not callable(value):
            return _Part(value)
        if name in {"targets", "recompile_many", "upload_many", "watch"}:
            return lambda *args, **kwargs: _each(value(*args, **kwargs))
        if name == "list":
            return lambda *args, **kwargs: _Pages(partial(value, *args, **kwargs))
        return lambda *args, **kwargs: asyncio.to_thread(value, *args, **kwargs)


class _Pages:
    def __init__(self, request: Callable[[], Page[Any] | list[Any]]) -> None:
        self._request = request

    async def page(self) -> list[Any]:
        listed = await asyncio.to_thread(self._request)
        return listed.items if isinstance(listed, Page) else listed

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return self.page().__await__()

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for each in _each(iter(await asyncio.to_thread(self._request))):
            yield each


async def _each(items: Iterator[Any]) -> AsyncIterator[Any]:
    while taken := await asyncio.to_thread(list, islice(items, 1)):
        yield taken[0]
