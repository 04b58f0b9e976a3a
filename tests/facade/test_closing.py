"""The end of a client: by close(), for its copies, and what others see who are using it just then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from letta_async import ClientClosedError, Letta
from tests.waiting import PATIENCE, eventually

from .server import StubServer


def private_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "letta-async"]


def test_closing_ends_the_thread_and_the_connections(server: StubServer) -> None:
    letta = Letta(base_url=server.base_url)
    letta.get("/echo/x")
    assert server.open_connections == 1
    letta.close()
    assert not private_threads()
    assert eventually(lambda: server.open_connections == 0)


def test_closing_ends_the_calls_of_other_threads(server: StubServer) -> None:
    letta = Letta(base_url=server.base_url, concurrency=16)
    with ThreadPoolExecutor(16) as threads:
        calls = [threads.submit(letta.get, "/hold") for _ in range(16)]
        for _ in calls:
            assert server.arrived.acquire(timeout=PATIENCE)
        letta.close()
        for call in calls:
            error = call.exception(PATIENCE)
            assert isinstance(error, ClientClosedError)
            assert "closed while this call was under way" in str(error)
    for _ in calls:
        assert server.dropped.acquire(timeout=PATIENCE)


def test_closing_ends_calls_that_wait_for_a_slot(server: StubServer) -> None:
    letta = Letta(base_url=server.base_url, concurrency=1)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(letta.get, "/hold") for _ in range(4)]
        assert server.arrived.acquire(timeout=PATIENCE)
        letta.close()
        assert [type(call.exception(PATIENCE)) for call in calls] == [ClientClosedError] * 4
    assert server.requests == ["/hold"]


def test_closing_amid_a_crowd_leaves_nobody_hanging(server: StubServer) -> None:
    for _ in range(10):
        letta = Letta(base_url=server.base_url)
        calling = threading.Semaphore(0)

        def call_for_ever(letta: Letta = letta, calling: threading.Semaphore = calling) -> str:
            while True:
                letta.get("/echo/x")
                calling.release()

        with ThreadPoolExecutor(8) as threads:
            crowd = [threads.submit(call_for_ever) for _ in range(8)]
            for _ in range(20):
                assert calling.acquire(timeout=PATIENCE)
            letta.close()
            assert [type(one.exception(PATIENCE)) for one in crowd] == [ClientClosedError] * 8


def test_closing_twice_is_closing_once(server: StubServer) -> None:
    letta = Letta(base_url=server.base_url)
    letta.get("/echo/x")
    letta.close()
    letta.close()
    assert letta.is_closed
    assert "(closed)" in repr(letta)


def test_several_threads_may_close_and_each_returns_after_the_end(server: StubServer) -> None:
    for _ in range(10):
        letta = Letta(base_url=server.base_url)
        letta.get("/echo/x")
        together = threading.Barrier(8)

        def close(letta: Letta = letta, together: threading.Barrier = together) -> bool:
            together.wait(PATIENCE)
            letta.close()
            return not private_threads()

        with ThreadPoolExecutor(8) as threads:
            closings = [threads.submit(close) for _ in range(8)]
            assert all(closing.result(PATIENCE) for closing in closings)


USES: list[Callable[[Letta], object]] = [
    lambda letta: letta.get("/echo/x"),
    lambda letta: letta.conversations.recompile("default"),
    lambda letta: letta.__enter__(),
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("used", [True, False], ids=["used", "fresh"])
def test_use_after_close_raises(server: StubServer, use: Callable[[Letta], object], used: bool) -> None:
    letta = Letta(base_url=server.base_url)
    if used:
        letta.get("/echo/before")
    letta.close()
    before = len(server.requests)
    with pytest.raises(ClientClosedError, match="make a new one"):
        use(letta)
    assert len(server.requests) == before
    assert not private_threads()


def test_leaving_the_block_closes_also_on_an_error(server: StubServer) -> None:
    with pytest.raises(ZeroDivisionError), Letta(base_url=server.base_url) as letta:
        letta.get("/echo/x")
        raise ZeroDivisionError
    assert letta.is_closed
    assert not private_threads()


# --- copies -----------------------------------------------------------------------------------------------------------


def test_a_copy_shares_the_connections_and_the_loop(server: StubServer, letta: Letta) -> None:
    copy = letta.with_options(timeout=5)
    assert (letta.get("/echo/a"), copy.get("/echo/b"), letta.get("/echo/c")) == ("a", "b", "c")
    assert server.connections == 1
    assert len(private_threads()) == 1


def test_a_copy_of_a_fresh_client_shares_too(server: StubServer, letta: Letta) -> None:
    copy = letta.with_options(timeout=5)
    assert (copy.get("/echo/a"), letta.get("/echo/b")) == ("a", "b")
    assert server.connections == 1


def test_closing_a_copy_closes_nothing_else(letta: Letta) -> None:
    copy, other = letta.with_options(timeout=5), letta.with_options(timeout=6)
    copy.get("/echo/x")
    copy.close()
    with pytest.raises(ClientClosedError):
        copy.get("/echo/copy")
    assert (copy.is_closed, letta.is_closed, other.is_closed) == (True, False, False)
    assert (letta.get("/echo/parent"), other.get("/echo/other")) == ("parent", "other")


@pytest.mark.parametrize("used", [True, False], ids=["used", "fresh"])
def test_closing_the_parent_closes_its_copies(server: StubServer, used: bool) -> None:
    letta = Letta(base_url=server.base_url)
    copy = letta.with_options(timeout=5)
    deeper = copy.with_options(timeout=6)
    if used:
        letta.get("/echo/x")
    letta.close()
    for one in (copy, deeper):
        assert one.is_closed
        with pytest.raises(ClientClosedError):
            one.get("/echo/y")


def test_a_copy_outlives_a_dropped_parent(server: StubServer) -> None:
    copy = Letta(base_url=server.base_url).with_options(timeout=5)
    for word in "abc":
        assert copy.get(f"/echo/{word}") == word
    assert server.connections == 1


def test_a_part_outlives_a_dropped_client(server: StubServer) -> None:
    conversations = Letta(base_url=server.base_url).conversations
    assert conversations.recompile("default", agent_id=None) == 'prompt of "default"'
