"""The end of the interpreter needs no close(): it comes at once, silently, and nothing is sent any more.

Each program runs under `-X dev -W error`, must end with code 0 and must print nothing to stderr.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.waiting import PATIENCE, eventually

from .conftest import Program
from .server import StubServer

Start = Callable[..., Program]

HEAD = """
import atexit, gc, os, signal, sys, threading
from letta_async import ClientClosedError, Letta

letta = Letta(base_url=sys.argv[1])
"""

PROGRAMS = {
    "never used": "",
    "used": "letta.get('/echo/x')",
    "used and held by a copy": "letta = letta.with_options(timeout=3); letta.get('/echo/x')",
    "used by many threads": """
threads = [threading.Thread(target=letta.get, args=[f"/echo/{number}"]) for number in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
""",
    "two clients": "letta.get('/echo/x'); other = Letta(base_url=sys.argv[1]); other.get('/echo/y')",
    "in a cycle": "letta.get('/echo/x'); letta.me = letta",
    "in a cycle, dropped": "letta.get('/echo/x'); letta.me = letta; del letta",
    "dropped": "letta.get('/echo/x'); del letta",
    "closed": "letta.get('/echo/x'); letta.close()",
    "refused": """
try:
    letta.get('/refuse/404')
except Exception as error:
    kept = error
""",
    "by sys.exit in a call's frame": """
def call():
    mine = Letta(base_url=sys.argv[1])
    mine.get('/echo/x')
    print("leaving")
    sys.exit()
call()
""",
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_ends_at_once_and_silently(server: StubServer, program: Start, body: str) -> None:
    running = program(f"{HEAD}\n{body}\nprint('leaving')", server.base_url)
    assert running.line() == "leaving"
    running.leaves_at_once()
    assert eventually(lambda: server.open_connections == 0)


def test_daemon_threads_in_a_call_are_left_in_it(server: StubServer, program: Start) -> None:
    source = f"""{HEAD}
letta = Letta(base_url=sys.argv[1], concurrency=2)
for _ in range(4):
    threading.Thread(target=letta.get, args=["/hold"], daemon=True).start()
input()
print("leaving")
"""
    running = program(source, server.base_url)
    for _ in range(2):
        assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "leaving"
    assert running.leaves_at_once() == []
    for _ in range(2):
        assert server.dropped.acquire(timeout=PATIENCE)
    assert server.requests == ["/hold"] * 2, "calls that waited for a slot must not be sent at exit"


def test_a_daemon_thread_that_calls_all_the_time_sees_no_error_at_exit(server: StubServer, program: Start) -> None:
    source = f"""{HEAD}
def call_for_ever():
    try:
        while True:
            letta.get("/echo/x")
            calling.set()
    except BaseException as error:
        print(repr(error))

calling = threading.Event()
for _ in range(4):
    threading.Thread(target=call_for_ever, daemon=True).start()
calling.wait()
print("leaving")
"""
    for _ in range(3):
        running = program(source, server.base_url)
        assert running.line() == "leaving"
        assert running.leaves_at_once() == []


def test_a_retry_is_not_sent_at_exit(server: StubServer, program: Start) -> None:
    source = f"""{HEAD}
from letta_async import RetryPolicy
import logging

class Waiting(logging.Handler):
    def emit(self, record):
        waiting.set()

waiting = threading.Event()
logging.getLogger("letta_async").addHandler(Waiting())
logging.getLogger("letta_async").setLevel("INFO")
retry = RetryPolicy(max_retries=9, initial_delay=1e8, max_delay=1e8)
letta = letta.with_options(retry=retry)
threading.Thread(target=letta.get, args=["/refuse/500"], daemon=True).start()
waiting.wait()
print("leaving")
"""
    running = program(source, server.base_url)
    assert running.line() == "leaving"
    running.leaves_at_once()
    assert server.requests == ["/refuse/500"]


def test_threads_that_are_no_daemons_finish_their_calls(server: StubServer, program: Start) -> None:
    source = f"""{HEAD}
threading.Thread(target=lambda: print(letta.get("/hold"))).start()
input()
print("main is done")
"""
    running = program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "main is done"
    server.let_go()
    assert running.leaves_at_once() == ["held"]


def test_exit_handlers_may_call_and_those_that_come_too_late_are_told(server: StubServer, program: Start) -> None:
    source = """
        import atexit, sys

        def too_late():
            try:
                letta.get("/echo/too-late")
            except ClientClosedError:
                print("closed")

        atexit.register(too_late)
        from letta_async import ClientClosedError, Letta
        letta = Letta(base_url=sys.argv[1])
        atexit.register(lambda: print(letta.get("/echo/in-time")))
        letta.get("/echo/x")
        print("leaving")
    """
    running = program(source, server.base_url)
    assert running.line() == "leaving"
    assert running.leaves_at_once() == ["in-time", "closed"]


def test_an_uncaught_error_is_the_only_thing_printed(server: StubServer, program: Start) -> None:
    source = f"""{HEAD}
sys.excepthook = lambda kind, error, traceback: print(kind.__name__)
letta.get("/refuse/404")
"""
    assert program(source, server.base_url).finish(1) == ["NotFoundError"]


def test_a_thread_may_outlive_the_function_that_made_the_client(server: StubServer, program: Start) -> None:
    source = f"""{HEAD}
def background():
    mine = Letta(base_url=sys.argv[1])
    threading.Thread(target=mine.get, args=["/hold"], daemon=True).start()

background()
gc.collect()
input()
print("leaving")
"""
    running = program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "leaving"
    running.leaves_at_once()
    assert server.dropped.acquire(timeout=PATIENCE)
