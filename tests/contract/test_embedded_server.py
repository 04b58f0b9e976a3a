"""Tests of the embedded server itself: start and stop, clock, record of requests, command.

They are not part of the contract, and are skipped if a real server is tested.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import aiohttp
import attrs
import pytest

from letta_async.testing import EmbeddedServer
from letta_async.testing._facts import FIELDS
from letta_async.types.model_settings import (
    ModelSettings,
    MoonshotCodingModelSettings,
    MoonshotModelSettings,
    UnknownModelSettings,
)
from tests.contract.conftest import MODEL
from tests.contract.wire import UNKNOWN, Http, timeless


def get(url: str, **headers: str) -> tuple[int, bytes]:
    """Send a GET request; return the status and the body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


# --- starting and stopping ------------------------------------------------------------------------------------------


def test_it_serves_from_a_plain_with_block() -> None:
    with EmbeddedServer() as server:
        assert get(f"{server.base_url}/v1/health/") == (200, b'{"version":"0.16.8","status":"ok"}')
        url = server.base_url
    with pytest.raises(urllib.error.URLError):
        get(url)


async def test_it_serves_from_an_async_with_block() -> None:
    async with EmbeddedServer() as server, aiohttp.ClientSession() as session:
        url = f"{server.base_url}/v1/health/"
        async with session.get(url) as answer:
            assert answer.status == 200
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(url)


def test_it_starts_within_a_tenth_of_a_second() -> None:
    def start() -> float:
        began = time.perf_counter()
        with EmbeddedServer():
            return time.perf_counter() - began

    assert min(start() for _ in range(10)) < 0.1  # the best of some: the machine has other things to do, too


def test_several_serve_at_once_and_share_nothing() -> None:
    with EmbeddedServer() as one, EmbeddedServer() as other:
        assert one.base_url != other.base_url
        get(f"{one.base_url}/v1/health/")
        assert (len(one.requests), len(other.requests)) == (1, 0)


def test_it_can_be_started_again_and_remembers() -> None:
    server = EmbeddedServer()
    with server:
        get(f"{server.base_url}/v1/health/")
    with server:
        get(f"{server.base_url}/v1/health/")
    assert len(server.requests) == 2


def test_it_stops_at_once_although_a_connection_is_open() -> None:
    def stop() -> float:
        with EmbeddedServer() as server:
            connection = urllib.request.urlopen(f"{server.base_url}/v1/health/", timeout=10)
            began = time.perf_counter()
        connection.close()
        return time.perf_counter() - began

    assert min(stop() for _ in range(3)) < 0.5


def test_before_it_starts_it_has_no_url() -> None:
    server = EmbeddedServer(password="secret")
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.base_url
    assert repr(server) == "<EmbeddedServer not started, asking for a key>"


async def test_it_cannot_be_started_twice() -> None:
    async with EmbeddedServer() as server:
        with pytest.raises(RuntimeError, match="started already"):
            await server.start()


def test_a_port_in_use_is_refused_and_leaves_no_thread() -> None:
    with EmbeddedServer() as server:
        before = threading.active_count()
        with pytest.raises(OSError, match="in use"), EmbeddedServer(port=int(server.base_url.rsplit(":", 1)[1])):
            pass
        assert threading.active_count() == before


def test_it_takes_the_port_it_is_given() -> None:
    with EmbeddedServer() as server:
        port = int(server.base_url.rsplit(":", 1)[1])
    with EmbeddedServer(port=port) as server:
        assert server.base_url == f"http://127.0.0.1:{port}"


def test_an_error_in_the_block_passes_and_stops_the_server() -> None:
    server, urls = EmbeddedServer(), list[str]()

    def fail() -> None:
        with server:
            urls.append(server.base_url)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(urllib.error.URLError):
        get(urls[0])


# --- what arrived ---------------------------------------------------------------------------------------------------


