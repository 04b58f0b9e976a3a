"""Instrumentation: what is notified of a call, in which order, and that it cannot disturb the call."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import letta_async.instrumentation as module
from letta_async import AsyncLetta, InvalidArgumentError, Letta, NotFoundError, RetryPolicy
from letta_async.instrumentation import Call, Instrumentation, install, uninstall
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

MODEL = {"model": "letta/letta-free", "embedding": "letta/letta-free"}
HOOKS = [name for name in vars(Instrumentation) if name.startswith("on_")]


class Recorder(Instrumentation):
    """Instrumentation that records the names of its hooks, with what they were passed."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.calls: list[Call] = []
        self.arguments: dict[str, tuple[Any, ...]] = {}
        """Arguments of the latest call of each hook."""


def recording(name: str) -> Callable[..., None]:
    def hook(self: Recorder, *arguments: Any) -> None:
        self.names.append(name.removeprefix("on_"))
        self.arguments[name] = arguments
        if isinstance(arguments[0], Call) and arguments[0] not in self.calls:
            self.calls.append(arguments[0])

    return hook


for _name in HOOKS:
    setattr(Recorder, _name, recording(_name))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def test_a_call_is_told_from_its_begin_to_its_end(letta_server: EmbeddedServer, recorder: Recorder) -> None:
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder) as client:
        agent = await client.agents.create(name="a", **MODEL, secrets={"pin": "MostSecret"})
    assert recorder.names == ["call_started", "attempt_started", "response_started", "call_finished"]
    (call,) = recorder.calls
    assert (call.name, call.method, call.path, call.path_template) == (
        "agents.create",
        "POST",
        "/v1/agents/",
        "/v1/agents/",
    )
    assert (call.base_url, call.attempt, call.traffic, call.streams) == (letta_server.base_url, 1, "quick", False)
    assert call.arguments == {"name": "a", **MODEL, "secrets": "**********"}
    assert recorder.arguments["on_call_finished"] == (call, agent, None)
    _, status, headers = recorder.arguments["on_response_started"]
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert "MostSecret" not in repr(recorder.arguments)


async def test_retries_and_failures_are_told(letta_server: EmbeddedServer, recorder: Recorder) -> None:
    letta_server.script(status=503)
    policy = RetryPolicy(max_retries=1, initial_delay=0.001)
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=[recorder], retry=policy) as client:
        with pytest.raises(NotFoundError) as caught:
            await client.agents.retrieve(AGENT)
    attempt = ["attempt_started", "response_started"]
    assert recorder.names == ["call_started", *attempt, "retry_scheduled", *attempt, "call_finished"]
    (call,) = recorder.calls
    assert (call.attempt, call.path_template, call.path) == (2, "/v1/agents/{agent_id}", f"/v1/agents/{AGENT}")
    _, error, delay = recorder.arguments["on_retry_scheduled"]
    assert error.status_code == 503
    assert 0 <= delay < 1
    assert recorder.arguments["on_call_finished"] == (call, None, caught.value)


async def test_a_stream_ends_when_it_is_closed(letta_server: EmbeddedServer, recorder: Recorder) -> None:
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder) as client:
        agent = await client.agents.create(name="a", **MODEL)
        for leave_early in (False, True):
            recorder.names.clear()
            async with client.agents.messages.stream(agent.id, input="hi") as stream:
                assert "call_finished" not in recorder.names
                async for _ in stream:
                    if leave_early:
                        break
            assert recorder.names[:3] == ["call_started", "attempt_started", "response_started"]
            assert set(recorder.names[3:-1]) == {"events_received"}
            assert recorder.names[-1] == "call_finished"
            call, value, error = recorder.arguments["on_call_finished"]
            assert (call.name, call.streams, value, error) == ("agents.messages.stream", True, None, None)


async def test_a_cancelled_call_ends_too(letta_server: EmbeddedServer, recorder: Recorder) -> None:
    letta_server.script(delay=60)
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder) as client:
        calling = asyncio.ensure_future(client.agents.retrieve(AGENT))
        while "attempt_started" not in recorder.names:
            await asyncio.sleep(0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
    assert isinstance(recorder.arguments["on_call_finished"][2], asyncio.CancelledError)


async def test_the_wait_for_the_limiter_is_told(letta_server: EmbeddedServer, recorder: Recorder) -> None:
    letta_server.script(delay=0.05)
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder, concurrency=1) as client:
        await asyncio.gather(client.get("/v1/agents/"), client.get("/v1/agents/"))
    assert recorder.names.count("call_queued") == 1
    first, second = recorder.calls
    assert first.queued_for < second.queued_for
    assert (second.name, second.path_template, second.arguments) == ("get", "/v1/agents/", {})


class Adding(Instrumentation):
    """Instrumentation that adds headers."""

    def __init__(self, added: Mapping[str, Any]) -> None:
        self.added = added

    def on_attempt_started(self, call: Call, headers: MutableMapping[str, str]) -> None:
        headers.update(self.added)


async def test_a_password_in_a_header_of_the_response_is_masked(
    letta_server: EmbeddedServer, recorder: Recorder
) -> None:
    letta_server.script(status=200, body=b"{}", headers={"Location": "http://sam:MostSecret@far/"})
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder) as client:
        await client.get("/v1/x")
    _, _, headers = recorder.arguments["on_response_started"]
    assert headers["location"] == "http://sam:**********@far/"


