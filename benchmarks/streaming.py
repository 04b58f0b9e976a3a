"""Ways to read an event stream: with our clients, with bare aiohttp, and with the official client.

A way is opened on a server's URL and yields a function without parameters that sends a message to an agent and reads
the response to its end. It returns a `Reading`; what it does per event besides is the same in all ways.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Generator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Final, NamedTuple

import aiohttp

from benchmarks.calls import has, official
from letta_async import AsyncLetta, Letta

__all__ = [
    "AGENT",
    "BARE",
    "OFFICIAL_AIOHTTP",
    "OFFICIAL_HTTPX",
    "OFFICIAL_SYNC",
    "OURS",
    "OURS_SYNC",
    "AsyncRead",
    "AsyncReadings",
    "Reading",
    "SyncRead",
    "SyncReadings",
    "async_readings",
    "sync_readings",
]

AGENT: Final = "agent-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
BARE: Final = "bare aiohttp + json"
OURS: Final = "letta_async"
OURS_SYNC: Final = "letta_async.Letta"
OFFICIAL_AIOHTTP: Final = "letta-client, aiohttp"
OFFICIAL_HTTPX: Final = "letta-client, httpx (its default)"
OFFICIAL_SYNC: Final = "letta-client, sync"
_KEY: Final = "key"
_BODY: Final[dict[str, Any]] = {"input": "hello", "stream_tokens": True}


class Reading(NamedTuple):
    """An event stream that was read to its end."""

    events: int
    """Number of events."""
    began: float
    """Time before the request."""
    first: float
    """Time of the first event."""


AsyncRead = Callable[[], Coroutine[Any, Any, Reading]]
SyncRead = Callable[[], Reading]
AsyncReadings = Mapping[str, Callable[[str], AbstractAsyncContextManager[AsyncRead]]]
SyncReadings = Mapping[str, Callable[[str], AbstractContextManager[SyncRead]]]


def async_readings() -> AsyncReadings:
    """Return the ways for asyncio, bare aiohttp first."""
    ways: dict[str, Callable[[str], AbstractAsyncContextManager[AsyncRead]]] = {
        BARE: _bare,
        OURS: _ours,
    }
    if has("letta_client"):
        ways[OFFICIAL_AIOHTTP] = lambda url: _official(url, lambda client: client.DefaultAioHttpClient())
        ways[OFFICIAL_HTTPX] = lambda url: _official(url, lambda _: None)
    return ways


def sync_readings() -> SyncReadings:
    """Return the ways for code without asyncio, ours first."""
    ways: dict[str, Callable[[str], AbstractContextManager[SyncRead]]] = {OURS_SYNC: _ours_sync}
    if has("letta_client"):
        ways[OFFICIAL_SYNC] = _official_sync
    return ways


@asynccontextmanager
async def _bare(url: str) -> AsyncGenerator[AsyncRead, None]:
    target = f"{url}/v1/agents/{AGENT}/messages/stream"
    headers = {"Authorization": f"Bearer {_KEY}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def read() -> Reading:
            count, first, rest = 0, 0.0, b""
            began = time.perf_counter()
            async with session.post(target, json=_BODY, headers=headers) as response:
                async for chunk in response.content.iter_any():
                    *events, rest = (rest + chunk).split(b"\n\n")
                    for event in events:
                        data = event.removeprefix(b"data: ")
                        if data == b"[DONE]":
                            break
                        json.loads(data)
                        if not count:
                            first = time.perf_counter()
                        count += 1
            return Reading(count, began, first)

        yield read


@asynccontextmanager
async def _ours(url: str) -> AsyncGenerator[AsyncRead, None]:
    async with AsyncLetta(base_url=url, api_key=_KEY) as client:

        async def read() -> Reading:
            began = time.perf_counter()
            return await _read(client.agents.messages.stream(AGENT, **_BODY), began)

        yield read


@asynccontextmanager
async def _official(url: str, http_client: Callable[[Any], Any]) -> AsyncGenerator[AsyncRead, None]:
    module = official()
    async with module.AsyncLetta(base_url=url, api_key=_KEY, http_client=http_client(module)) as client:

        async def read() -> Reading:
            began = time.perf_counter()
            return await _read(await client.agents.messages.stream(AGENT, **_BODY), began)

        yield read


async def _read(stream: AsyncIterable[object], began: float) -> Reading:
    count, first = 0, 0.0
    async for _ in stream:
        if not count:
            first = time.perf_counter()
        count += 1
    return Reading(count, began, first)


# --- without asyncio --------------------------------------------------------------------------------------------------


@contextmanager
def _ours_sync(url: str) -> Generator[SyncRead, None, None]:
    with Letta(base_url=url, api_key=_KEY) as client:

        def read() -> Reading:
            began = time.perf_counter()
            return _read_sync(client.agents.messages.stream(AGENT, **_BODY), began)

        yield read


@contextmanager
def _official_sync(url: str) -> Generator[SyncRead, None, None]:
    with official().Letta(base_url=url, api_key=_KEY) as client:

        def read() -> Reading:
            began = time.perf_counter()
            return _read_sync(client.agents.messages.stream(AGENT, **_BODY), began)

        yield read


def _read_sync(stream: Iterable[object], began: float) -> Reading:
    count, first = 0, 0.0
    for _ in stream:
        if not count:
            first = time.perf_counter()
        count += 1
    return Reading(count, began, first)
