"""Tests that nothing which an instrumentation is passed shows a secret, whichever hook, call and outcome it is."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest

from letta_async import CreateSseMcpServerParam, LettaError
from letta_async._schema.json_values import is_array
from letta_async._utils.secret_strings import Secret
from letta_async.instrumentation import Call, Instrumentation
from tests.ids import AGENT, CONVERSATION

from .driver import Do, Driver
from .scripts import answer, answers_in_turn, closes, ok, says
from .secrets import COOKIE, KEY, TOKEN
from .server import Server

Drive = Callable[..., Driver]

HOOKS = [name for name in vars(Instrumentation) if name.startswith("on_")]
URL = f"https://sam:{TOKEN}@mcp.example/x?a=b"
OTHER = {"Cookie": COOKIE, "X-Api-Key": TOKEN}


def shown_by(value: object, seen: set[int] | None = None) -> Iterator[str]:
    """Yield what `repr`, `str` and the attributes of a value show, at any depth."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, type | Secret):
        return
    seen.add(id(value))
    yield repr(value)
    yield str(value)
    if isinstance(value, Mapping):
        parts: list[Any] = [*value, *value.values()]
    elif is_array(value):
        parts = [*value]
    else:
        names = {slot for kind in type(value).__mro__ for slot in getattr(kind, "__slots__", ())}
        public = {name for name in dir(value) if not name.startswith("_")} if isinstance(value, Call) else set[str]()
        parts = [getattr(value, name, None) for name in names | public]
        parts += vars(value).values() if hasattr(value, "__dict__") else []
    for part in parts:
        if not callable(part) and not isinstance(part, int | float | None):
            yield from shown_by(part, seen)


def shown_by_error(error: BaseException) -> Iterator[str]:
    """Yield what an error shows, without the variables of frames: arguments of the caller are among these."""
    yield "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        yield from (str(link), repr(link), repr(vars(link)))
        link = link.__cause__ or link.__context__


def leaks(*texts: str) -> list[str]:
    """Return where a text shows a secret, with what is around it."""
    return [text[max(0, at - 200) : at + 20] for text in texts if (at := text.find("MostSecret")) >= 0]


class Spy(Instrumentation):
    """Instrumentation that keeps the text of all that it is passed, and the calls themselves."""

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = {name: [] for name in HOOKS}
        self.calls: list[Call] = []


def spying(name: str) -> Callable[..., None]:
    def hook(self: Spy, call: Call, *arguments: Any) -> None:
        self.calls.append(call)
        self.told[name] += shown_by(call)
        self.told[name] += map(str, attrs.asdict(call).values())
        for argument in arguments:
            if isinstance(argument, BaseException):
                self.told[name] += shown_by_error(argument)
            elif name in ("on_call_finished", "on_events_received"):
                self.told[name].append(repr(argument))  # what the method returns is the caller's
            else:
                self.told[name] += shown_by(argument)

    return hook


for _name in HOOKS:
    setattr(Spy, _name, spying(_name))


@pytest.fixture
def spy() -> Iterator[Spy]:
    spy = Spy()
    yield spy
    assert any(spy.told.values())
    assert leaks(*(f"{name}: {text}" for name, told in spy.told.items() for text in told)) == []


def sent(server: Server) -> str:
    return "".join(f"{seen.target} {seen.headers} {seen.body.decode('latin-1')}" for seen in server.requests)


MCP: dict[str, Any] = {
    "mcp_server_type": "sse",
    "server_url": URL,
    "auth_token": TOKEN,
    "custom_headers": {"X-Plain": TOKEN},
}
STDIO: dict[str, Any] = {"mcp_server_type": "stdio", "command": "x", "args": [], "env": {"PLAIN": TOKEN}}
CALLS: dict[str, Do] = {
    "a raw call": lambda client: client.post("/v1/x", body={"api_key": TOKEN}, extra_query={"token": TOKEN}),
    "headers of a call": lambda client: client.agents.retrieve(AGENT, extra_headers={"X-Client-Secret": TOKEN}),
    "secrets of an agent": lambda client: client.agents.create(
        name="a", secrets={"pin": TOKEN}, tool_exec_environment_variables={"PLAIN": TOKEN}
    ),
    "the key of a provider": lambda client: client.providers.create(
        api_key=TOKEN, access_key=TOKEN, provider_type="openai", name="p", base_url=URL
    ),
    "an MCP server as a mapping": lambda client: client.mcp_servers.create(server_name="m", config=MCP),
    "an MCP server as an object": lambda client: client.mcp_servers.create(
        server_name="m",
        config=CreateSseMcpServerParam(server_url=URL, auth_token=TOKEN, custom_headers={"X-Plain": TOKEN}),
    ),
    "an MCP server that is a command": lambda client: client.mcp_servers.create(server_name="m", config=STDIO),
    "the variables of a tool": lambda client: client.tools.run_tool_from_source(
        source_code="x", args={}, env_vars={"PLAIN": TOKEN}
    ),
    "a token in a path": lambda client: client.access_tokens.delete(TOKEN),
    "an upload": lambda client: client.agents.import_file(
        file=("a.af", b"{}"), secrets={"pin": TOKEN}, env_vars_json={"PLAIN": TOKEN}
    ),
    "a stream": lambda client: _read(client.conversations.messages.stream(CONVERSATION, extra_headers=OTHER)),
}