def test_requests_are_remembered_with_their_keys_masked() -> None:
    with EmbeddedServer() as server:
        keys = {"Authorization": "Bearer sk-secret", "X-Bare-Password": "password sk-secret", "Cookie": "sk-secret"}
        get(f"{server.base_url}/v1/agents/?name=%C3%A4&name=b&empty=", **keys, accept="text/plain")
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/v1/agents/")
    assert request.query == {"name": "b", "empty": ""}
    assert request.headers["accept"] == "text/plain"
    assert request.headers["authorization"] == "Bearer ***"
    assert request.headers["x-bare-password"] == "password ***"
    assert request.headers["cookie"] == "***"
    assert "sk-secret" not in repr(request)
    assert (request.body, request.json()) == (b"", None)


async def test_bodies_are_remembered() -> None:
    async with EmbeddedServer() as server, aiohttp.ClientSession() as session:
        target = f"/v1/conversations/conv-{UNKNOWN}/recompile"
        await Http(server.base_url, session).post(target, {"agent_id": None})
    (request,) = server.requests
    assert request.body == b'{"agent_id": null}'
    assert request.json() == {"agent_id": None}


async def test_no_more_than_a_thousand_requests_are_remembered() -> None:
    async with EmbeddedServer() as server, aiohttp.ClientSession() as session:
        http = Http(server.base_url, session)
        for number in range(1001):
            await http.get(f"/v1/health/?number={number}")
    assert len(server.requests) == 1000
    assert server.requests[0].query == {"number": "1"}


def test_refused_requests_are_remembered_too() -> None:
    with EmbeddedServer(password="right") as server:
        assert get(f"{server.base_url}/v1/agents/", Authorization="Bearer wrong")[0] == 401
        assert get(f"{server.base_url}/v1/agents/", Authorization="Bearer right")[0] == 200
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer ***"] * 2


# --- its clock ------------------------------------------------------------------------------------------------------


async def test_a_clock_of_ones_own_tells_the_time_in_prompts() -> None:
    now = datetime(2030, 1, 2, 23, 4, 5, 600_000, UTC)

    def clock() -> datetime:
        return now

    async with EmbeddedServer(clock=clock) as server, aiohttp.ClientSession() as session:
        http = Http(server.base_url, session)
        agent: dict[str, Any] = (await http.post("/v1/agents/", {"model": MODEL, "timezone": "Asia/Tokyo"})).json
        conversation = (await http.post(f"/v1/conversations/?agent_id={agent['id']}", {})).json
        assert conversation["created_at"] == "2030-01-02T23:04:05.600000Z"
        first = (await http.recompile(conversation["id"])).json
        assert "- System prompt last recompiled: 2030-01-03 08:04:05 AM JST+0900\n" in first
        now += timedelta(hours=1)
        second = (await http.recompile(conversation["id"])).json
        assert "- System prompt last recompiled: 2030-01-03 09:04:05 AM JST+0900\n" in second
        assert first != second
        assert timeless(first) == timeless(second)


async def test_an_edited_block_leaves_the_time_of_the_agents_own_prompt() -> None:
    now = datetime(2030, 1, 1, 12, tzinfo=UTC)
    async with EmbeddedServer(clock=lambda: now) as server, aiohttp.ClientSession() as session:
        http = Http(server.base_url, session)
        agent = (await http.post("/v1/agents/", {"model": MODEL, "memory_blocks": [{"label": "human"}]})).json
        now += timedelta(hours=1)
        await http.patch(f"/v1/blocks/{agent['blocks'][0]['id']}", {"value": "Grace"})
        edited = await http.prompt(agent["id"])
        assert "Grace" in edited
        assert "recompiled: 2030-01-01 12:00:00 PM" in edited
        plain = (await http.post(f"/v1/agents/{agent['id']}/recompile?dry_run=true")).json
        assert "recompiled: 2030-01-01 12:00:00 PM" in plain
        fresh = (await http.post(f"/v1/agents/{agent['id']}/recompile?dry_run=true&update_timestamp=true")).json
        assert "recompiled: 2030-01-01 01:00:00 PM" in fresh


