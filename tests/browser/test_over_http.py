"""The chat's HTTP face: what a browser's script gets, and what the Letta server sees when it leaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.browser.letta_server import CONVERSATION, LettaServer

MESSAGES = f"/conversations/{CONVERSATION}/messages"


@pytest.fixture
async def caller(chat: str) -> Any:
    async with httpx.AsyncClient(base_url=chat, timeout=10, trust_env=False) as client:
        yield client


async def objects(response: httpx.Response) -> Any:
    async for line in response.aiter_lines():
        if line:
            yield json.loads(line)


async def test_the_page_is_served(caller: httpx.AsyncClient) -> None:
    page = await caller.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<!doctype html>" in page.text


async def test_each_piece_arrives_before_the_next_is_there(caller: httpx.AsyncClient, letta: LettaServer) -> None:
    assert (await caller.post("/conversations")).json() == {"id": CONVERSATION}
    async with caller.stream("POST", MESSAGES, json={"text": "Hello"}) as response:
        said = objects(response)
        for piece in ("one", " two"):
            letta.send(piece)
            assert await anext(said) == {"text": piece}
        letta.end()
        assert [each async for each in said] == [{"end": "end_turn"}]
    assert letta.texts == ["Hello"]
    assert (await caller.get(MESSAGES)).json() == [
        {"who": "you", "text": "Hello"},
        {"who": "agent", "text": "one two"},
    ]


async def test_a_caller_that_leaves_ends_the_stream(caller: httpx.AsyncClient, letta: LettaServer) -> None:
    async with caller.stream("POST", MESSAGES, json={"text": "Hello"}) as response:
        letta.send("one")
        assert await anext(objects(response)) == {"text": "one"}
        assert not letta.left.is_set()
    await asyncio.wait_for(letta.left.wait(), 10)
    assert letta.cancelled == 0


async def test_stop_ends_the_turn(caller: httpx.AsyncClient, letta: LettaServer) -> None:
    stop = f"/conversations/{CONVERSATION}/cancel"
    async with caller.stream("POST", MESSAGES, json={"text": "Hello"}) as response:
        said = objects(response)
        letta.send("one")
        await anext(said)
        assert (await caller.post(stop)).json() == {"stopped": True}
        assert [each async for each in said] == [{"end": "cancelled"}]
    assert (await caller.post(stop)).json() == {"stopped": False}


async def test_a_failure_in_a_stream_is_a_line_of_it(caller: httpx.AsyncClient, letta: LettaServer) -> None:
    async with caller.stream("POST", MESSAGES, json={"text": "Hello"}) as response:
        letta.send("one")
        letta.fail()
        said = [each async for each in objects(response)]
    assert response.status_code == 200
    assert [list(each) for each in said] == [["text"], ["error"]]
    assert "secret" not in str(said)


async def test_a_failure_before_the_stream_is_a_status(caller: httpx.AsyncClient) -> None:
    unknown = "/conversations/conv-11111111-1111-4111-8111-111111111111/messages"
    assert (await caller.post(unknown, json={"text": "Hello"})).status_code == 404
    assert (await caller.post("/conversations/typo/messages", json={"text": "Hello"})).status_code == 422
    assert (await caller.post(MESSAGES, json={"text": ""})).status_code == 422
