"""Keys that a server takes or refuses, and callables that return them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from letta_async import AsyncLetta, Letta

__all__ = ["NEW", "OLD", "Make", "called", "close", "get", "turning"]

OLD: Final = "sk-old-MostSecret"
NEW: Final = "sk-new-MostSecret"
"""The key that the server takes."""
Make = Callable[..., Any]


def turning(*keys: str) -> tuple[list[str], Callable[[], str]]:
    """Create a callable that returns one key after the other, the last one for ever, and a list of what it returned."""
    calls: list[str] = []

    def turn() -> str:
        calls.append(keys[min(len(calls), len(keys) - 1)])
        return calls[-1]

    return calls, turn


def called(function: Callable[[], Any], kind: str) -> Any:
    """Create a callable of another kind that does the same."""

    async def later() -> Any:
        await asyncio.sleep(0)
        return function()

    class Object:
        def __call__(self) -> Any:
            return later()

    return {"sync": function, "async": later, "object": Object(), "partial": partial(later)}[kind]


async def get(client: AsyncLetta | Letta) -> Any:
    """Make a call that only the new key may make."""
    if isinstance(client, Letta):
        return await asyncio.to_thread(client.get, "/v1/agents/")
    return await client.get("/v1/agents/")


async def close(client: AsyncLetta | Letta) -> None:
    if isinstance(client, Letta):
        client.close()
    else:
        await client.close()
