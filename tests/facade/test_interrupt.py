"""Ctrl-C ends the call, on the wire too, and nothing else."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import pytest

from tests.waiting import PATIENCE

from .conftest import Program
from .server import StubServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there, Ctrl-C goes to the tests, too")

Start = Callable[..., Program]


def test_the_request_is_cancelled_and_the_client_stays_usable(server: StubServer, program: Start) -> None:
    source = """
        import sys
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1])
        for _ in range(2):
            try:
                letta.get("/hold")
            except KeyboardInterrupt as error:
                print("interrupted", type(error.__context__).__name__)
                assert letta.get("/echo/after") == "after"
        print("leaving")
    """
    running = program(source, server.base_url)
    for _ in range(2):
        assert server.arrived.acquire(timeout=PATIENCE)
        running.interrupt()
        assert server.dropped.acquire(timeout=PATIENCE)
        assert running.line() == "interrupted NoneType"
    assert running.line() == "leaving"
    running.leaves_at_once()
    assert server.requests == ["/hold", "/echo/after"] * 2


def test_the_interrupt_is_raised_only_when_the_call_has_ended(program: Start) -> None:
    source = """
        import asyncio
        from letta_async._facade.portal import Portal

        async def call():
            print("calling")
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(100):
                    await asyncio.sleep(0)
                print("call has ended")

        async def nothing(): pass

        try:
            Portal(nothing).run(call)
        except KeyboardInterrupt:
            print("interrupted")
    """
    running = program(source)
    assert running.line() == "calling"
    running.interrupt()
    assert running.finish() == ["call has ended", "interrupted"]


def test_a_second_interrupt_does_not_wait_for_a_call_that_will_not_end(program: Start) -> None:
    source = """
        import asyncio, gc
        from letta_async._facade.portal import Portal

        async def call():
            print("calling")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                print("will not end")
                await asyncio.Event().wait()

        async def answer():
            return "answered"

        async def nothing(): pass

        portal = Portal(nothing)
        try:
            portal.run(call)
        except KeyboardInterrupt:
            print("interrupted")
        print(portal.run(answer))
        gc.collect()
        print(portal.run(answer))
        print("leaving")
    """
    running = program(source)
    assert running.line() == "calling"
    running.interrupt()
    assert running.line() == "will not end"
    running.interrupt()
    assert running.line() == "interrupted"
    assert running.line() == "answered"
    assert running.line() == "answered"
    assert running.line() == "leaving"
    running.leaves_at_once()


def test_only_the_interrupted_threads_call_is_cancelled(server: StubServer, program: Start) -> None:
    source = """
        import sys, threading
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1])
        answers = []
        thread = threading.Thread(target=lambda: answers.append(letta.get("/hold")))
        thread.start()
        try:
            letta.get("/hold")
        except KeyboardInterrupt:
            print("interrupted")
        thread.join()
        assert answers == ["held"]
    """
    running = program(source, server.base_url)
    for _ in range(2):
        assert server.arrived.acquire(timeout=PATIENCE)
    running.interrupt()
    assert running.line() == "interrupted"
    assert server.dropped.acquire(timeout=PATIENCE)
    server.let_go()
    running.finish()
    assert not server.dropped.acquire(blocking=False)


def test_an_interrupt_that_nobody_catches_ends_the_program_at_once(server: StubServer, program: Start) -> None:
    source = """
        import sys
        from letta_async import Letta

        sys.excepthook = lambda kind, error, traceback: print(kind.__name__)
        Letta(base_url=sys.argv[1]).get("/hold")
    """
    running = program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.interrupt()
    assert running.line() == "KeyboardInterrupt"
    running.leaves_at_once(-signal.SIGINT)
    assert server.dropped.acquire(timeout=PATIENCE)


def test_any_exception_of_a_signal_handler_cancels_the_call(server: StubServer, program: Start) -> None:
    source = """
        import signal, sys
        from letta_async import Letta

        def leave(*_):
            print("leaving")
            sys.exit()

        signal.signal(signal.SIGINT, leave)
        Letta(base_url=sys.argv[1]).get("/hold")
    """
    running = program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.interrupt()
    assert running.line() == "leaving"
    running.leaves_at_once()
    assert server.dropped.acquire(timeout=PATIENCE)


def test_a_signal_handler_may_call_and_close(server: StubServer, program: Start) -> None:
    source = """
        import signal, sys
        from letta_async import ClientClosedError, Letta

        letta = Letta(base_url=sys.argv[1])

        def close(*_):
            print(letta.get("/echo/handler"))
            letta.close()

        signal.signal(signal.SIGINT, close)
        try:
            letta.get("/hold")
        except ClientClosedError:
            print("closed")
    """
    running = program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.interrupt()
    assert running.finish() == ["handler", "closed"]
