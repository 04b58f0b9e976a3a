"""Tracebacks of errors: the line that made the call, and below it only the method's own."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

import letta_async
from letta_async import APIConnectionError, AsyncLetta, InternalServerError, Letta, LettaError, RetryPolicy
from letta_async._utils.tracebacks import drop_frames
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT, CONVERSATION

OURS = Path(letta_async.__file__).parent
NOWHERE = "http://127.0.0.1:9"
QUICK = RetryPolicy(initial_delay=0.001)


@pytest.fixture
def failing() -> Iterator[str]:
    with EmbeddedServer() as server:
        server.script(times=None, status=500)
        yield server.base_url


def functions(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def ours(error: BaseException) -> list[str]:
    """Return the names of the functions in a traceback that are not in this file: those that a user did not write."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]


async def _through(client: AsyncLetta) -> None:
    async for _ in client.agents.list():
        pass


ASYNC: dict[str, Callable[[AsyncLetta], Awaitable[object]]] = {
    "recompile": lambda client: client.conversations.recompile(CONVERSATION),
    "get": lambda client: client.get("/v1/agents/"),
    "": _through,
    "page": lambda client: client.agents.list().page(),
    "run_tools": lambda client: client.agents.messages.run_tools(AGENT, input="x", tools=[]),
}
WRONG: dict[str, Callable[[AsyncLetta], Awaitable[object]]] = {
    "recompile": lambda client: client.conversations.recompile("x"),
    "post": lambda client: client.post("x"),
}
SYNC: dict[str, list[Callable[[Letta], object]]] = {
    "recompile": [lambda client: client.conversations.recompile(CONVERSATION)],
    "get": [lambda client: client.get("/v1/x")],
    "list": [lambda client: client.agents.list()],
    "create": [
        lambda client: client.agents.messages.create(AGENT, input="x"),
        lambda client: client.agents.messages.create(AGENT, input="x", streaming=True),
        lambda client: client.conversations.messages.create(CONVERSATION, input="x", streaming=False),
    ],
    "stream": [lambda client: client.agents.messages.stream(AGENT, input="x")],
    "run_tools": [lambda client: client.agents.messages.run_tools(AGENT, input="x", tools=[])],
    "staleness": [lambda client: client.conversations.staleness(CONVERSATION)],
}


@pytest.mark.parametrize(("name", "call"), [*ASYNC.items(), *WRONG.items()])
@pytest.mark.parametrize("deadline", [None, 30.0])
async def test_below_the_callers_line_is_the_method_alone(
    name: str, call: Callable[[AsyncLetta], Awaitable[object]], deadline: float | None, failing: str
) -> None:
    for base_url in (NOWHERE, failing):
        async with AsyncLetta(base_url=base_url, retry=QUICK, deadline=deadline) as client:
            with pytest.raises(LettaError) as caught:
                await call(client)
        assert ours(caught.value) == [name] * bool(name)
        assert caught.value.__context__ is None or caught.value.__suppress_context__
        if isinstance(caught.value, APIConnectionError):
            assert type(caught.value.__cause__).__name__ == "ClientConnectorError"


@pytest.mark.parametrize(("name", "call"), [(name, call) for name, calls in SYNC.items() for call in calls])
def test_so_it_is_with_the_facade(name: str, call: Callable[[Letta], object], failing: str) -> None:
    for base_url in (NOWHERE, failing):
        with Letta(base_url=base_url, retry=QUICK) as client, pytest.raises(LettaError) as caught:
            call(client)
        assert ours(caught.value) == [name]


async def test_of_a_call_that_may_stream_nothing_is_below_the_callers_line(failing: str) -> None:
    for base_url in (NOWHERE, failing):
        async with AsyncLetta(base_url=base_url, retry=QUICK) as client:
            for parameters in ({"input": "x"}, {}):
                with pytest.raises(LettaError) as caught:
                    await client.agents.messages.create(AGENT, **parameters)
                assert ours(caught.value) == []


def test_a_list_that_is_refused_says_so_at_the_callers_line() -> None:
    with Letta(base_url=NOWHERE) as client, pytest.raises(LettaError) as caught:
        client.agents.list(limit=0)
    assert ours(caught.value) == ["list", "list"]


async def test_for_debugging_they_stay(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "letta_async"):
        async with AsyncLetta(base_url=NOWHERE, max_retries=0) as client:
            with pytest.raises(APIConnectionError) as caught:
                await client.conversations.recompile(CONVERSATION)
    assert ours(caught.value) == ["recompile", "watch", "run", "_run_attempt", "exchange"]


async def test_what_the_caller_was_handling_is_still_told(failing: str) -> None:
    async with AsyncLetta(base_url=failing, retry=QUICK) as client:
        try:
            raise KeyError("mine")
        except KeyError as mine:
            with pytest.raises(InternalServerError) as caught:
                await client.conversations.recompile(CONVERSATION)
            assert caught.value.__context__ is mine
    assert not caught.value.__suppress_context__


def test_frames_of_the_user_stay_wherever_they_are() -> None:
    async def source() -> str:
        async with AsyncLetta(base_url=NOWHERE, max_retries=0) as inner:
            return await inner.conversations.recompile(CONVERSATION)

    with pytest.raises(APIConnectionError) as caught:
        asyncio.run(source())
    assert "source" in functions(caught.value)
    drop_frames(caught.value)
    assert "source" in functions(caught.value)
    assert not [
        frame for frame in traceback.extract_tb(caught.value.__traceback__) if OURS in Path(frame.filename).parents
    ]


def test_an_error_of_another_kind_keeps_all() -> None:
    with pytest.raises(TypeError) as caught:
        drop_frames(len)  # type: ignore[arg-type]
        letta_async.config.Timeout.of(1).timeout()  # type: ignore[operator,misc]
    before = functions(caught.value)
    drop_frames(caught.value)
    assert functions(caught.value) == before
