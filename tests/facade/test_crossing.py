"""What crosses from the caller's thread to the private one and back: context, errors; and what does not: policies."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from letta_async import (
    APIConnectionError,
    APITimeoutError,
    ClientClosedError,
    InvalidRequestError,
    Letta,
    NotFoundError,
)

from .conftest import Program
from .server import StubServer

user: ContextVar[str] = ContextVar("user", default="nobody")


# --- context variables ------------------------------------------------------------------------------------------------


@pytest.fixture
def seen() -> Iterator[list[str]]:
    """Who the context says it is, at every record that the package logs."""
    seen: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        seen.append(user.get())
        return False

    log = logging.getLogger("letta_async")
    log.addFilter(note)
    log.setLevel(logging.INFO)
    yield seen
    log.removeFilter(note)
    log.setLevel(logging.NOTSET)


def test_context_variables_reach_the_call(server: StubServer, letta: Letta, seen: list[str]) -> None:
    retrying = letta.with_options(max_retries=1)
    for name in ("ada", "bob"):
        token = user.set(name)
        try:
            assert retrying.get("/later", extra_query={"for": name}) == f"/later?for={name}"
        finally:
            user.reset(token)
    assert seen == ["ada", "bob"]


def test_what_a_call_does_to_the_context_stays_there(letta: Letta) -> None:
    async def change() -> None:
        user.set("changed")

    letta._portal.run(change)
    assert user.get() == "nobody"


# --- errors -----------------------------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[type[BaseException], Callable[[Letta], object]]] = {
    "refused": (NotFoundError, lambda letta: letta.get("/refuse/404")),
    "not reached": (APIConnectionError, lambda letta: letta.with_options(base_url="http://127.0.0.1:9").get("/x")),
    "too slow": (APITimeoutError, lambda letta: letta.get("/hold", timeout=0.05)),
    "wrong": (InvalidRequestError, lambda letta: letta.conversations.recompile("..")),
    "closed": (ClientClosedError, lambda letta: (letta.close(), letta.get("/x"))),
}


def failure_of(letta: Letta, name: str) -> BaseException:
    kind, call = FAILURES[name]
    with pytest.raises(kind) as caught:
        call(letta)
    assert type(caught.value) is kind
    return caught.value


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_keeps_its_type_and_shows_the_way_from_the_callers_line(letta: Letta, name: str) -> None:
    error = failure_of(letta, name)
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert files[0] == __file__
    assert [file for file in files if file != __file__]
    assert "call(letta)" in "".join(traceback.format_exception(error))


def test_an_error_shows_where_on_the_loop_it_arose_if_asked_to(letta: Letta, caplog: pytest.LogCaptureFixture) -> None:
    for level, shown in ((logging.INFO, False), (logging.DEBUG, True)):
        with caplog.at_level(level, "letta_async"):
            frames = traceback.extract_tb(failure_of(letta, "wrong").__traceback__)
        assert any("/_http/request_building.py" in frame.filename for frame in frames) is shown


def test_the_cause_comes_along(letta: Letta) -> None:
    assert isinstance(failure_of(letta, "not reached").__cause__, OSError)


@pytest.mark.parametrize("name", ["wrong", "closed"])
def test_the_facade_ties_no_error_into_a_cycle(letta: Letta, name: str) -> None:
    kind, call = FAILURES[name]
    gc.disable()
    try:
        try:
            call(letta)
        except kind as error:
            dropped = weakref.ref(error)
        assert dropped() is None
    finally:
        gc.enable()


def test_system_exit_on_the_loop_reaches_the_caller_and_the_client_goes_on(letta: Letta) -> None:
    async def leave() -> None:
        sys.exit(3)

    with pytest.raises(SystemExit) as caught:
        letta._portal.run(leave)
    assert caught.value.code == 3
    assert letta.get("/echo/on") == "on"


def fail_elsewhere(base_url: str, name: str) -> object:
    with Letta(base_url=base_url, max_retries=0) as letta:
        return FAILURES[name][1](letta)


def test_errors_come_out_of_other_processes(server: StubServer) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        there = {name: processes.submit(fail_elsewhere, server.base_url, name).exception() for name in FAILURES}
    for name, error in there.items():
        with Letta(base_url=server.base_url, max_retries=0) as letta:
            here = failure_of(letta, name)
        assert type(error) is type(here)
        assert str(error) == str(here)
        assert comparable(error) == comparable(here)


def comparable(error: BaseException) -> dict[str, Any]:
    """Return what an error knows, less what is another in every run."""
    known = {name: value for name, value in vars(error).items() if name not in {"attempts", "headers"}}
    headers = getattr(error, "headers", {})
    return known | {"headers": {name: value for name, value in headers.items() if name != "Date"}}


# --- the program's own loops ------------------------------------------------------------------------------------------

POLICIES = {
    "uvloop as policy": """
        import uvloop
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    """,
    "a policy for the main thread only": """
        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self):
                assert threading.current_thread() is threading.main_thread()
                assert not using, "the private loop is none of the policy's business"
                return super().new_event_loop()

        asyncio.set_event_loop_policy(Policy())
    """,
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_programs_loop_policy_does_not_matter(
    server: StubServer, program: Callable[..., Program], policy: str
) -> None:
    source = f"""
        import asyncio, sys, threading
        from letta_async import Letta

        using = False
        {policy.strip()}

        async def main():
            global using
            using = True
            letta = Letta(base_url=sys.argv[1])
            assert letta.get("/echo/inside") == "inside"
            assert await asyncio.to_thread(letta.get, "/echo/thread") == "thread"
            using = False

        asyncio.run(main())
        letta = Letta(base_url=sys.argv[1])
        assert letta.get("/echo/outside") == "outside"
        print("leaving")
    """
    running = program(source, server.base_url)
    assert running.line() == "leaving"
    running.leaves_at_once()


def test_it_works_inside_uvloop(server: StubServer, program: Callable[..., Program]) -> None:
    source = """
        import sys
        import uvloop
        from letta_async import Letta

        async def main():
            with Letta(base_url=sys.argv[1]) as letta:
                assert letta.get("/echo/inside") == "inside"

        uvloop.run(main())
        print("leaving")
    """
    running = program(source, server.base_url)
    assert running.line() == "leaving"
    running.leaves_at_once()
