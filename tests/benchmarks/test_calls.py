"""Every way of the benchmarks sends the same request: else it would not be the same call that is compared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from benchmarks import calls

ASYNC = [name for name in calls.async_ways() if name != calls.SOCKETS]
WITHOUT_SETTINGS = (calls.BARE, calls.OURS)
ANSWERS = ("prompt", '"prompt"')
"""The official client gives the JSON text out as it came."""


@asynccontextmanager
async def recording() -> AsyncGenerator[tuple[str, list[dict[str, Any]]], None]:
    """Serve a prompt to every request, and note what came."""
    seen: list[dict[str, Any]] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, path, _ = first.split()
            seen.append(
                {
                    "method": method,
                    "path": path,
                    "key": headers.get("authorization"),
                    "body": json.loads(body) if body else None,
                }
            )
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n"prompt"')

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.01)


def expected(body: dict[str, Any] | None) -> dict[str, Any]:
    path = f"/v1/conversations/{calls.CONVERSATION}/recompile"
    return {"method": "POST", "path": path, "key": "Bearer key", "body": body}


@pytest.mark.parametrize("name", ASYNC)
async def test_an_async_way_sends_the_request(name: str) -> None:
    async with recording() as (url, seen), calls.async_ways()[name](url) as call:
        assert await call() in ANSWERS
    settings = None if name in WITHOUT_SETTINGS else {"compaction_settings": calls.SETTINGS_JSON}
    assert seen == [expected(settings)]


@pytest.mark.parametrize("name", calls.sync_ways())
async def test_a_sync_way_sends_the_request(name: str) -> None:
    def once(url: str) -> object:
        with calls.sync_ways()[name](url) as call:
            return call()

    async with recording() as (url, seen):
        assert await asyncio.to_thread(once, url) in ANSWERS
    assert seen == [expected({"compaction_settings": calls.SETTINGS_JSON})]
