"""Tests of rows 43 to 45 and 49: a call is cancelled, times out, fails among many, or its client is closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from letta_async import APITimeoutError, AsyncLetta, ClientClosedError, Letta, LettaError
from tests.ids import CONVERSATION
from tests.waiting import PATIENCE, eventually

from .places import address_that_never_answers, name_that_hangs
from .scripts import answer, ok, says, stalls, stalls_at_once
from .server import PROMPT, Peer, Script, Server, good
from .tls import client_context

Run = Callable[[Any], Any]


async def _reads_nothing(peer: Peer) -> None:
    """Accept the connection, and read nothing for a while."""
    await asyncio.sleep(0.3)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


@attrs.frozen
class Stage:
    """A stage of a call, and how to stop a call there."""

    name: str
    script: Script = good
    scheme: str = "http"
    place: Any = None
    options: dict[str, Any] = attrs.field(factory=dict)
    body: str = "short"
    slot_taken: bool = False
    backs_off: bool = False

    def __str__(self) -> str:
        return self.name


STAGES = [
    Stage("waiting for a slot", stalls, slot_taken=True, options={"max_concurrency": 1}),
    Stage("resolving", place=name_that_hangs),
    Stage("connecting", place=address_that_never_answers),
    Stage("in the TLS handshake", stalls_at_once, scheme="https"),
    Stage("writing", _reads_nothing, body="x" * 20_000_000),
    Stage("reading headers", stalls),
    Stage("reading headers half", says(b"HTTP/1.1 200 OK\r\nContent-")),
    Stage("reading the body", says(ok(length=100))),
    Stage("reading a refusal's body", says(answer(500, b"{", length=100))),
    Stage("backing off", says(answer(503)), backs_off=True),
]


@attrs.define
class Scene:
    client: AsyncLetta
    server: Server
    stage: Stage
    backing_off: int = 0

    async def call(self) -> Any:
        """Make the call that is stopped at a stage."""
        return await self.client.get("/v1/x", extra_body={"text": self.stage.body}, timeout=None)

    async def get_stuck(self, count: int = 1) -> list[asyncio.Task[Any]]:
        """Start calls, and wait until they have reached the stage."""
        tasks = [asyncio.ensure_future(self.call()) for _ in range(count + self.stage.slot_taken)]
        await _until(lambda: self._is_stuck(count))
        await asyncio.sleep(0.01)
        assert not [task for task in tasks if task.done()]
        return tasks

    def _is_stuck(self, count: int) -> bool:
        stage, stats = self.stage, self.client.stats
        if stage.backs_off:
            return self.backing_off == count
        if stage.slot_taken:
            return stats.waiting == count and bool(self.server.requests)  # that of the call which holds the slot
        if stage.place is not None:
            return stats.in_flight > 0
        if stage.script in (stalls_at_once, _reads_nothing):
            return self.server.connections > 0
        return len(self.server.requests) == stats.in_flight > 0  # all that were sent have arrived

    async def back_off(self, _: float) -> None:
        self.backing_off += 1
        await asyncio.sleep(10)

    def nothing_held(self) -> bool:
        binding = self.client._transport._binding
        assert binding is not None
        return not binding.session.connector._acquired and all(
            not limiter.in_flight and not limiter.waiting for limiter in binding.limiters
        )


@pytest.fixture(params=STAGES, ids=str)
def scene(request: pytest.FixtureRequest, server: Server) -> Iterator[Scene]:
    stage: Stage = request.param
    server.follow(stage.script)
    options = dict(stage.options)
    with ExitStack() as stack:
        url = server.url if stage.place is None else stack.enter_context(stage.place())
        if stage.scheme == "https":
            url, options["ssl_context"] = f"https://{server.host}", client_context()
        scene = Scene(AsyncLetta(base_url=url, **options), server, stage)
        if stage.backs_off:
            scene.client._transport.retries.sleep = scene.back_off
        yield scene


# --- row 43: cancelled ------------------------------------------------------------------------------------------------


def test_a_cancelled_call_ends_as_cancelled_and_leaves_nothing(scene: Scene, run: Run) -> None:
    async def main() -> None:
        async with scene.client:
            tasks = await scene.get_stuck()
            sent = len(scene.server.requests)
            for task in reversed(tasks):
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(type(end) is asyncio.CancelledError for end in ends), ends
            assert all(task.cancelled() for task in tasks)
            assert scene.nothing_held()
            await asyncio.sleep(0.02)
            assert len(scene.server.requests) == sent
            if scene.stage.place is None and scene.stage.scheme == "http":
                scene.server.follow(good)
                assert await scene.client.conversations.recompile(CONVERSATION) == PROMPT

    run(main())


def test_a_cancelled_gather_leaves_nothing(server: Server, run: Run) -> None:
    server.follow(stalls)

    async def main() -> None:
        async with AsyncLetta(base_url=server.url, concurrency=20) as client:
            calls = asyncio.gather(*(client.conversations.recompile(CONVERSATION) for _ in range(200)))
            await _until(lambda: len(server.requests) == 20)
            calls.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calls
            await asyncio.sleep(0.02)
            assert len(server.requests) == 20
            assert client.stats.in_flight == client.stats.waiting == 0
            assert eventually(lambda: server.open_connections == 0)
            server.follow(good)
            assert await client.conversations.recompile(CONVERSATION) == PROMPT

    run(main())


# --- row 44: two timers at once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [-0.002, 0.0, 0.002])
@pytest.mark.parametrize("bound", ["deadline", "timeout"])
def test_the_callers_timeout_is_not_swallowed_by_ours(lead: float, bound: str, server: Server, run: Run) -> None:
    server.follow(stalls)

    async def main() -> str:
        async with AsyncLetta(base_url=server.url, max_retries=0, **{bound: 0.1}) as client:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None
            loop.call_later(0.095, time.sleep, 0.02)  # both are due when the loop is back
            end = "nothing"
            try:
                async with asyncio.timeout(0.1 + lead):
                    try:
                        await client.conversations.recompile(CONVERSATION)
                    except APITimeoutError:
                        end = "ours"
                        await asyncio.sleep(0.05)  # the caller's own must still come
            except TimeoutError as error:
                end += f", {'ours' if isinstance(error, LettaError) else 'the caller'}'s"
            assert task.cancelling() == 0
            return end

    assert run(main()) in ("nothing, the caller's", "ours, the caller's")


@pytest.mark.parametrize("bound", ["deadline", "timeout"])
def test_a_cancellation_at_the_moment_of_a_timeout_wins(bound: str, server: Server, run: Run) -> None:
    server.follow(stalls)

    async def main() -> None:
        async with AsyncLetta(base_url=server.url, max_retries=0, **{bound: 0.1}) as client:
            task = asyncio.ensure_future(client.conversations.recompile(CONVERSATION))
            loop = asyncio.get_running_loop()
            loop.call_later(0.095, time.sleep, 0.02)
            loop.call_later(0.0999, task.cancel)
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())


def test_the_deadline_bounds_all_tries_and_waits(server: Server, run: Run) -> None:
    server.follow(says(answer(503)))

    async def main() -> None:
        async with AsyncLetta(base_url=server.url, deadline=0.2, max_retries=1000) as client:
            started = time.monotonic()
            with pytest.raises(LettaError) as caught:
                await client.conversations.recompile(CONVERSATION)
            assert time.monotonic() - started < 2  # so many tries would take hours
            attempts = caught.value.attempts
            answered = [each for each in attempts if each.error.startswith("InternalServerError: 503")]
            under_way = attempts[len(answered) :]  # when the deadline passed, and perhaps not received yet
            assert [each.error[:28] for each in under_way] in ([], ["APITimeoutError: the deadlin"])
            assert len(answered) <= len(server.requests) <= len(attempts)

    run(main())


# --- row 45: closed upon ----------------------------------------------------------------------------------------------


def test_a_call_under_way_is_told_that_the_client_was_closed(scene: Scene, run: Run) -> None:
    async def main() -> None:
        tasks = await scene.get_stuck(count=5)
        await asyncio.wait_for(scene.client.close(), 1)
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1)
        assert all(type(end) is ClientClosedError for end in ends), ends
        assert all("closed while this call was under way" in str(end) for end in ends)
        sent = len(scene.server.requests)
        await asyncio.sleep(0.02)
        assert len(scene.server.requests) == sent

    run(main())


@pytest.mark.parametrize("concurrency", [2, 50])
def test_calls_of_many_threads_are_told_that_the_client_was_closed(concurrency: int, server: Server) -> None:
    server.follow(stalls)
    client = Letta(base_url=server.url, concurrency=concurrency)

    def attempt(_: int) -> object:
        try:
            return client.conversations.recompile(CONVERSATION)
        except BaseException as error:
            return error

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(20) as threads:
        ends = [threads.submit(attempt, number) for number in range(20)]
        assert eventually(lambda: len(server.requests) == min(concurrency, 20))
        client.close()
        kinds = {type(end.result(1)) for end in ends}
    assert kinds == {ClientClosedError}
    with pytest.raises(ClientClosedError, match="the client is closed; make a new one"):
        client.conversations.recompile(CONVERSATION)


def test_an_answer_that_came_before_the_close_is_given(server: Server, run: Run) -> None:
    async def main() -> None:
        client = AsyncLetta(base_url=server.url)
        assert await client.conversations.recompile(CONVERSATION) == PROMPT
        await client.close()
        await client.close()
        with pytest.raises(ClientClosedError, match="the client is closed; make a new one"):
            await client.conversations.recompile(CONVERSATION)

    run(main())


def test_closing_may_be_cancelled(server: Server, run: Run) -> None:
    async def main() -> None:
        client = AsyncLetta(base_url=server.url)
        await client.conversations.recompile(CONVERSATION)
        closing = asyncio.ensure_future(client.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

    run(main())
    assert server.all_closed()


def test_closing_a_client_that_was_never_used_is_nothing(run: Run) -> None:
    run(AsyncLetta(base_url="http://127.0.0.1:1").close())
    Letta(base_url="http://127.0.0.1:1").close()


# --- row 49: one of many fails ----------------------------------------------------------------------------------------


def test_one_call_of_a_gather_fails_and_the_others_finish(server: Server, run: Run) -> None:
    async def third_fails(peer: Peer) -> None:
        while True:
            seen = await peer.request()
            await peer.send(answer(404) if seen.target.endswith("/3") else ok())

    server.follow(third_fails)

    async def main() -> None:
        async with AsyncLetta(base_url=server.url) as client:
            tasks = [asyncio.ensure_future(client.get(f"/v1/{number}")) for number in range(20)]
            with pytest.raises(LettaError, match="/v1/3: 404"):
                await asyncio.gather(*tasks)
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert [number for number, end in enumerate(ends) if end != PROMPT] == [3]

    run(main())