async def test_headers_are_added_to_each_attempt(letta_server: EmbeddedServer) -> None:
    letta_server.script(status=503)
    policy = RetryPolicy(max_retries=1, initial_delay=0.001)
    adding = Adding({"traceparent": "00-1"})
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=adding, api_key="k", retry=policy) as client:
        await client.agents.list()
    assert [request.headers["traceparent"] for request in letta_server.requests] == ["00-1"] * 2
    assert {request.headers["authorization"] for request in letta_server.requests} == {"Bearer ***"}


@pytest.mark.parametrize(
    "added", [{"x\r\n": "1"}, {"x": "1\r\nevil: 2"}, {"x": 1}, {"x": None}, {"Content-Length": "5"}]
)
async def test_headers_that_cannot_be_sent_are_left_out(
    letta_server: EmbeddedServer, caplog: pytest.LogCaptureFixture, added: Mapping[str, Any]
) -> None:
    hooks = [Adding({"traceparent": "00-1"}), Adding(added)]
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=hooks) as client:
        await client.agents.list()
    assert "are not sent" in caplog.text
    assert letta_server.requests[0].headers["traceparent"] == "00-1"
    assert not letta_server.requests[0].headers.keys() & {"x", "content-length"}


@pytest.mark.parametrize("raised", [ZeroDivisionError, asyncio.CancelledError])
@pytest.mark.parametrize("hook", HOOKS)
async def test_an_exception_is_logged_and_disturbs_nothing(
    letta_server: EmbeddedServer, caplog: pytest.LogCaptureFixture, hook: str, raised: type[BaseException]
) -> None:
    def fail(*_: Any) -> None:
        raise raised

    broken, recorder = Instrumentation(), Recorder()
    setattr(broken, hook, fail)
    letta_server.script(status=503)
    policy = RetryPolicy(max_retries=1, initial_delay=0.001)
    options: dict[str, Any] = {"concurrency": 1, "retry": policy, "instrumentation": [broken, recorder]}
    async with AsyncLetta(base_url=letta_server.base_url, **options) as client:
        await client.agents.list()
        agent, _ = await asyncio.gather(client.agents.create(name="a", **MODEL), client.agents.list())
        await client.agents.messages.stream(agent.id, input="hi").collect()
        conversation = await client.conversations.create(agent_id=agent.id)
        assert [outcome.ok async for outcome in client.conversations.recompile_many([conversation.id])] == [True]
    assert hook.removeprefix("on_") in recorder.names
    assert f"{hook} raised" in caplog.text
    assert {record.levelno for record in caplog.records if "raised" in record.message} == {logging.ERROR}


def test_the_facade_notifies_with_the_context_of_the_caller(letta_server: EmbeddedServer) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    seen: list[str] = []

    class Looking(Instrumentation):
        def on_call_started(self, call: Call) -> None:
            seen.append(variable.get())

    variable.set("of the caller")
    with Letta(base_url=letta_server.base_url, instrumentation=Looking()) as client:
        client.agents.list()
    assert seen == ["of the caller"]


async def test_outcomes_of_uploads_are_told(letta_server: EmbeddedServer, recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder) as client:
        folder = await client.folders.create(name="f", embedding="letta/letta-free")
        (outcome,) = [outcome async for outcome in client.folders.files.upload_many(folder.id, files=tmp_path)]
    assert recorder.arguments["on_target_finished"] == (outcome,)


async def test_installed_for_all_clients_made_afterwards(letta_server: EmbeddedServer, recorder: Recorder) -> None:
    install(recorder)
    try:
        install(recorder)
        async with AsyncLetta(base_url=letta_server.base_url, instrumentation=recorder) as client:
            await client.agents.list()
            assert recorder.names.count("call_started") == 1
            assert client.instrumentation == (recorder,)
    finally:
        uninstall(recorder)
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        assert client.instrumentation == ()
        assert client.with_options(instrumentation=recorder).instrumentation == (recorder,)
        assert client.with_options(instrumentation=recorder).with_options(instrumentation=None).instrumentation == ()


@pytest.mark.parametrize("value", [1, "text", Instrumentation, [Instrumentation(), print]])
def test_only_an_instrumentation_is_accepted(value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="instrumentation: .* is not an instance of a subclass"):
        AsyncLetta(instrumentation=value)
    with pytest.raises(InvalidArgumentError, match="is not an instance of a subclass"):
        install(value)


def test_the_same_one_is_notified_once(recorder: Recorder) -> None:
    other = Recorder()
    with Letta(instrumentation=[recorder, other, recorder]) as client:
        assert client.instrumentation == (recorder, other)


def test_coroutine_functions_are_refused_which_nothing_would_await() -> None:
    class Late(Instrumentation):
        async def on_events_received(self, call: Call, events: Sequence[Any]) -> None:  # type: ignore[override]
            """Handle events too late."""

    with pytest.raises(InvalidArgumentError, match="Late.on_events_received must not be a coroutine function"):
        Letta(instrumentation=Late())


async def test_every_call_has_a_name(letta_server: EmbeddedServer) -> None:
    names = module._names()
    assert len(names) >= 160
    assert all("." in name or name == "health" for name in names.values())


async def test_events_are_out_of_reach(letta_server: EmbeddedServer) -> None:
    class Clearing(Instrumentation):
        def on_events_received(self, call: Call, events: Any) -> None:
            events.clear()

    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=Clearing()) as client:
        agent = await client.agents.create(name="a", **MODEL)
        assert (await client.agents.messages.stream(agent.id, input="hi").collect()).text
