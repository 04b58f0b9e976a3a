"""A warning points at the user's own line, whichever client and thread it comes from."""

from __future__ import annotations

import asyncio
import inspect
import socket
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from letta_async import APIConnectionError, AsyncLetta, Letta
from letta_async._utils.caller_warnings import warn

from .ids import AGENT, CONVERSATION

Calls = dict[str, tuple[dict[str, Any], type[Warning], str]]

CALLS: Calls = {
    "agent_id beside a conversation": (
        {"conversation_id": CONVERSATION, "agent_id": AGENT},
        UserWarning,
        "agent_id has no effect",
    ),
    "an agent in the path": ({"conversation_id": AGENT}, DeprecationWarning, "is deprecated by the API"),
}


@pytest.fixture
def nowhere() -> Iterator[str]:
    """Yield a base URL at which no server listens: each call raises `APIConnectionError`."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def letta(nowhere: str) -> Iterator[Letta]:
    with Letta(base_url=nowhere, max_retries=0) as client:
        yield client


def here() -> int:
    """Return the line of the caller."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def only(caught: list[warnings.WarningMessage]) -> tuple[str, int]:
    [warning] = caught
    return warning.filename, warning.lineno


@pytest.mark.parametrize("call", CALLS)
def test_the_facade_points_at_the_line_of_the_call(letta: Letta, call: str) -> None:
    parameters, category, words = CALLS[call]
    with pytest.warns(category, match=words) as caught, pytest.raises(APIConnectionError):
        line = here() + 1
        letta.conversations.recompile(**parameters)
    assert only(caught.list) == (__file__, line)


@pytest.mark.parametrize("call", CALLS)
async def test_the_async_client_points_at_the_line_of_the_await(nowhere: str, call: str) -> None:
    parameters, category, words = CALLS[call]
    async with AsyncLetta(base_url=nowhere, max_retries=0) as letta:
        with pytest.warns(category, match=words) as caught, pytest.raises(APIConnectionError):
            line = here() + 1
            await letta.conversations.recompile(**parameters)
    assert only(caught.list) == (__file__, line)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("run", ["asyncio", "uvloop"])
def test_a_gathered_call_points_at_the_program_that_runs_the_loop(nowhere: str, call: str, run: str) -> None:
    parameters, category, words = CALLS[call]

    async def main() -> list[object]:
        async with AsyncLetta(base_url=nowhere, max_retries=0) as letta:
            calls = [letta.conversations.recompile(**parameters)]
            return await asyncio.gather(*calls, return_exceptions=True)

    runner: Any = pytest.importorskip(run)
    with pytest.warns(category, match=words) as caught:
        line = here() + 1
        [outcome] = runner.run(main())
    assert isinstance(outcome, APIConnectionError)
    assert only(caught.list) == (__file__, line)


def test_threads_of_the_facade_point_each_at_its_own_line(letta: Letta) -> None:
    lines: set[int] = set()

    def one() -> None:
        with pytest.raises(APIConnectionError):
            lines.add(here() + 1)
            letta.conversations.recompile(AGENT)

    def other() -> None:
        with pytest.raises(APIConnectionError):
            lines.add(here() + 1)
            letta.conversations.recompile(AGENT)

    with pytest.warns(DeprecationWarning) as caught, ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(function) for function in (one, other)]:
            done.result()
    assert {(warning.filename, warning.lineno) for warning in caught} == {(__file__, line) for line in lines}
    assert len(lines) == 2


@pytest.mark.parametrize("call", CALLS)
def test_as_an_error_it_is_raised_by_the_facade_before_anything_is_sent(letta: Letta, call: str) -> None:
    parameters, category, words = CALLS[call]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(category, match=words):
            letta.conversations.recompile(**parameters)


@pytest.mark.parametrize("call", CALLS)
async def test_as_an_error_it_is_raised_by_the_async_client_before_anything_is_sent(nowhere: str, call: str) -> None:
    parameters, category, words = CALLS[call]
    async with AsyncLetta(base_url=nowhere, max_retries=0) as letta:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(category, match=words):
                await letta.conversations.recompile(**parameters)


@pytest.mark.parametrize("make", [Letta, AsyncLetta])
def test_a_constructor_points_at_the_line_of_its_call(make: Callable[..., object]) -> None:
    with pytest.warns(UserWarning, match="plain http") as caught:
        line = here() + 1
        make(api_key="k", base_url="http://letta.example")
    assert only(caught.list) == (__file__, line)


@pytest.mark.parametrize("make", [Letta, AsyncLetta])
def test_a_copy_points_at_the_line_of_its_making(make: Callable[..., Any]) -> None:
    client = make(api_key="k")
    with pytest.warns(UserWarning, match="plain http") as caught:
        line = here() + 1
        client.with_options(base_url="http://letta.example")
    assert only(caught.list) == (__file__, line)


def test_a_repeated_warning_is_shown_once_per_line(letta: Letta) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            with pytest.raises(APIConnectionError):
                letta.conversations.recompile(AGENT)
    assert len(caught) == 1


def test_deprecations_are_shown_to_the_program_that_was_started_and_not_for_libraries(nowhere: str) -> None:
    source = (
        "with Letta(base_url=url, max_retries=0) as letta:\n try: letta.conversations.recompile(agent)\n except: ..."
    )
    for module, shown in (("__main__", 1), ("a_library", 0)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.resetwarnings()
            warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
            warnings.filterwarnings("ignore", category=DeprecationWarning, append=True)
            exec(source, {"__name__": module, "Letta": Letta, "url": nowhere, "agent": AGENT})
        assert len(caught) == shown


def test_a_nameless_module_can_be_warned() -> None:
    with pytest.warns(UserWarning, match="careful") as caught:
        exec(compile("warn('careful')", "<typed in>", "exec"), {"__name__": None, "warn": warn})
    assert only(caught.list) == ("<typed in>", 1)


def test_an_iteration_of_the_facade_points_at_the_line_that_began_it(letta: Letta) -> None:
    with pytest.warns(UserWarning, match="agent_id has no effect") as caught:
        line = here() + 1
        iteration = letta.conversations.recompile_many([CONVERSATION], agent_id=AGENT)
        assert [outcome.status for outcome in iteration] == ["failed"]
    assert only(caught.list) == (__file__, line)
