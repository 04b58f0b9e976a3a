"""Ways to make the measured call, a recompile: with our clients, bare HTTP libraries, and the official client.

A way is opened on a server's URL and yields a function without parameters that does one recompile. All ways send the
same path, the same key and, unless their name says otherwise, the same settings (`tests/benchmarks` holds them to it).
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import Any, Final

import aiohttp
import tenacity

from benchmarks.report import say
from benchmarks.sockets import RawSockets
from letta_async import AsyncLetta, CompactionSettings, Letta, OpenAIModelSettings, OpenAIReasoning

__all__ = [
    "AT_ONCE",
    "BARE",
    "BARE_RETRYING",
    "BARE_SETTINGS",
    "CONVERSATION",
    "HOP",
    "OFFICIAL_AIOHTTP",
    "OFFICIAL_HTTPX",
    "OFFICIAL_SYNC",
    "OURS",
    "OURS_ANEW",
    "OURS_FIXED",
    "OURS_SETTINGS",
    "OURS_SYNC",
    "SETTINGS",
    "SETTINGS_JSON",
    "SOCKETS",
    "URLLIB3",
    "AsyncCall",
    "AsyncWays",
    "SyncCall",
    "SyncWays",
    "async_ways",
    "has",
    "official",
    "sync_ways",
]

AT_ONCE: Final = 64
"""Maximum number of requests that the bare clients have in flight."""
CONVERSATION: Final = "conv-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
SETTINGS_JSON: Final[dict[str, Any]] = {
    "mode": "sliding_window",
    "clip_chars": 20_000,
    "sliding_window_percentage": 0.4,
    "model": "openai/gpt-4o-mini",
    "model_settings": {"provider_type": "openai", "temperature": 0.5, "reasoning": {"reasoning_effort": "low"}},
}

_KEY: Final = "key"
_HEADERS: Final = {"Authorization": f"Bearer {_KEY}"}


def _settings() -> CompactionSettings:
    return CompactionSettings(
        mode="sliding_window",
        clip_chars=20_000,
        sliding_window_percentage=0.4,
        model="openai/gpt-4o-mini",
        model_settings=OpenAIModelSettings(temperature=0.5, reasoning=OpenAIReasoning(reasoning_effort="low")),
    )


SETTINGS: Final = _settings()
"""`SETTINGS_JSON` as typed settings."""

BARE: Final = "bare aiohttp + json, no settings"
BARE_SETTINGS: Final = "bare aiohttp + json"
BARE_RETRYING: Final = "bare aiohttp + json + tenacity"
OURS: Final = "letta_async, no settings"
OURS_SETTINGS: Final = "letta_async"
OURS_ANEW: Final = "letta_async, settings made for each call"
OURS_FIXED: Final = "letta_async, concurrency=64"
OFFICIAL_AIOHTTP: Final = "letta-client, aiohttp"
OFFICIAL_HTTPX: Final = "letta-client, httpx (its default)"
SOCKETS: Final = "bare sockets: what the stub can do"

HOP: Final = "bare hop to a loop's thread, aiohttp + json"
URLLIB3: Final = "urllib3 + json"
OURS_SYNC: Final = "letta_async.Letta"
OFFICIAL_SYNC: Final = "letta-client, sync"

AsyncCall = Callable[[], Awaitable[object]]
AsyncWays = Mapping[str, Callable[[str], AbstractAsyncContextManager[AsyncCall]]]
SyncCall = Callable[[], object]
SyncWays = Mapping[str, Callable[[str], AbstractContextManager[SyncCall]]]


def has(module: str) -> bool:
    """Return whether an optional peer is installed."""
    if find_spec(module) is None:
        say(f"{module} is not installed, and left out", error=True)
        return False
    return True


def official() -> Any:
    """Return the official client's module, which takes long to import."""
    import letta_client  # noqa: PLC0415 - only where it is used

    return letta_client


