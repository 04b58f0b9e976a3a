"""Adapter of the sync client to the interface of the async one, so that tests run on both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from itertools import islice
from typing import Any

from letta_async import Letta, Paginator

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
        if name in {"targets", "recompile_many"}:
            return lambda *args, **kwargs: _each(value(*args, **kwargs))
        if name == "list":
            return lambda *args, **kwargs: _Pages(value(*args, **kwargs))
        return lambda *args, **kwargs: asyncio.to_thread(value, *args, **kwargs)


class _Pages:
    def __init__(self, pages: Paginator[Any]) -> None:
        self._pages = pages

    async def page(self) -> list[Any]:
        return await asyncio.to_thread(self._pages.page)

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return self.page().__await__()

    def __aiter__(self) -> AsyncIterator[Any]:
        return _each(iter(self._pages))


async def _each(items: Iterator[Any]) -> AsyncIterator[Any]:
    while taken := await asyncio.to_thread(list, islice(items, 1)):
        yield taken[0]
