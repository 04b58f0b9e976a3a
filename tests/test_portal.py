"""The private loop alone, with coroutines that need no server."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from letta_async import APIConnectionError, ClientClosedError
from letta_async._facade import loop_thread as loop_thread_module
from letta_async._facade import portal as portal_module
from letta_async._facade.portal import Portal
from tests.waiting import PATIENCE, eventually


async def nothing() -> None:
    pass


async def answer() -> int:
    return 42


def private_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "letta-async"]


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal(nothing)
    yield portal
    portal.close()
    assert not private_threads()


class Held:
    """Coroutine that records its start and how it ended."""

    def __init__(self) -> None:
        self.under_way = threading.Event()
        self.ending: str | None = None

    async def __call__(self) -> None:
        self.under_way.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ending = "cancelled"
            raise


def test_a_result_comes_back(portal: Portal) -> None:
    assert portal.run(answer) == 42


def test_an_awaitable_will_do(portal: Portal) -> None:
    assert portal.run(lambda: asyncio.gather(answer(), answer())) == [42, 42]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(1), TimeoutError()])
def test_an_error_comes_back_as_it_is(portal: Portal, error: BaseException) -> None:
    async def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        portal.run(fail)
    assert caught.value is error
    assert portal.run(answer) == 42


def test_an_error_before_there_is_a_coroutine_comes_back_too(portal: Portal) -> None:
    def make() -> Awaitable[None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        portal.run(make)


def test_coroutines_of_many_threads_run_side_by_side(portal: Portal) -> None:
    together = asyncio.Barrier(8)

    async def meet() -> int:
        return await together.wait()

    with ThreadPoolExecutor(8) as threads:
        met = list(threads.map(lambda _: portal.run(meet), range(8)))
    assert sorted(met) == list(range(8))


def test_a_given_context_is_used() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    context = copy_context()
    context.run(variable.set, "given")

    async def read() -> str:
        return variable.get()

    portal = Portal(nothing)
    assert (portal.run(read), portal.run(read, context)) == ("unset", "given")
    portal.close()


def test_a_wait_that_looks_up_now_and_then_still_ends(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_module, "_POLL_INTERVAL", 0.001)

    async def take_a_while() -> int:
        await asyncio.sleep(0.02)
        return 1

    assert portal.run(take_a_while) == 1


# --- the end ----------------------------------------------------------------------------------------------------------


def closing(portal: Portal, held: Held) -> BaseException | None:
    """Close the portal while a call waits; return the error of the call."""
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(portal.run, held)
        assert held.under_way.wait(PATIENCE)
        portal.close()
        return call.exception(PATIENCE)


def test_what_is_closed_at_the_end_is_closed_on_the_loop() -> None:
    ran_on: list[threading.Thread] = []

    async def at_end() -> None:
        ran_on.append(threading.current_thread())

    portal = Portal(at_end)
    portal.run(answer)
    [thread] = private_threads()
    portal.close()
    assert ran_on == [thread]
    assert not thread.is_alive()


def test_a_call_under_way_is_cancelled_and_its_caller_told() -> None:
    held = Held()
    assert isinstance(closing(Portal(nothing), held), ClientClosedError)
    assert held.ending == "cancelled"


def test_a_call_that_ends_in_the_last_turn_of_the_loop_still_returns() -> None:
    released = asyncio.Event()
    under_way = threading.Event()

    async def at_end() -> None:
        released.set()
        await asyncio.sleep(0)

    async def wait() -> str:
        under_way.set()
        await released.wait()
        return "released"

    portal = Portal(at_end)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(portal.run, wait)
        assert under_way.wait(PATIENCE)
        portal.close()
        assert call.result(PATIENCE) == "released"


def test_a_caller_is_told_so_too_where_the_loop_is_faster_than_the_thread_that_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portal, held = Portal(nothing), Held()
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(portal.run, held)
        assert held.under_way.wait(PATIENCE)
        loop_thread = portal._loop_thread
        assert loop_thread is not None
        schedule = loop_thread.loop.call_soon_threadsafe

        def schedule_and_be_preempted(callback: Callable[[], object]) -> asyncio.Handle:
            handle = schedule(callback)
            loop_thread.thread.join(PATIENCE)
            return handle

        monkeypatch.setattr(loop_thread.loop, "call_soon_threadsafe", schedule_and_be_preempted)
        portal.close()
        assert isinstance(call.exception(PATIENCE), ClientClosedError)


def test_a_failure_at_the_end_leaves_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    async def at_end() -> None:
        raise OSError("cannot close")

    assert isinstance(closing(Portal(at_end), Held()), ClientClosedError)
    assert eventually(lambda: not private_threads())
    gc.collect()
    assert "cannot close" in caplog.text


def test_closing_before_the_first_use_starts_nothing() -> None:
    portal = Portal(nothing)
    portal.close()
    assert not private_threads()
    with pytest.raises(ClientClosedError):
        portal.run(answer)
    assert not private_threads()


def test_closing_from_the_loop_itself_does_not_wait_for_itself() -> None:
    portal = Portal(nothing)

    async def close() -> str:
        portal.close()
        return "closed"

    assert portal.run(close) == "closed"
    assert eventually(lambda: not private_threads())


def test_a_portal_that_nobody_holds_ends() -> None:
    portal = Portal(nothing)
    portal.run(answer)
    gone = weakref.ref(portal)
    del portal
    assert gone() is None
    assert eventually(lambda: not private_threads())
    assert not loop_thread_module._loop_threads


# --- what may go wrong ------------------------------------------------------------------------------------------------


def test_an_interrupt_before_the_coroutine_was_scheduled_prevents_it(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert interrupted_in_schedule(portal, monkeypatch, before=True) == []


def test_an_interrupt_after_the_coroutine_was_scheduled_cancels_it(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert interrupted_in_schedule(portal, monkeypatch, before=False) == ["begun", "cancelled"]


def interrupted_in_schedule(portal: Portal, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> list[str]:
    """Run a coroutine while Ctrl-C arrives at the worst moment; return the result."""
    story: list[str] = []
    begun = threading.Event()
    usual = loop_thread_module.LoopThread.schedule

    async def call() -> None:
        story.append("begun")
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            story.append("cancelled")

    def schedule(self: Any, *args: Any) -> bool:
        monkeypatch.undo()
        if not before:
            usual(self, *args)
            assert begun.wait(PATIENCE)
        raise KeyboardInterrupt

    portal.run(answer)
    monkeypatch.setattr(loop_thread_module.LoopThread, "schedule", schedule)
    with pytest.raises(KeyboardInterrupt):
        portal.run(call)
    assert portal.run(answer) == 42
    return story


def test_a_signal_handler_may_close_amid_the_scheduling(monkeypatch: pytest.MonkeyPatch) -> None:
    portal = Portal(nothing)
    portal.run(answer)
    running = portal._loop_thread
    assert running is not None
    usual = running.loop.call_soon_threadsafe
    idle = threading.Event()
    usual(idle.set)  # otherwise the loop may still be at the first call, and begin the second one after it
    assert idle.wait(PATIENCE)

    def call_soon_threadsafe(*args: Any, **options: Any) -> asyncio.Handle:
        monkeypatch.undo()
        portal.close()
        return usual(*args, **options)

    monkeypatch.setattr(running.loop, "call_soon_threadsafe", call_soon_threadsafe)
    with pytest.raises(ClientClosedError):
        portal.run(answer)


def test_a_call_that_ended_before_a_signal_handler_closed_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    portal = Portal(nothing)
    assert portal.run(answer) == 42
    running = portal._loop_thread
    assert running is not None
    usual = running.schedule

    def schedule(callback: Callable[[], None]) -> bool:
        usual(callback)
        portal.close()
        return False

    monkeypatch.setattr(running, "schedule", schedule)
    assert portal.run(answer) == 42


def test_a_loop_that_cannot_be_made_is_an_error_of_the_package(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(asyncio, "SelectorEventLoop", fail)
    with pytest.raises(APIConnectionError, match="Too many open files") as caught:
        portal.run(answer)
    assert isinstance(caught.value.__cause__, OSError)
    monkeypatch.undo()
    assert portal.run(answer) == 42


def test_a_thread_that_cannot_be_started_is_an_error_of_the_package(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    with pytest.raises(APIConnectionError, match="can't start new thread"):
        portal.run(answer)
    monkeypatch.undo()
    assert not loop_thread_module._loop_threads
    assert portal.run(answer) == 42
    gc.collect()  # a loop that was left open warns here, and a warning is an error
