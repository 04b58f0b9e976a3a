"""A callable may use the clients itself, on whatever thread, loop or process."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest

from letta_async import (
    APIKeyError,
    AsyncLetta,
    ClientClosedError,
    Letta,
    LettaError,
)
from letta_async.testing import EmbeddedServer
from tests.waiting import eventually

from .source import NEW, OLD, called, turning


def test_a_callable_may_use_letta_itself(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url, api_key=NEW) as other:

        def fetch() -> str:
            assert other.get("/v1/agents/") == []
            assert own.get("/v1/agents/") == []
            return NEW

        with Letta(base_url=server.base_url, api_key=fetch, concurrency=1) as client:
            own = client.with_options(api_key=NEW)
            assert client.get("/v1/agents/") == []


async def test_a_callable_may_use_a_copy_though_every_slot_is_taken(server: EmbeddedServer) -> None:
    async def fetch() -> str:
        await own.get("/v1/agents/")
        return NEW

    async with AsyncLetta(base_url=server.base_url, api_key=fetch, concurrency=1) as client:
        own = client.with_options(api_key=NEW)
        assert await asyncio.gather(*(client.get("/v1/agents/") for _ in range(10))) == [[]] * 10


def test_a_callable_that_waits_for_its_own_client_is_told_so(server: EmbeddedServer) -> None:
    clients: list[Letta] = []
    with Letta(base_url=server.base_url, api_key=lambda: str(clients[0].get("/v1/agents/"))) as client:
        clients.append(client)
        with pytest.raises(APIKeyError, match="makes a call on the client that waits for the key"):
            client.get("/v1/agents/")


async def test_a_callable_that_awaits_its_own_client_is_told_so(server: EmbeddedServer) -> None:
    clients: list[AsyncLetta] = []

    async def fetch() -> str:
        return str(await clients[0].with_options(timeout=1).get("/v1/agents/"))

    async with AsyncLetta(base_url=server.base_url, api_key=fetch) as client:
        clients.append(client)
        with pytest.raises(APIKeyError, match="makes a call on the client that waits for the key"):
            await client.get("/v1/agents/")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_closing_ends_a_call_that_waits_for_its_key(server: EmbeddedServer, kind: str) -> None:
    asked, go = threading.Event(), threading.Event()

    def blocking() -> str:
        asked.set()
        go.wait(30)
        return NEW

    async def pending() -> str:
        asked.set()
        await asyncio.Event().wait()
        return NEW

    errors: list[BaseException] = []
    client = Letta(base_url=server.base_url, api_key=blocking if kind == "sync" else pending)

    def call() -> None:
        try:
            client.get("/v1/agents/")
        except LettaError as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    asked.wait(30)
    client.close()
    caller.join(30)
    go.set()
    assert [type(error) for error in errors] == [ClientClosedError]
    assert eventually(lambda: not any(thread.name.startswith("letta") for thread in threading.enumerate()))


def test_threads_share_a_renewal(server: EmbeddedServer, file: Path) -> None:
    with Letta(base_url=server.base_url, api_key_file=file) as client:
        file.write_text(NEW, encoding="utf-8")
        results: list[object] = []
        threads = [threading.Thread(target=lambda: results.append(client.get("/v1/agents/"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [[]] * 20
        assert client._config.keys is not None
        assert client._config.keys._renewals == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_forked_child_asks_for_itself(server: EmbeddedServer, kind: str) -> None:
    _, ask = turning(OLD, NEW)
    with Letta(base_url=server.base_url, api_key=called(ask, kind)) as client:
        assert client.get("/v1/agents/") == []
        child = os.fork()
        if child == 0:
            os._exit(0 if client.get("/v1/agents/") == [] else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert client.get("/v1/agents/") == []


def test_a_second_loop_asks_as_the_first_did(server: EmbeddedServer) -> None:
    calls, ask = turning(OLD, NEW, OLD, NEW)
    client = AsyncLetta(base_url=server.base_url, api_key=called(ask, "async"))

    async def main() -> object:
        try:
            return await asyncio.gather(client.get("/v1/agents/"))
        finally:
            await client._transport.close()
            client._transport.closed = False

    assert asyncio.run(main()) == asyncio.run(main()) == [[]]
    assert len(calls) == 4