def _read(stream: Any) -> Any:
    """Read a stream to its end; of an async client, return a coroutine that does."""

    async def read() -> None:
        async for _ in stream:
            pass

    return read() if hasattr(stream, "__aiter__") else list(stream)


def _drive(drive: Drive, server: Server, spy: Spy, **options: Any) -> Driver:
    return drive(server.url, api_key=KEY, default_headers=OTHER, instrumentation=spy, **options)


def _do(driver: Driver, do: Do) -> None:
    try:
        driver.call(do)
    except LettaError as error:
        assert leaks(*shown_by_error(error)) == []


@pytest.mark.parametrize("do", CALLS.values(), ids=CALLS)
def test_arguments_are_masked(server: Server, drive: Drive, spy: Spy, do: Do) -> None:
    server.follow(answers_in_turn(answer(503, b"{}"), ok(b"{}")))
    _do(_drive(drive, server, spy), do)
    assert KEY in sent(server)
    assert TOKEN in sent(server), "the secret was not sent"
    assert {"on_call_started", "on_attempt_started", "on_response_started", "on_call_finished"} <= {
        name for name, told in spy.told.items() if told
    }


@pytest.mark.parametrize(
    "script",
    [closes("after the request"), says(answer(401)), says(answer(503)), says(b"?\r\n\r\n", then="fin")],
    ids=["closed", "401", "503", "no HTTP"],
)
def test_failures_and_retries_show_none(server: Server, drive: Drive, spy: Spy, script: Any) -> None:
    server.follow(script)
    driver = _drive(drive, server, spy, default_query={"api_key": TOKEN})
    with pytest.raises(LettaError):
        driver.recompile(extra_headers={"X-Client-Secret": TOKEN})
    assert bool(spy.told["on_retry_scheduled"]) == (len(server.requests) > 1)


def test_headers_that_echo_what_was_sent_are_masked(server: Server, drive: Drive, spy: Spy) -> None:
    echoes = (f"X-Echo: got Bearer {KEY}", f"X-Other: {TOKEN}", f"Set-Cookie: {COOKIE}", "X-Request-Id: 7")
    server.follow(says(ok(b'"x"', *echoes)))
    assert _drive(drive, server, spy).recompile() == "x"
    told = "".join(spy.told["on_response_started"])
    assert "got ****" in told
    assert "'X-Request-ID': '7'" in told


def test_events_of_a_stream_show_none(server: Server, drive: Drive, spy: Spy) -> None:
    event = {"message_type": "assistant_message", "id": "message-1", "content": "hi"}
    lines = f'data: {json.dumps(event)}\n\ndata: {{"message_type": "stop_reason", "stop_reason": "end_turn"}}\n\n'
    body = f"{lines}data: [DONE]\n\n".encode()
    server.follow(says(ok(body, "Content-Type: text/event-stream", f"Set-Cookie: {COOKIE}")))
    _do(_drive(drive, server, spy), CALLS["a stream"])
    assert spy.told["on_events_received"]
    assert spy.told["on_call_finished"]


def test_a_call_shows_what_is_no_secret(server: Server, drive: Drive, spy: Spy) -> None:
    driver = _drive(drive, server, spy)
    for name in ("an MCP server as a mapping", "an MCP server as an object", "a token in a path"):
        _do(driver, CALLS[name])
    first, second, third = dict.fromkeys(spy.calls)
    masked = {**MCP, "server_url": "https://sam:**********@mcp.example/x?a=b"}
    masked |= {"auth_token": "**********", "custom_headers": "**********"}
    assert first.arguments == {"server_name": "m", "config": masked}
    assert (
        second.arguments["config"].items() >= {"server_url": masked["server_url"], "auth_token": "**********"}.items()
    )
    assert third.path == "/v1/client-side-access-tokens/**********"
    assert server.requests[-1].target.endswith(f"/{TOKEN}")
