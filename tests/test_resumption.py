"""Streams of background runs over connections that break: every event once, in order, and every turn sent once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letta_async import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AssistantMessage,
    AsyncLetta,
    ClientClosedError,
    Letta,
    NotFoundError,
    RetryPolicy,
    StreamError,
    Timeout,
)
from tests.faults.scripts import answer
from tests.faults.server import Peer, Server
from tests.run_server import (
    AGENT,
    AT_ONCE,
    CONVERSATION,
    END,
    NUMBERED,
    RUN,
    TYPE,
    WHOLE,
    RunServer,
    event,
    piece,
    streamed,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(min_value=0, max_value=sum(map(len, [*NUMBERED, *END]))), max_size=3))
async def test_nothing_is_lost_and_nothing_comes_twice_wherever_connections_break(far: Server, cuts: list[int]) -> None:
    far.follow(script := RunServer(list(cuts)))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        events = await streamed(client)
        assert client.stats.in_flight == 0
    assert list(map(type, events)) == WHOLE
    assert "".join(e.content for e in events if isinstance(e, AssistantMessage)) == "2 3 4 5 6 "
    assert script.turns == 1


@pytest.mark.parametrize("number", range(len(NUMBERED) + len(END)))
def test_the_sync_client_resumes_too_at_every_boundary(far: Server, number: int) -> None:
    far.follow(script := RunServer([len(b"".join([*NUMBERED, *END][:number]))]))
    with Letta(base_url=far.url, retry=AT_ONCE) as client:
        stream = client.agents.messages.stream(AGENT, input="x", background=True)
        assert list(map(type, stream)) == WHOLE
    assert script.turns == 1


async def test_a_response_that_never_came_is_found_by_the_otid_of_the_message(far: Server) -> None:
    far.follow(script := RunServer(heads=1))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        assert list(map(type, await streamed(client))) == WHOLE
    sent, again = (json.loads(request.body) for request in far.requests)
    assert sent["messages"][0]["content"] == "x"
    assert again == {"agent_id": AGENT, "otid": sent["messages"][0]["otid"]}
    assert (script.turns, [request.target for request in far.requests][1]) == (1, "/v1/conversations/default/stream")


async def test_a_run_that_is_not_found_is_the_error_that_lost_it(far: Server) -> None:
    far.follow(script := RunServer(heads=1, is_known=False))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        with pytest.raises(APIConnectionError):
            await streamed(client)
    assert script.turns == 1


async def test_a_conversations_turn_is_sent_again_since_the_server_knows_it(far: Server) -> None:
    far.follow(script := RunServer(heads=1))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        made = client.conversations.messages.create(CONVERSATION, input="x", background=True)
        assert list(map(type, [event async for event in made])) == WHOLE
    assert script.turns == 2
    assert len({json.loads(request.body)["messages"][0]["otid"] for request in far.requests}) == 1


@pytest.mark.parametrize("options", [{"resume": False}, {"background": False}])
async def test_without_resumption_the_error_says_how_far_it_came(far: Server, options: dict[str, Any]) -> None:
    pinged = [*NUMBERED[:3], NUMBERED[0], *NUMBERED[3:], *END]  # as the server repeats the number of its first ping
    far.follow(script := RunServer([len(b"".join(pinged[:4])) + 5], events=pinged))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        made = client.agents.messages.stream(AGENT, input="x", **{"background": True, **options})
        with pytest.raises(APIConnectionError) as caught:
            [event async for event in made]
    assert (caught.value.run_id, caught.value.seq_id, len(caught.value.events)) == (RUN, 3, 4)
    assert (script.turns, len(far.requests)) == (1, 1)


async def test_a_line_that_breaks_again_and_again_without_an_event_is_given_up(far: Server) -> None:
    far.follow(RunServer([len(NUMBERED[0])] + [0] * 20))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        with pytest.raises(APIConnectionError) as caught:
            await streamed(client)
    assert len(far.requests) == 1 + AT_ONCE.max_retries
    assert caught.value.run_id == RUN


async def test_one_that_breaks_after_each_event_is_not(far: Server) -> None:
    far.follow(RunServer([len(part) for part in NUMBERED]))
    async with AsyncLetta(base_url=far.url, retry=attrs.evolve(AT_ONCE, max_retries=1)) as client:
        assert list(map(type, await streamed(client))) == WHOLE
    assert len(far.requests) == len(NUMBERED) + 1


async def test_the_deadline_bounds_all_connections_together(far: Server) -> None:
    async def silent(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, NUMBERED[0], TYPE, length=9999))
        await peer.stall()

    far.follow(silent)
    async with AsyncLetta(base_url=far.url, retry=attrs.evolve(AT_ONCE, max_retries=99), deadline=0.4) as client:
        with pytest.raises(APITimeoutError, match=r"the deadline of 0\.4 s passed"):
            await streamed(client, timeout=0.15)
    assert 2 <= len(far.requests) <= 4


async def test_closing_the_client_ends_the_wait_before_a_resumption(far: Server) -> None:
    far.follow(RunServer([len(NUMBERED[0])] + [0] * 20))
    client = AsyncLetta(base_url=far.url, retry=RetryPolicy(initial_delay=1e6, max_delay=1e6))
    waiting = asyncio.Event()

    async def sleep(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    client._transport.retries.sleep = sleep
    task = asyncio.ensure_future(streamed(client))
    await waiting.wait()
    await client.close()
    with pytest.raises(ClientClosedError):
        await task


async def test_a_run_that_fails_is_a_stream_error_also_after_a_resumption(far: Server) -> None:
    failing = [
        *NUMBERED[:3],
        b"event: error\n" + event(message_type="error_message", run_id=RUN, error_type="llm_error"),
    ]
    far.follow(RunServer([len(failing[0])], events=failing))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        with pytest.raises(StreamError) as caught:
            await streamed(client)
    assert (caught.value.run_id, caught.value.seq_id, len(caught.value.events)) == (RUN, 3, 3)


async def test_a_run_that_is_gone_is_the_servers_own_error(far: Server) -> None:
    async def forgetful(peer: Peer) -> None:
        while "/runs/" not in (await peer.request()).target:
            await peer.send(answer(200, NUMBERED[0], TYPE, length=999))
            await peer.close()
        await peer.send(answer(404, b'{"detail": "Run not found"}'))

    far.follow(forgetful)
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        with pytest.raises(NotFoundError, match="Run not found"):
            await streamed(client)


async def test_the_stream_of_a_run_is_resumed_from_where_it_is(far: Server) -> None:
    far.follow(RunServer([len(b"".join(NUMBERED[3:4]))]))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        events = [event async for event in client.runs.messages.stream(RUN, starting_after=3)]
    assert [event.seq_id for event in events[:3]] == [4, 5, 6]
    assert [json.loads(request.body)["starting_after"] for request in far.requests] == [3, 4]


# --- what no server should send, and what programs do to a stream -----------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        event(message_type=[], id="message-2"),
        event(message_type="ping", seq_id="1", run_id=[]),
        piece(0, "").replace(b'"seq_id": 0', b'"seq_id": "x"'),
        piece(0, "").replace(b'"seq_id": 0', b'"seq_id": null').replace(RUN.encode(), b""),
    ],
)
async def test_numbers_and_ids_of_the_wrong_type_are_no_more_than_that(far: Server, odd: bytes) -> None:
    far.follow(RunServer([len(NUMBERED[0] + odd)], events=[NUMBERED[0], odd, *NUMBERED[1:], *END]))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        events = await streamed(client)
        assert client.stats.in_flight == 0
    assert "".join(e.content for e in events if isinstance(e, AssistantMessage)) == "2 3 4 5 6 "
    assert list(map(type, events[-2:])) == WHOLE[-2:]


async def test_an_id_that_is_none_of_a_run_leaves_the_error_that_broke_the_stream(far: Server) -> None:
    far.follow(RunServer([len(NUMBERED[0])], events=[NUMBERED[0].replace(RUN.encode(), b"r" * len(RUN)), *END]))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        with pytest.raises(APIConnectionError, match="the connection broke"):
            await streamed(client)


async def test_events_that_were_not_asked_for_are_not_asked_for_by_a_resumption_either(far: Server) -> None:
    async def repeating(peer: Peer) -> None:
        after = json.loads((await peer.request()).body)["starting_after"]
        body = b"".join([NUMBERED[0], *NUMBERED[after:], *END])  # the number of the ping is that of the first one
        cut = len(NUMBERED[0]) if len(far.requests) == 1 else len(body)
        await peer.send(answer(200, body[:cut], TYPE, length=len(body)))
        await peer.close()

    far.follow(repeating)
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        events = [event async for event in client.runs.messages.stream(RUN, starting_after=3)]
    assert [event.seq_id for event in events if isinstance(event, AssistantMessage)] == [4, 5, 6]


async def test_reads_that_are_cancelled_do_not_use_up_the_resumptions(far: Server) -> None:
    far.follow(RunServer([len(NUMBERED[0])]))
    async with AsyncLetta(base_url=far.url, retry=attrs.evolve(AT_ONCE, max_retries=1)) as client:
        waiting, going_on = asyncio.Event(), asyncio.Event()

        async def sleep(_: float) -> None:
            waiting.set()
            await going_on.wait()

        client._transport.retries.sleep = sleep
        stream = client.agents.messages.stream(AGENT, input="x", background=True)
        events = [await anext(stream)]
        for _ in range(5):
            read = asyncio.ensure_future(anext(stream))
            await waiting.wait()
            read.cancel()
            with pytest.raises(asyncio.CancelledError):
                await read
        going_on.set()
        events += [event async for event in stream]
    assert list(map(type, events)) == WHOLE
    assert len(far.requests) == 2


async def test_only_one_task_reads_also_during_a_resumption(far: Server) -> None:
    far.follow(RunServer([len(NUMBERED[0])]))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        waiting, going_on = asyncio.Event(), asyncio.Event()

        async def sleep(_: float) -> None:
            waiting.set()
            await going_on.wait()

        client._transport.retries.sleep = sleep
        stream = client.agents.messages.stream(AGENT, input="x", background=True)
        events = [await anext(stream)]
        read = asyncio.ensure_future(anext(stream))
        await waiting.wait()
        with pytest.raises(APIError, match="by another task"):
            await anext(stream)
        going_on.set()
        events += [await read, *[event async for event in stream]]
        assert client.stats.in_flight == 0
    assert list(map(type, events)) == WHOLE
    assert len(far.requests) == 2


async def test_closing_a_stream_ends_its_resumption(far: Server) -> None:
    far.follow(RunServer([len(NUMBERED[0])]))
    async with AsyncLetta(base_url=far.url, retry=AT_ONCE) as client:
        waiting = asyncio.Event()

        async def sleep(_: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

        client._transport.retries.sleep = sleep
        stream = client.agents.messages.stream(AGENT, input="x", background=True)
        await anext(stream)
        read = asyncio.ensure_future(anext(stream))
        await waiting.wait()
        await stream.close()
        with pytest.raises(StopAsyncIteration):
            await read
    assert len(asyncio.all_tasks()) == 1


async def test_pings_alone_are_no_progress_either_where_they_do_not_count(far: Server) -> None:
    async def pinging(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, NUMBERED[0], TYPE, length=10**6))
        await peer.stall()

    far.follow(pinging)
    async with AsyncLetta(base_url=far.url, retry=attrs.evolve(AT_ONCE, max_retries=2)) as client:
        with pytest.raises(APITimeoutError, match="nothing but pings"):
            await asyncio.wait_for(streamed(client, timeout=Timeout(0.1, pings=False)), 5)
    assert len(far.requests) == 3
