"""The calls made with both clients of letta_async."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import reduce
from typing import Any, Final

from letta_async import AsyncLetta, Letta
from letta_async.operations._tree import TREE
from tests.conformance.calls import Call

__all__ = ["is_missing", "make_async", "make_sync", "parameters_of"]

_NAMES: Final = {"parse_datetime": datetime.fromisoformat}


def is_missing(method: str) -> bool:
    """Return whether the clients lack a method."""
    return method not in TREE


async def make_async(client: AsyncLetta, call: Call) -> Any:
    """Make a call with `AsyncLetta`, and return what it read: of a stream its events, of a list its first page."""
    result = eval(call.expression, {"client": client, **_NAMES})
    if inspect.isawaitable(result):
        result = await result
    return [event async for event in result] if isinstance(result, AsyncIterator) else result


def make_sync(client: Letta, call: Call) -> Any:
    """Make a call with `Letta`, and return what it read, as above."""
    result = eval(call.expression, {"client": client, **_NAMES})
    return list(result) if isinstance(result, Iterator) else result


def parameters_of(client: type[AsyncLetta | Letta], method: str) -> list[tuple[str, str]]:
    """Return the names and kinds of a method's parameters."""
    function: Any = reduce(getattr, method.split("."), client(api_key="key"))
    return [(name, each.kind.name) for name, each in inspect.signature(function).parameters.items()]
