"""A key from a callable: what it is asked, and what becomes of what it says."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    APIError,
    APIKeyError,
    AsyncLetta,
    AuthenticationError,
    InvalidArgumentError,
    Letta,
)
from letta_async.testing import EmbeddedServer

from .source import NEW, OLD, Make, called, close, get, turning


@pytest.mark.parametrize("kind", ["sync", "async", "object", "partial"])
async def test_a_callable_is_asked_for_each_request(make: Make, server: EmbeddedServer, kind: str) -> None:
    calls, ask = turning(NEW)
    client = make(api_key=called(ask, kind))
    assert calls == []
    assert await get(client) == await get(client) == []
    assert len(calls) == 2
    assert client.api_key is None
    assert "sk-" not in f"{client!r} {vars(client)!r} {client._config!r} {client._config.headers!r}"
    await close(client)


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_key_that_is_refused_is_asked_for_once_more(make: Make, server: EmbeddedServer, kind: str) -> None:
    calls, ask = turning(OLD, NEW)
    client = make(api_key=called(ask, kind), max_retries=0)
    assert await get(client) == []
    assert (len(calls), len(server.requests), client.stats.retries) == (2, 2, 1)
    await close(client)


async def test_a_call_that_is_not_repeatable_is_repeated_too_since_a_401_did_nothing(
    make: Make, server: EmbeddedServer
) -> None:
    client = make(api_key=turning(OLD, NEW)[1])
    body = {"label": "human", "value": "sam"}
    made = (
        client.post("/v1/blocks/", body=body)
        if isinstance(client, Letta)
        else await client.post("/v1/blocks/", body=body)
    )
    assert made["value"] == "sam"
    assert [request.method for request in server.requests] == ["POST", "POST"]
    await close(client)


async def test_a_call_asks_once_more_and_not_twice(make: Make, server: EmbeddedServer) -> None:
    calls, ask = turning("a", "b", "c", NEW)
    client = make(api_key=ask)
    with pytest.raises(AuthenticationError) as caught:
        await get(client)
    assert (len(calls), len(server.requests), len(caught.value.attempts)) == (2, 2, 2)
    await close(client)


async def test_the_same_key_again_is_not_sent_again(make: Make, server: EmbeddedServer) -> None:
    calls, ask = turning(OLD)
    client = make(api_key=ask)
    with pytest.raises(AuthenticationError, match="the callable turning.*turn given as api_key has no other"):
        await get(client)
    assert (len(calls), len(server.requests)) == (2, 1)
    await close(client)


async def test_a_retry_asks_again(make: Make, server: EmbeddedServer) -> None:
    calls, ask = turning(NEW)
    client = make(api_key=ask)
    server.script(status=503, retry_after=0)
    assert await get(client) == []
    assert (len(calls), len(server.requests)) == (2, 2)
    await close(client)


@pytest.mark.parametrize("wrong", ["", " ", f"{NEW}\n", f"{NEW}é", f"{NEW}\0", None, 5, b"sk-new-MostSecret", [NEW]])
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_what_is_no_key_is_refused_before_anything_is_sent(
    make: Make, server: EmbeddedServer, kind: str, wrong: Any
) -> None:
    client = make(api_key=called(lambda: wrong, kind))
    with pytest.raises(APIKeyError, match="given as api_key returned cannot be sent: ") as caught:
        await get(client)
    assert len(server.requests) == 0
    error = caught.value
    ours = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    shown = [frame.locals for frame in ours if "letta_async" in frame.filename]
    assert "MostSecret" not in f"{error} {error!r} {shown}"
    assert "MostSecret" not in pickle.dumps(error).decode("latin-1")
    await close(client)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    "raised", [ValueError("no token service"), StopIteration(), StopAsyncIteration(), TimeoutError(), OSError(5, "x")]
)
async def test_what_a_callable_raises_is_an_error_of_ours_that_names_it(
    make: Make, server: EmbeddedServer, kind: str, raised: Exception
) -> None:
    def fetch() -> str:
        raise raised

    client = make(api_key=called(fetch, kind), deadline=30)
    name = "fetch" if kind == "sync" else "later"
    with pytest.raises(APIKeyError, match=rf"{name} given as api_key raised \w+") as caught:
        await get(client)
    assert isinstance(caught.value, APIError)
    assert isinstance(caught.value.__cause__, type(raised) | RuntimeError)  # what ends an iteration passes no coroutine
    assert len(server.requests) == 0
    await close(client)


async def test_what_a_callable_raises_when_asked_again_is_in_the_refusal(make: Make, server: EmbeddedServer) -> None:
    keys = iter([OLD])

    def fetch() -> str:
        for key in keys:
            return key
        raise ValueError("no token service")

    client = make(api_key=fetch)
    with pytest.raises(AuthenticationError, match="raised ValueError: no token service") as caught:
        await get(client)
    assert isinstance(caught.value.__cause__, APIKeyError)
    assert isinstance(caught.value.__cause__.__cause__, ValueError)
    await close(client)


async def test_a_cancellation_in_a_callable_stays_one(server: EmbeddedServer) -> None:
    def cancelled() -> str:
        raise asyncio.CancelledError

    async with AsyncLetta(base_url=server.base_url, api_key=cancelled) as client:
        with pytest.raises(asyncio.CancelledError):
            await client.get("/v1/agents/")


async def test_a_header_of_the_callers_own_goes_before(server: EmbeddedServer) -> None:
    calls, ask = turning(OLD)
    async with AsyncLetta(base_url=server.base_url, api_key=ask) as client:
        assert await client.get("/v1/agents/", extra_headers={"authorization": f"Bearer {NEW}"}) == []
        with pytest.raises(AuthenticationError, match="no API key was sent"):
            await client.get("/v1/agents/", extra_headers={"Authorization": None})
    async with AsyncLetta(
        base_url=server.base_url, api_key=ask, default_headers={"Authorization": f"Bearer {NEW}"}
    ) as client:
        assert await client.get("/v1/agents/") == []
    assert calls == []


async def test_copies_take_callables_and_files_or_leave_them(make: Make, server: EmbeddedServer, file: Path) -> None:
    client = make(api_key=turning(NEW)[1])
    assert await get(client.with_options(max_retries=1)) == []
    with pytest.raises(AuthenticationError):
        await get(client.with_options(api_key=OLD))
    copy = make(api_key=OLD).with_options(api_key=turning(NEW)[1])
    assert await get(copy) == []
    file.write_text(NEW, encoding="utf-8")
    assert await get(client.with_options(api_key=OLD).with_options(api_key_file=file)) == []
    with pytest.raises(InvalidArgumentError, match="api_key_file: excludes api_key"):
        client.with_options(api_key=OLD, api_key_file=file)
    await close(client)
    await close(copy._parent)
