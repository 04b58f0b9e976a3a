"""Turns that the server refuses: a busy conversation is waited for if asked to, a provider's 401 is told apart."""

from __future__ import annotations

from typing import Any

import pytest

from letta_async import AsyncLetta, AuthenticationError, ConflictError, LettaResponse, LettaStopReason
from tests.faults.scripts import answer
from tests.faults.server import Peer, Server
from tests.test_turns import AGENT, CONVERSATION

BUSY = (
    b'{"detail":"CONFLICT: Cannot send a new message: Another request (run_id=run-1) is currently being processed for '
    b'this conversation. Please wait for it to complete.","run_id":"run-1"}'
)
PENDING = (
    b'{"detail":{"code":"PENDING_APPROVAL","message":"CONFLICT: Cannot send a new message: The agent is waiting"}}'
)
WHOLE = b'{"messages": [], "stop_reason": {"stop_reason": "end_turn"}, "usage": {}}'


def conflicts(number: int, body: bytes = BUSY) -> Any:
    """Return a script that answers 409 to a number of requests, and then with a whole turn."""
    left = [number]

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            left[0] -= 1
            await peer.send(answer(409, body) if left[0] >= 0 else answer(200, WHOLE))

    return script


async def turn(client: AsyncLetta, **options: Any) -> LettaResponse:
    return await client.conversations.messages.create(CONVERSATION, input="x", streaming=False, **options)


async def test_a_busy_conversation_is_waited_for(far: Server) -> None:
    far.follow(conflicts(9))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with AsyncLetta(base_url=far.url, max_retries=0) as client:
        client._transport.retries.sleep = sleep
        assert (await turn(client, wait_if_busy=60)).stop_reason == LettaStopReason(stop_reason="end_turn")
    assert len(far.requests) == 10
    assert len(waits) == 9
    assert all(0.1 <= wait <= 2 for wait in waits)
    assert waits[0] <= 0.5


async def test_it_is_not_waited_for_unasked_nor_too_long(far: Server) -> None:
    far.follow(conflicts(10**6))

    async def sleep(_: float) -> None:
        return

    async with AsyncLetta(base_url=far.url) as client:
        client._transport.retries.sleep = sleep
        with pytest.raises(ConflictError, match="currently being processed"):
            await turn(client)
        assert len(far.requests) == 1
        with pytest.raises(ConflictError) as caught:
            await turn(client, wait_if_busy=0.1)
        assert len(caught.value.attempts) == len(far.requests) - 1 > 1


async def test_an_approval_is_not_waited_for(far: Server) -> None:
    far.follow(conflicts(1, PENDING))
    async with AsyncLetta(base_url=far.url) as client:
        with pytest.raises(ConflictError, match="waiting"):
            await turn(client, wait_if_busy=60)
    assert len(far.requests) == 1


async def test_other_failures_meanwhile_keep_to_the_retry_policy(far: Server) -> None:
    answers = [answer(409, BUSY), answer(503, b"{}", "Retry-After: 0"), answer(409, BUSY), answer(200, WHOLE)]

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answers.pop(0))

    far.follow(script)

    async def sleep(_: float) -> None:
        return

    async with AsyncLetta(base_url=far.url, max_retries=1) as client:
        client._transport.retries.sleep = sleep
        await turn(client, wait_if_busy=60)
    assert answers == []


async def test_a_raw_call_that_meets_a_stream_says_that_the_server_has_acted(far: Server) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, b"data: {}\n\n", "Content-Type: text/event-stream", length=999))
        await peer.stall()

    far.follow(script)
    async with AsyncLetta(base_url=far.url) as client:
        with pytest.raises(Exception, match=r"is an event stream.*client\.agents\.messages\.stream.*has processed"):
            await client.post(f"/v1/agents/{AGENT}/messages", body={"input": "x", "streaming": True})
        assert client.stats.in_flight == 0


@pytest.mark.parametrize("key", [None, "k", lambda: "k"], ids=["none", "text", "callable"])
async def test_a_providers_401_is_not_taken_for_a_wrong_key_of_ours(far: Server, key: Any) -> None:
    refused = b'{"error":{"type":"llm_authentication","message":"Authentication failed.","detail":"x"}}'

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(401, refused))

    far.follow(script)
    async with AsyncLetta(base_url=far.url, api_key=key) as client:
        with pytest.raises(
            AuthenticationError, match="model's provider rejected the key that the server has"
        ) as caught:
            await turn(client)
    assert "no API key was sent" not in str(caught.value)
    assert len(far.requests) == 1
