"""Addresses without a responding server, and resolvers that fail."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

__all__ = [
    "address_that_never_answers",
    "closed_port",
    "name_that_cannot_be_asked_for",
    "name_that_hangs",
    "name_that_is_unknown",
]


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """Reserve a port on which nothing listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


@contextlib.contextmanager
def address_that_never_answers() -> Iterator[str]:
    """Listen with a full queue, so that the system drops further connections."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class _Unknown:
    """Resolver that knows no name."""

    def __init__(self, **_: Any) -> None: ...

    async def resolve(self, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None: ...


class _Busy(_Unknown):
    """Resolver with a temporary failure."""

    async def resolve(self, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


class _Hanging(_Unknown):
    """Resolver that does not return."""

    async def resolve(self, *_: Any, **__: Any) -> Any:
        await asyncio.get_running_loop().create_future()


@contextlib.contextmanager
def name_that_is_unknown() -> Iterator[str]:
    with mock.patch("aiohttp.connector.DefaultResolver", _Unknown):
        yield "https://nowhere.example"


@contextlib.contextmanager
def name_that_cannot_be_asked_for() -> Iterator[str]:
    with mock.patch("aiohttp.connector.DefaultResolver", _Busy):
        yield "https://busy.example"


@contextlib.contextmanager
def name_that_hangs() -> Iterator[str]:
    with mock.patch("aiohttp.connector.DefaultResolver", _Hanging):
        yield "https://slow.example"
