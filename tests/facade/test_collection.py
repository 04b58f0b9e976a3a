"""A client that nobody holds any more ends by itself, wherever the collector happens to run."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from letta_async import Letta, LettaError, NotFoundError
from tests.waiting import PATIENCE, eventually

from .server import StubServer


def used(server: StubServer) -> Letta:
    client = Letta(base_url=server.base_url, max_retries=0)
    assert client.get("/echo/x") == "x"
    return client


def private_thread() -> threading.Thread:
    [thread] = [thread for thread in threading.enumerate() if thread.name == "letta-async"]
    return thread


def ended(thread: threading.Thread, server: StubServer) -> bool:
    thread.join(PATIENCE)
    return not thread.is_alive() and eventually(lambda: server.open_connections == 0)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_dropping_the_last_reference_is_enough(server: StubServer) -> None:
    client = used(server)
    thread = private_thread()
    del client
    assert ended(thread, server)


@pytest.mark.usefixtures("no_collector")
def test_a_function_that_returns_drops_its_client(server: StubServer) -> None:
    def function() -> threading.Thread:
        client = Letta(base_url=server.base_url)
        client.conversations.recompile("default")
        return private_thread()

    assert ended(function(), server)


@pytest.mark.usefixtures("no_collector")
def test_a_kept_connection_does_not_keep_what_the_caller_held(server: StubServer) -> None:
    class Held:
        pass

    def function(client: Letta) -> weakref.ref[Held]:
        held = Held()
        client.get("/echo/x")
        return weakref.ref(held)

    with used(server) as client:
        assert function(client)() is None


def test_a_client_in_a_cycle_goes_with_the_cycle(server: StubServer) -> None:
    client = used(server)
    client.__dict__["me"] = client
    thread = private_thread()
    del client
    gc.collect()
    assert ended(thread, server)


def test_a_client_that_raised_goes_when_its_error_does(server: StubServer) -> None:
    client = used(server)
    thread = private_thread()
    with pytest.raises(NotFoundError) as caught:
        client.get("/refuse/404")
    del client, caught
    gc.collect()
    assert ended(thread, server)


def test_the_collector_may_run_on_the_loop_thread(server: StubServer) -> None:
    client = used(server)
    client.__dict__["me"] = client
    running = client._portal._loop_thread
    assert running is not None
    collected_on: list[threading.Thread] = []

    def collect() -> None:
        gc.collect()
        collected_on.append(threading.current_thread())

    gc.disable()
    try:
        loop, thread = running.loop, running.thread
        del client, running
        loop.call_soon_threadsafe(collect)
        assert ended(thread, server)
    finally:
        gc.enable()
    assert collected_on == [thread]
    assert loop.is_closed()


def test_the_last_reference_may_be_dropped_on_the_loop_thread(server: StubServer) -> None:
    held = [used(server)]
    running = held[0]._portal._loop_thread
    assert running is not None
    loop, thread = running.loop, running.thread
    del running
    loop.call_soon_threadsafe(held.clear)
    assert ended(thread, server)


def test_a_call_under_way_holds_its_client(server: StubServer) -> None:
    answers: list[str] = []
    thread = threading.Thread(target=lambda call: answers.append(call("/hold")), args=[used(server).get])
    thread.start()
    assert server.arrived.acquire(timeout=PATIENCE)
    private = private_thread()
    gc.collect()
    server.let_go()
    thread.join(PATIENCE)
    assert answers == ["held"]
    del thread
    gc.collect()
    assert ended(private, server)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list descriptors")
@pytest.mark.parametrize("way", ["close", "drop"])
def test_clients_leave_no_descriptors(server: StubServer, way: str) -> None:
    def descriptors() -> set[Path]:
        found: set[Path] = set()
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(link.readlink())
        return found

    before = descriptors()
    for _ in range(20):
        client = used(server)
        with contextlib.suppress(LettaError):
            client.get("/refuse/500")
        if way == "close":
            client.close()
        del client
    gc.collect()
    assert eventually(lambda: descriptors() <= before)
