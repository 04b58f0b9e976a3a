"""Programs whose threads are greenlets of gevent: they work, or are told why they cannot."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from .conftest import Program
from .server import StubServer

pytestmark = pytest.mark.skipif(importlib.util.find_spec("gevent") is None, reason="gevent is not installed")

Start = Callable[..., Program]


@pytest.fixture
def patched_program(program: Start) -> Start:
    """Start programs that patch before they import anything; their code may use `gevent`, `Letta` and `URL`."""

    def start(source: str, server: StubServer, patches: str = "") -> Program:
        lines = [line.removeprefix("        ") for line in source.splitlines()]
        head = f"import gevent.monkey\ngevent.monkey.patch_all({patches})\n"
        head += "import asyncio, gevent, sys\nfrom letta_async import Letta, LettaError\nURL = sys.argv[1]\n"
        return program(head + "\n".join(lines), server.base_url, flags=("-W", "default:::gevent"))

    return start


def test_one_client_serves_all_greenlets(server: StubServer, patched_program: Start) -> None:
    source = """
        with Letta(base_url=URL, concurrency=8) as letta:
            copy = letta.with_options(timeout=30)
            calls = [gevent.spawn(client.get, f"/echo/{n}") for n in range(20) for client in (letta, copy)]
            gevent.joinall(calls, raise_error=True)
            assert [call.value for call in calls] == [str(n) for n in range(20) for _ in range(2)]
        with Letta(base_url=URL) as letta:  # the other one is closed
            assert letta.get("/echo/next") == "next"
        print("done")
    """
    assert patched_program(source, server).finish() == ["done"]
    assert len(server.requests) == 41


def test_a_second_client_says_that_gevent_is_the_reason(server: StubServer, patched_program: Start) -> None:
    source = """
        first, second = Letta(base_url=URL), Letta(base_url=URL)
        assert first.get("/echo/first") == "first"

        def refused():
            try:
                second.get("/echo/second")
            except LettaError as error:
                return str(error).startswith("gevent has patched threading, ")

        async def refused_in_a_loop():
            return refused()

        assert refused()
        assert first.get("/echo/again") == "again"
        first.close()
        assert asyncio.run(refused_in_a_loop())
        assert second.get("/echo/second") == "second"
        second.close()
        print("done")
    """
    assert patched_program(source, server).finish() == ["done"]
    assert server.requests == ["/echo/first", "/echo/again", "/echo/second"]


def test_clients_that_begin_together_do_not_hang(server: StubServer, patched_program: Start) -> None:
    source = """
        def call(letta):
            try:
                return letta.get("/echo/x")
            except LettaError as error:
                return str(error).split(",")[0]

        clients = [Letta(base_url=URL) for _ in range(2)]
        calls = [gevent.spawn(call, letta) for letta in clients]
        gevent.joinall(calls)
        print(*sorted(call.value for call in calls), sep="\\n")
        for letta in clients:
            letta.close()
    """
    assert patched_program(source, server).finish() == ["gevent has patched threading", "x"]


@pytest.mark.parametrize(("patches", "patched"), [("thread=False", "select"), ("select=False", "threading")])
def test_patches_with_which_a_call_would_hang_are_refused(
    patches: str, patched: str, server: StubServer, patched_program: Start
) -> None:
    source = """
        try:
            Letta(base_url=URL).get("/echo/x")
        except LettaError as error:
            print(str(error).split(",")[0])
    """
    (line,) = patched_program(source, server, patches).finish()
    assert line.startswith(f"gevent has patched {patched} but not ")
    assert server.requests == []


def test_without_patched_threads_there_may_be_any_number_of_clients(server: StubServer, patched_program: Start) -> None:
    source = """
        clients = [Letta(base_url=URL) for _ in range(3)]
        assert [letta.get("/echo/x") for letta in clients] == ["x"] * 3
        for letta in clients:
            letta.close()
        print("done")
    """
    assert patched_program(source, server, "thread=False, select=False").finish() == ["done"]
