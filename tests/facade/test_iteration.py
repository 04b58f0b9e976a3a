"""An iteration over what the loop yields: waited for item by item, left at any moment, and nobody else's."""

from __future__ import annotations

import contextlib
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from letta_async import ClientClosedError, InvalidArgumentError, Letta
from tests.waiting import PATIENCE

from .conftest import Program
from .server import StubServer

Start = Callable[..., Program]

HEAD = """
import os, sys
from letta_async import ClientClosedError, Letta

letta = Letta(base_url=sys.argv[1], max_retries=0, concurrency=8)
"""


@pytest.fixture
def ids() -> list[str]:
    return [f"conv-{uuid.uuid4()}" for _ in range(4)]


def test_each_item_comes_once_and_then_no_more(letta: Letta, ids: list[str]) -> None:
    iteration = letta.conversations.recompile_many(ids)
    assert iter(iteration) is iteration
    assert sorted(str(outcome.target) for outcome in iteration) == sorted(ids)
    assert next(iteration, "none") == "none"
    letta.close()
    assert next(iteration, "none") == "none"


def test_wrong_arguments_are_refused_before_the_first_item(letta: Letta) -> None:
    with pytest.raises(InvalidArgumentError):
        letta.conversations.recompile_many("default")


def test_leaving_the_loop_ends_what_is_in_flight(server: StubServer, letta: Letta, ids: list[str]) -> None:
    server.hold.update(ids[1:])
    for outcome in letta.conversations.recompile_many(ids):
        assert outcome.target == ids[0]
        for _ in ids[1:]:
            assert server.arrived.acquire(timeout=PATIENCE)
        break
    for _ in ids[1:]:
        assert server.dropped.acquire(timeout=PATIENCE)
    assert letta.get("/echo/after") == "after"


def test_it_can_be_closed_by_name_and_is_at_its_end_then(server: StubServer, letta: Letta, ids: list[str]) -> None:
    server.hold.update(ids[1:])
    iteration = letta.conversations.recompile_many(ids)
    with contextlib.closing(iteration):  # type: ignore[type-var]
        assert next(iteration).target == ids[0]
        for _ in ids[1:]:
            assert server.arrived.acquire(timeout=PATIENCE)
    for _ in ids[1:]:
        assert server.dropped.acquire(timeout=PATIENCE)
    assert next(iteration, "none") == "none"
    iteration.close()  # type: ignore[attr-defined]  # once more is nothing more


def test_items_after_the_end_of_the_client_are_refused(server: StubServer, ids: list[str]) -> None:
    server.hold.update(ids[1:])
    letta = Letta(base_url=server.base_url, concurrency=8)
    iteration = letta.conversations.recompile_many(ids)
    next(iteration)
    letta.close()
    with pytest.raises(ClientClosedError):
        next(iteration)


def test_a_second_thread_is_refused_and_takes_nothing_away(server: StubServer, letta: Letta, ids: list[str]) -> None:
    server.hold.update(ids)
    iteration = letta.conversations.recompile_many(ids)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(next, iteration)
        for _ in ids:
            assert server.arrived.acquire(timeout=PATIENCE)
        with pytest.raises(RuntimeError, match="already running"):
            next(iteration)
        server.let_go()
        outcomes = [first.result(PATIENCE), *iteration]
    assert sorted(str(outcome.target) for outcome in outcomes) == sorted(ids)


def test_what_is_iterated_over_may_itself_call_the_client(letta: Letta, ids: list[str]) -> None:
    targets = (letta.get(f"/echo/{target}") for target in ids)
    assert sorted(str(outcome.target) for outcome in letta.conversations.recompile_many(targets)) == sorted(ids)


def test_any_lazy_iterable_may(letta: Letta, ids: list[str]) -> None:
    class Lazy:
        def __iter__(self) -> Iterator[str]:
            return (letta.get(f"/echo/{target}") for target in ids)

    assert sorted(str(outcome.target) for outcome in letta.conversations.recompile_many(Lazy())) == sorted(ids)


def test_an_iteration_holds_its_client(server: StubServer, ids: list[str]) -> None:
    iteration = Letta(base_url=server.base_url).conversations.recompile_many(ids)
    assert len(list(iteration)) == len(ids)


def test_the_private_thread_does_what_it_calls_back(letta: Letta, ids: list[str]) -> None:
    threads: set[str] = set()
    done: list[int] = []
    for _ in letta.conversations.recompile_many(
        ids, on_progress=lambda progress: (threads.add(threading.current_thread().name), done.append(progress.done))
    ):
        pass
    assert threads == {"letta-async"}
    assert done == [1, 2, 3, 4]


@pytest.mark.skipif(sys.platform == "win32", reason="there, Ctrl-C goes to the tests, too")
def test_an_interrupt_ends_the_batch(server: StubServer, program: Start, ids: list[str]) -> None:
    server.hold.update(ids)
    source = f"""{HEAD}
iteration = letta.conversations.recompile_many(sys.argv[2:])
try:
    next(iteration)
except KeyboardInterrupt:
    print("interrupted", letta.get("/echo/after"), next(iteration, "ended"))
print("leaving")
"""
    running = program(source, server.base_url, *ids)
    for _ in ids:
        assert server.arrived.acquire(timeout=PATIENCE)
    running.interrupt()
    assert running.line() == "interrupted after ended"
    for _ in ids:
        assert server.dropped.acquire(timeout=PATIENCE)
    assert running.line() == "leaving"
    running.leaves_at_once()


@pytest.mark.parametrize("journal", [False, True], ids=["no journal", "journal"])
def test_the_interpreter_may_end_in_the_middle(
    server: StubServer, program: Start, ids: list[str], tmp_path: Path, journal: bool
) -> None:
    server.hold.update(ids[1:])
    source = f"""{HEAD}
iteration = letta.conversations.recompile_many(sys.argv[2:], journal={str(tmp_path / "journal") if journal else None!r})
next(iteration)
input()
print("leaving")
"""
    running = program(source, server.base_url, *ids)
    for _ in ids[1:]:
        assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "leaving"
    running.leaves_at_once()
    assert len(server.requests) == len(ids)


def test_the_end_of_the_interpreter_waits_for_nothing_that_is_iterated_over(
    server: StubServer, program: Start, ids: list[str]
) -> None:
    source = f"""{HEAD}
def targets():
    yield sys.argv[2]
    yield letta.get("/hold")

iteration = letta.conversations.recompile_many(targets())
next(iteration)
input()
print("leaving")
"""
    running = program(source, server.base_url, ids[0])
    assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "leaving"
    running.leaves_at_once()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_child_does_no_part_of_its_parents_batch(
    server: StubServer, forking_program: Start, ids: list[str]
) -> None:
    server.hold.update(ids[1:])
    source = f"""{HEAD}
iteration = letta.conversations.recompile_many(sys.argv[2:])
next(iteration)
input()
if (child := os.fork()) == 0:
    try:
        next(iteration)
    except ClientClosedError as error:
        assert "in the process that began it" in str(error)
        assert letta.get("/echo/child") == "child"
        sys.exit()
    sys.exit(1)
assert os.waitpid(child, 0)[1] == 0
print("child gone")
assert len(list(iteration)) == {len(ids) - 1}
"""
    running = forking_program(source, server.base_url, *ids)
    for _ in ids[1:]:
        assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "child gone"
    server.let_go()
    running.finish()
    assert len(server.requests) == len(ids) + 1