async def test_with_a_clock_that_stands_still_lists_keep_their_order_and_pages() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    async with EmbeddedServer(clock=lambda: moment) as server, aiohttp.ClientSession() as session:
        http = Http(server.base_url, session)
        agent = (await http.post("/v1/agents/", {"model": MODEL})).json
        made = [(await http.post(f"/v1/conversations/?agent_id={agent['id']}", {})).json["id"] for _ in range(5)]
        listed: list[str] = []
        while page := (await http.get(f"/v1/conversations/?limit=2{'&after=' + listed[-1] if listed else ''}")).json:
            listed += [conversation["id"] for conversation in page]
        assert listed == made[::-1]


# --- what it knows of the models ------------------------------------------------------------------------------------


def test_the_table_of_the_servers_fields_names_only_fields_of_the_models() -> None:
    for cls, fields in FIELDS.items():
        assert set(fields) <= {field.name for field in attrs.fields(cls)}, cls


def test_every_provider_of_the_models_is_known_or_known_to_be_of_the_hosted_api() -> None:
    unknown = set(get_args(ModelSettings)) - set(FIELDS)
    assert unknown == {MoonshotModelSettings, MoonshotCodingModelSettings, UnknownModelSettings}


# --- many at once ---------------------------------------------------------------------------------------------------


async def test_a_thousand_recompiles_at_once_are_all_answered(http: Http, agent: dict[str, Any]) -> None:
    made = [(await http.post(f"/v1/conversations/?agent_id={agent['id']}", {})).json["id"] for _ in range(50)]
    answers = await asyncio.gather(*(http.recompile(conversation_id) for conversation_id in made * 20))
    assert {answer.status for answer in answers} == {200}


async def test_a_server_that_is_not_started_has_nothing_to_stop() -> None:
    server = EmbeddedServer()
    await server.stop()
    async with server:
        assert server.base_url
    await server.stop()
    with pytest.raises(RuntimeError, match="was not started"):
        _ = server.base_url


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def command() -> Iterator[Any]:
    """Start `python -m letta_async.testing`: `process, url = command("--port", "0")`."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "letta_async.testing", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.terminate()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(command: Any, number: signal.Signals) -> None:
    process, url = command()
    assert get(f"{url}/v1/health/")[0] == 200
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_the_command_takes_a_port_and_a_key_from_the_environment(command: Any) -> None:
    with EmbeddedServer() as server:
        port = server.base_url.rsplit(":", 1)[1]
    _, url = command("--port", port, "--password-env", "KEY_OF_THE_TEST", KEY_OF_THE_TEST="right")
    assert url == f"http://127.0.0.1:{port}"
    assert get(f"{url}/v1/agents/")[0] == 401
    assert get(f"{url}/v1/agents/", Authorization="Bearer right")[0] == 200


def test_the_command_refuses_a_variable_that_is_not_set(command: Any) -> None:
    process, url = command("--password-env", "NOT_SET_ANYWHERE")
    _, complaint = process.communicate(timeout=10)
    assert (process.returncode, url) == (2, "")
    assert "NOT_SET_ANYWHERE is empty or not set" in complaint


def test_the_command_says_that_a_file_cannot_be_used(command: Any, tmp_path: Path) -> None:
    process, url = command("--data", str(tmp_path))
    _, complaint = process.communicate(timeout=10)
    assert (process.returncode, url) == (1, "")
    assert complaint.startswith(f"{tmp_path}: cannot be used: unable to open")
    assert "Traceback" not in complaint


def test_the_command_says_that_a_port_is_in_use(command: Any) -> None:
    with EmbeddedServer() as server:
        port = server.base_url.rsplit(":", 1)[1]
        process, _ = command("--port", port)
        _, complaint = process.communicate(timeout=10)
    assert process.returncode == 1
    assert complaint.startswith(f"cannot listen on port {port}: ")
    assert "Traceback" not in complaint
