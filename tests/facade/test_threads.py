"""One facade, any number of threads, and any loop around it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from letta_async import ClientClosedError, Letta
from tests.waiting import PATIENCE

from .server import StubServer


def private_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "letta-async"]


def test_many_threads_share_one_client(server: StubServer, letta: Letta) -> None:
    together = threading.Barrier(16)

    def many(number: int) -> list[str]:
        together.wait(PATIENCE)
        return [letta.get(f"/echo/{number}-{turn}") for turn in range(50)]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(many, range(16)))
    assert answers == [[f"{number}-{turn}" for turn in range(50)] for number in range(16)]
    assert len(server.requests) == 800
    assert server.connections <= 16
    assert len(private_threads()) == 1


def test_making_a_client_starts_nothing(server: StubServer) -> None:
    with Letta(base_url=server.base_url):
        assert not private_threads()


def test_threads_that_call_first_at_once_start_one_loop(server: StubServer) -> None:
    for _ in range(20):
        with Letta(base_url=server.base_url) as letta, ThreadPoolExecutor(4) as threads:
            together = threading.Barrier(4)

            def call(word: str, letta: Letta = letta, together: threading.Barrier = together) -> str:
                together.wait(PATIENCE)
                return letta.get(f"/echo/{word}")

            assert list(threads.map(call, "abcd")) == list("abcd")
            assert len(private_threads()) == 1


async def test_it_works_inside_a_running_loop(letta: Letta) -> None:
    assert asyncio.get_running_loop()
    assert letta.get("/echo/notebook") == "notebook"


async def test_it_works_in_threads_of_a_running_loop(letta: Letta) -> None:
    answers = await asyncio.gather(*(asyncio.to_thread(letta.get, f"/echo/{number}") for number in range(20)))
    assert answers == [str(number) for number in range(20)]


async def test_the_loop_around_a_call_is_left_as_it_was(letta: Letta) -> None:
    around, task = asyncio.get_running_loop(), asyncio.current_task()
    letta.get("/echo/x")
    assert asyncio.get_running_loop() is around
    assert asyncio.current_task() is task


def test_two_clients_have_two_loop_threads(server: StubServer, letta: Letta) -> None:
    with Letta(base_url=server.base_url) as other:
        assert (letta.get("/echo/a"), other.get("/echo/b")) == ("a", "b")
        assert len(private_threads()) == 2
    assert len(private_threads()) == 1
    assert letta.get("/echo/c") == "c"


def test_a_call_from_its_own_loop_raises(letta: Letta) -> None:
    def call_within() -> str:
        with pytest.raises(ClientClosedError, match="use AsyncLetta in coroutines"):
            letta.get("/echo/within")
        return "raised"

    async def within() -> str:
        return call_within()

    assert letta._portal.run(within) == "raised"
    assert letta.get("/echo/after") == "after"


def test_wrong_arguments_raise_what_python_raises(server: StubServer, letta: Letta) -> None:
    calls: list[Callable[[], object]] = [
        lambda: letta.conversations.recompile(),
        lambda: letta.conversations.recompile("default", dry_runn=True),
        lambda: letta.get(),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="argument"):
            call()
    assert not server.requests