def async_ways() -> AsyncWays:
    """Return the ways for asyncio, bare aiohttp with settings first."""
    with_settings = {"compaction_settings": SETTINGS_JSON}
    ways: dict[str, Callable[[str], AbstractAsyncContextManager[AsyncCall]]] = {
        BARE_SETTINGS: lambda url: _bare(url, with_settings),
        OURS_SETTINGS: lambda url: _ours(url, lambda: {"compaction_settings": SETTINGS}),
        OURS_ANEW: lambda url: _ours(url, lambda: {"compaction_settings": _settings()}),
        OURS_FIXED: lambda url: _ours(url, lambda: {"compaction_settings": SETTINGS}, concurrency=AT_ONCE),
        BARE: lambda url: _bare(url, None),
        OURS: lambda url: _ours(url, dict),
        BARE_RETRYING: lambda url: _bare(url, with_settings, retrying=True),
        SOCKETS: _sockets,
    }
    if has("letta_client"):
        ways[OFFICIAL_AIOHTTP] = lambda url: _official(url, lambda client: client.DefaultAioHttpClient())
        ways[OFFICIAL_HTTPX] = lambda url: _official(url, lambda _: None)
    return ways


def sync_ways() -> SyncWays:
    """Return the ways for code without asyncio, the bare hop first."""
    ways: dict[str, Callable[[str], AbstractContextManager[SyncCall]]] = {HOP: _hop, OURS_SYNC: _ours_sync}
    if has("urllib3"):
        ways[URLLIB3] = _urllib3
    if has("letta_client"):
        ways[OFFICIAL_SYNC] = _official_sync
    return ways


def _target(url: str) -> str:
    return f"{url}/v1/conversations/{CONVERSATION}/recompile"


# --- asyncio ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _bare(
    url: str, body: Mapping[str, object] | None, *, retrying: bool = False
) -> AsyncGenerator[AsyncCall, None]:
    target = _target(url)
    slots = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession() as session:

        async def call() -> object:
            async with slots, session.post(target, json=body, headers=_HEADERS) as response:
                return json.loads(await response.read())

        retry = tenacity.retry(
            retry=tenacity.retry_if_exception_type(aiohttp.ClientError),
            stop=tenacity.stop_after_attempt(3),
            wait=tenacity.wait_random_exponential(max=8),
            reraise=True,
        )
        yield retry(call) if retrying else call


@asynccontextmanager
async def _ours(
    url: str, arguments: Callable[[], Mapping[str, Any]], **options: Any
) -> AsyncGenerator[AsyncCall, None]:
    async with AsyncLetta(base_url=url, api_key=_KEY, **options) as client:
        yield lambda: client.conversations.recompile(CONVERSATION, **arguments())


@asynccontextmanager
async def _official(url: str, http_client: Callable[[Any], Any]) -> AsyncGenerator[AsyncCall, None]:
    client = official()
    async with client.AsyncLetta(base_url=url, api_key=_KEY, http_client=http_client(client)) as letta:
        yield lambda: letta.conversations.recompile(CONVERSATION, compaction_settings=SETTINGS_JSON)


@asynccontextmanager
async def _sockets(url: str) -> AsyncGenerator[AsyncCall, None]:
    async with RawSockets(_target(url)) as sockets:
        yield sockets.call


# --- without asyncio --------------------------------------------------------------------------------------------------


@contextmanager
def _hop(url: str) -> Generator[SyncCall, None, None]:
    """Run a loop in a thread and submit each call to it: the minimum that a sync client over asyncio does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    way = _bare(url, {"compaction_settings": SETTINGS_JSON})
    try:
        call: Any = asyncio.run_coroutine_threadsafe(way.__aenter__(), loop).result()
        yield lambda: asyncio.run_coroutine_threadsafe(call(), loop).result()
        asyncio.run_coroutine_threadsafe(way.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def _ours_sync(url: str) -> Generator[SyncCall, None, None]:
    with Letta(base_url=url, api_key=_KEY) as client:
        yield lambda: client.conversations.recompile(CONVERSATION, compaction_settings=SETTINGS)


@contextmanager
def _urllib3(url: str) -> Generator[SyncCall, None, None]:
    import urllib3  # noqa: PLC0415 - it is optional

    target = _target(url)
    headers = {**_HEADERS, "Content-Type": "application/json"}
    with urllib3.PoolManager(maxsize=AT_ONCE) as pool:

        def call() -> object:
            body = json.dumps({"compaction_settings": SETTINGS_JSON})
            return json.loads(pool.request("POST", target, body=body, headers=headers).data)

        yield call


@contextmanager
def _official_sync(url: str) -> Generator[SyncCall, None, None]:
    with official().Letta(base_url=url, api_key=_KEY) as letta:
        yield lambda: letta.conversations.recompile(CONVERSATION, compaction_settings=SETTINGS_JSON)
