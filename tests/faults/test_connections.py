"""Tests of slots, file descriptors, and reused connections."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from letta_async import APIConnectionError, APITimeoutError
from tests.ids import CONVERSATION

from .driver import Driver
from .scripts import ok, says, takes
from .server import PROMPT, RIGHT, Peer, Script, Server, good

Drive = Callable[..., Driver]


def _recompile(client: Any) -> Any:
    return client.conversations.recompile(CONVERSATION)


def _create(client: Any) -> Any:
    return client.post("/v1/agents/", body={"name": "Sam"}, cast_to=str)


def ends_when_reused(how: str, pause: float = 0.0) -> Script:
    """Respond to the first request of a connection, and close it on the second."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(pause)  # calls made together do not reuse each other's connections
        await peer.send(RIGHT)
        await peer.request()
        if how == "closed":
            await peer.close()
        else:
            peer.reset()

    return script


# --- row 4: no free slot ----------------------------------------------------------------------------------------------


def test_waiting_for_a_slot_does_not_count_as_a_try(server: Server, drive: Drive) -> None:
    driver = drive(server.url, max_concurrency=1)
    server.follow(takes(0.2))
    slow, quick = driver.together(
        lambda client: client.conversations.recompile(CONVERSATION, timeout=5),
        lambda client: client.conversations.recompile(CONVERSATION, timeout=0.3),
    )
    assert (slow, quick) == (PROMPT, PROMPT)
    assert len(server.requests) == 2


def test_waiting_for_a_slot_counts_for_the_deadline(server: Server, drive: Drive) -> None:
    driver = drive(server.url, max_concurrency=1)
    server.follow(takes(0.3))
    held_up = threading.Event()

    def first(client: object) -> object:
        held_up.set()
        return client.conversations.recompile(CONVERSATION)  # type: ignore[attr-defined]

    def second(client: object) -> object:
        held_up.wait(1)
        time.sleep(0 if type(client).__name__ == "AsyncLetta" else 0.1)
        return client.with_options(deadline=0.1).conversations.recompile(CONVERSATION)  # type: ignore[attr-defined]

    answer, error = driver.together(first, second)
    assert answer == PROMPT
    assert isinstance(error, APITimeoutError)
    assert "the deadline of 0.1 s passed" in str(error)
    assert len(server.requests) == 1


# --- row 6: out of descriptors ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def starving() -> Iterator[Callable[[], None]]:
    """Use up all file descriptors, until the end or until the yielded function is called."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _without_descriptors(driver: Driver, call: Callable[[Any], Any], until: int | None = None) -> Any:
    """Make a call while there is no descriptor, which is released after a number of waits."""
    sleep = driver.client._transport.retries.sleep
    with contextlib.ExitStack() as stack:

        def starve(client: Any) -> Any:  # once the loop runs: uvloop wants two descriptors to begin with
            relent = stack.enter_context(starving())

            async def wait(seconds: float) -> None:
                await sleep(seconds)
                if len(driver.waits) == until:
                    relent()

            client._transport.retries.sleep = wait
            return call(client)

        try:
            return driver.call(starve)
        finally:
            driver.client._transport.retries.sleep = sleep


@pytest.fixture
def starved(server: Server, drive: Drive) -> Driver:
    """Return a driver without retries, whose loop runs, but which has no open connection."""
    driver = drive(server.url, max_retries=0)
    server.follow(says(ok(b'"You are Sam."', "Connection: close")))
    assert driver.recompile() == PROMPT
    return driver


@pytest.mark.parametrize("call", [_recompile, _create])
def test_a_lack_of_descriptors_that_passes_is_waited_for_also_without_retries(
    call: Callable[[Any], Any], server: Server, starved: Driver
) -> None:
    tokens = starved.client._transport.retries.budget.tokens
    assert _without_descriptors(starved, call, until=4) == PROMPT
    assert len(server.requests) == 2
    assert len(starved.waits) == 4
    assert starved.client._transport.retries.budget.tokens >= tokens


def test_a_lack_of_descriptors_that_stays_is_told(server: Server, starved: Driver) -> None:
    with pytest.raises(APIConnectionError, match="no file descriptor is left; lower max_concurrency") as caught:
        _without_descriptors(starved, _recompile)
    assert len(caught.value.attempts) == 7
    assert starved.client.stats.limit == 1
    assert len(server.requests) == 1
    assert starved.recompile() == PROMPT


def test_the_deadline_bounds_the_wait_for_a_descriptor(starved: Driver) -> None:
    starved.client._transport.retries.rng = mock.Mock(uniform=max)
    with pytest.raises(APIConnectionError, match="no file descriptor is left"):
        _without_descriptors(starved, lambda client: _recompile(client.with_options(deadline=0.49)))
    assert starved.waits == []


# --- rows 29 and 30: used again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_connection_that_ends_when_it_is_used_again_costs_no_retry(how: str, server: Server, drive: Drive) -> None:
    driver = drive(server.url, max_retries=0)
    server.follow(ends_when_reused(how))
    for _ in range(4):
        assert driver.recompile() == PROMPT
    assert len(server.requests) == 7
    assert driver.client._transport.retries.made == 0
    assert driver.waits == []


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_what_must_not_be_done_twice_is_not_sent_twice(how: str, server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    server.follow(ends_when_reused(how))
    assert driver.create() == PROMPT
    with pytest.raises(APIConnectionError, match="the connection broke"):
        driver.create()
    assert len(server.requests) == 2


def test_a_server_that_ends_every_used_connection_does_not_get_the_request_for_ever(
    server: Server, drive: Drive
) -> None:
    driver = drive(server.url, concurrency=20, max_retries=0)
    server.follow(ends_when_reused("closed", pause=0.1))
    assert driver.together(*[lambda client: client.conversations.recompile(CONVERSATION)] * 20) == [PROMPT] * 20
    before = len(server.requests)
    with pytest.raises(APIConnectionError, match="the connection broke"):
        driver.recompile()
    assert len(server.requests) == before + 4


def test_a_server_may_be_restarted_between_two_calls(server: Server, drive: Drive) -> None:
    driver = drive(server.url, max_retries=0)
    for _ in range(3):
        assert driver.recompile() == PROMPT
        server.restart()
    assert driver.recompile() == PROMPT
    assert driver.waits == []


def test_an_idle_connection_is_given_up_before_the_server_closes_it(server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    assert driver.recompile() == PROMPT
    connector = driver.client._transport._binding.session.connector
    assert connector._keepalive_timeout < 5  # seconds: the server's own


# --- row 54: closed after each answer ---------------------------------------------------------------------------------


def test_thousands_of_answers_that_close_the_connection_leave_nothing(server: Server, drive: Drive) -> None:
    driver = drive(server.url, concurrency=50)
    driver.calm()
    server.follow(says(ok(b'"You are Sam."', "Connection: close"), then="fin"))
    answers = driver.together(*[lambda client: client.conversations.recompile(CONVERSATION)] * driver.many)
    assert answers == [PROMPT] * driver.many
    assert len(server.requests) == driver.many
    assert server.connections >= driver.many - 1


def test_good_answers_keep_one_connection(server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    server.follow(good)
    for _ in range(50):
        assert driver.recompile() == PROMPT
    assert server.connections == 1
