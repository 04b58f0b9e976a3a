"""What goes wrong in tools that run here: the agent is told of it, but interrupts and cancellations are raised."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta
from letta_async.testing import EmbeddedServer
from tests.both_clients import server
from tests.ids import AGENT
from tests.tool_runs import add, answers, calls, client, returned, says, sent

__all__ = ["client", "server"]


class Silent(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no such city"), "ValueError: no such city"),
        (Silent(), "Silent"),
        (TimeoutError("late"), "TimeoutError: late"),
        (InvalidArgumentError([]), "InvalidArgumentError: 0 invalid arguments:"),
        (ExceptionGroup("several", [ValueError()]), "ExceptionGroup: several (1 sub-exception)"),
    ],
    ids=repr,
)
async def test_an_exception_is_told_to_the_agent_and_logged(
    client: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture, error: Exception, text: str
) -> None:
    def tool() -> None:
        raise error

    with caplog.at_level(logging.WARNING, "letta_async"):
        assert await returned(client, server, tool) == ("error", text)
    (record,) = caplog.records
    assert record.getMessage() == "the tool tool failed; the agent is told so"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_what_no_future_can_hold_is_told_to_the_agent_as_well(client: AsyncLetta, server: EmbeddedServer) -> None:
    def tool() -> None:
        raise StopIteration

    assert await returned(client, server, tool) == ("error", "RuntimeError: coroutine raised StopIteration")


async def test_an_exception_of_an_async_tool_is_told_to_the_agent(client: AsyncLetta, server: EmbeddedServer) -> None:
    async def tool() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    assert await returned(client, server, tool) == ("error", "KeyError: 'x'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{", "the arguments of a call of 'add' are not a JSON object"),
        ("[1]", "it is not an object"),
        ("", "invalid argument: a: is required"),
        ('{"a": 1, "c": 2}', "invalid argument: c: is unknown"),
        ('{"a": "1", "c": 2}', "2 invalid arguments:\n  c: is unknown\n  a: '1' is not an integer"),
    ],
)
async def test_arguments_that_do_not_fit_are_told_to_the_agent(
    client: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture, arguments: str, words: str
) -> None:
    status, text = await returned(client, server, add, arguments)
    assert status == "error"
    assert words in text
    assert not caplog.records


async def test_one_tool_that_fails_leaves_the_others_alone(client: AsyncLetta, server: EmbeddedServer) -> None:
    def fail() -> None:
        raise ValueError("x")

    answers(server, calls(("fail", {}), ("add", {"a": 1}), ("add", {})), says("done"))
    await client.agents.messages.run_tools(AGENT, tools=[add, fail], input="x")
    assert [approval["status"] for approval in sent(server)] == ["error", "success", "error"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("wanted", [1, 2])
def test_interrupts_are_raised(server: EmbeddedServer, kind: type[BaseException], wanted: int) -> None:
    def tool() -> None:
        raise kind

    answers(server, calls(*[("tool", {})] * wanted))
    with Letta(base_url=server.base_url) as client, pytest.raises(kind):
        client.agents.messages.run_tools(AGENT, tools=[tool], input="x")
    assert len(server.requests) == 1


async def test_cancelling_cancels_the_tools_and_sends_nothing_more(client: AsyncLetta, server: EmbeddedServer) -> None:
    running, cancelled = asyncio.Event(), list[str]()

    async def wait(name: str) -> None:
        running.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.append(name)
            raise

    answers(server, calls(("wait", {"name": "a"}), ("wait", {"name": "b"})))
    task = asyncio.create_task(client.agents.messages.run_tools(AGENT, tools=[wait], input="x"))
    await running.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cancelled) == ["a", "b"]
    assert len(server.requests) == 1


class Mute(Exception):
    """An exception whose text cannot be made."""

    def __str__(self) -> str:
        raise ValueError("no text")


@dataclass
class Link:
    """A link of a chain."""

    next: Link | None = None


async def test_whatever_a_conversion_raises_is_for_the_agent(client: AsyncLetta, server: EmbeddedServer) -> None:
    def half(number: float) -> float:
        return number / 2

    def length(chain: Link) -> int:
        return 0

    huge, deep = "1" * 400, '{"next":' * 400 + "null" + "}" * 400
    status, text = await returned(client, server, half, f'{{"number": {huge}}}')
    assert (status, text.endswith("… (int) is not a number")) == ("error", True)
    status, text = await returned(client, server, length, f'{{"chain": {deep}}}')
    assert (status, text.startswith("invalid argument: RecursionError")) == ("error", True)


async def test_an_exception_without_a_text_is_named_at_least(client: AsyncLetta, server: EmbeddedServer) -> None:
    def fails() -> str:
        raise Mute

    assert await returned(client, server, fails) == ("error", "Mute")


async def test_of_several_tools_the_exception_that_is_none_of_the_agents_is_raised_itself(
    client: AsyncLetta, server: EmbeddedServer
) -> None:
    class Stop(BaseException):
        pass

    ended: list[bool] = []

    async def stop() -> str:
        raise Stop

    async def wait() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return ""

    answers(server, calls(("wait", {}), ("stop", {})))
    with pytest.raises(Stop):
        await client.agents.messages.run_tools(AGENT, tools=[stop, wait], input="x")
    task = asyncio.current_task()
    assert task is not None
    assert (ended, task.cancelling()) == ([True], 0)
