"""Logging: effect of `LETTA_LOG` on the package's own logger only, and the messages."""

from __future__ import annotations

import gzip
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from letta_async import APIConnectionError, AsyncLetta, Letta, LettaError, NotFoundError
from letta_async._http import observation
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

START = """
import logging, os, sys
from letta_async import Letta
from letta_async.testing import EmbeddedServer

def retry():
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        server.script(status=503, retry_after=0)
        client.get("/v1/agents/")

"""
RETRYING = "retrying GET /v1/agents/"


def lines(code: str, level: str = "info") -> list[str]:
    """Run a program, and return its standard error."""
    env = {**os.environ, "LETTA_LOG": level}
    program = [sys.executable, "-W", "error", "-c", START + code]  # -X dev would log what is slow
    done = subprocess.run(program, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def test_without_a_set_up_of_the_applications_it_goes_to_standard_error_once_however_many_clients() -> None:
    (line,) = lines("Letta(); Letta(); retry()\nassert not logging.getLogger().handlers")
    assert line.startswith("[20")
    assert f" - INFO] {RETRYING}" in line


def test_an_application_that_sets_logging_up_later_gets_it_and_gets_it_once() -> None:
    first, second = lines("retry()\nlogging.basicConfig(format='APP %(message)s')\nretry()")
    assert first.startswith("[")
    assert second.startswith(f"APP {RETRYING}")


@pytest.mark.parametrize(
    "set_up",
    [
        "logging.basicConfig(format='APP %(message)s', level='WARNING')",
        "handler = logging.StreamHandler(); handler.setFormatter(logging.Formatter('APP %(message)s'))\n"
        "logging.getLogger('letta_async').addHandler(handler); logging.getLogger('letta_async').propagate = False",
    ],
)
def test_an_application_that_set_logging_up_gets_it_once(set_up: str) -> None:
    (line,) = lines(f"{set_up}\nretry()")
    assert line.startswith(f"APP {RETRYING}")


@pytest.mark.parametrize(
    "set_up",
    [
        "handler = logging.StreamHandler(); handler.setLevel('WARNING'); logging.getLogger().addHandler(handler)",
        "logging.getLogger('letta_async').addHandler(logging.NullHandler())",
        "logging.basicConfig(); logging.getLogger('letta_async').propagate = False",
    ],
)
def test_what_the_applications_handlers_do_not_show_is_shown_all_the_same(set_up: str) -> None:
    (line,) = lines(f"{set_up}\nretry()")
    assert f" - INFO] {RETRYING}" in line


def test_a_level_of_the_applications_holds() -> None:
    log = "logging.getLogger('letta_async')"
    assert lines(f"{log}.setLevel('WARNING'); retry(); assert {log}.level == logging.WARNING") == []
    assert lines(f"Letta(); {log}.setLevel('WARNING'); retry(); assert {log}.level == logging.WARNING") == []


def test_it_may_change_between_clients() -> None:
    assert len(lines("Letta(); os.environ['LETTA_LOG'] = 'DEBUG'; retry()")) == 5
    assert len(lines("Letta(); os.environ['LETTA_LOG'] = 'info'; retry()", "debug")) == 1


def test_a_module_that_is_loaded_again_logs_once() -> None:
    reload = (
        "import importlib, letta_async._utils.logging_setup as it; importlib.reload(it); it.configure_logging('info')"
    )
    assert len(lines(f"Letta(); {reload}; retry()")) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_child_logs_once() -> None:
    child = "child = os.fork()\nif child: assert os.waitpid(child, 0)[1] == 0\nelse: retry(); os._exit(0)"
    assert len(lines(f"Letta()\n{child}")) == 1


@pytest.mark.parametrize("level", ["", "loud", "0"])
def test_anything_else_logs_nothing(level: str) -> None:
    check = "assert not logging.getLogger('letta_async').handlers and not logging.getLogger('letta_async').level"
    assert lines(f"retry()\n{check}", level) == []


def test_standard_error_may_be_replaced_or_missing() -> None:
    assert (
        lines("import io\nLetta(); sys.stderr = io.StringIO(); retry(); assert 'retrying' in sys.stderr.getvalue()")
        == []
    )
    assert lines("Letta(); sys.stderr = None; retry()") == []


# --- what is logged ---------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def debug(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "letta_async")
    return caplog


async def test_debug_says_what_goes_out_and_what_comes_back(
    server: EmbeddedServer, debug: pytest.LogCaptureFixture
) -> None:
    async with AsyncLetta(base_url=server.base_url, default_headers={"X-Team": "memory"}) as client:
        await client.post("/v1/blocks/", body={"label": "human", "value": "sam"}, extra_query={"a": "b c"})
    sent, received = debug.messages
    assert sent.startswith(f"POST /v1/blocks/, attempt 1: sent to {server.base_url}/v1/blocks/?a=b+c after 0.0")
    assert "s of waiting for a slot; headers: User-Agent: letta-async/" in sent
    assert "X-Team: memory" in sent
    assert sent.endswith('; 31 bytes: {"label":"human","value":"sam"}')
    assert received.startswith("POST /v1/blocks/, attempt 1: answered 200 after 0.")
    assert "; application/json; " in received
    assert ' bytes: {"' in received
    assert {record.levelno for record in debug.records} == {logging.DEBUG}


async def test_debug_counts_attempts_and_says_why_one_failed(
    server: EmbeddedServer, debug: pytest.LogCaptureFixture
) -> None:
    server.script(status=503, retry_after=0)
    server.script(status=200, body=[], cut_off=1)
    async with AsyncLetta(base_url=server.base_url, max_retries=2) as client:
        with pytest.raises(NotFoundError):
            await client.agents.retrieve(AGENT)
    told = [message.replace(f"GET /v1/agents/{AGENT}", "GET") for message in debug.messages]
    assert [message[:26] for message in told if not message.startswith("retrying")] == [
        "GET, attempt 1: sent to ht",
        "GET, attempt 1: answered 5",
        "GET, attempt 2: sent to ht",
        "GET, attempt 2: failed aft",
        "GET, attempt 3: sent to ht",
        "GET, attempt 3: answered 4",
    ]
    assert [record.levelname for record in debug.records if "retrying" in record.message] == ["INFO", "INFO"]


async def test_a_body_is_shown_no_further_than_an_excerpt(
    server: EmbeddedServer, debug: pytest.LogCaptureFixture
) -> None:
    large = "x" * 100_000
    server.script(status=200, body={"value": large})
    async with AsyncLetta(base_url=server.base_url) as client:
        await client.post("/v1/blocks/", body={"label": "human", "value": large})
    sent, received = debug.messages
    assert "; 100028 bytes: " in sent
    assert sent.endswith("xxx…")
    assert received.endswith("xxx…")
    assert max(map(len, debug.messages)) < 1200


async def test_a_compressed_body_is_shown_as_what_it_stands_for(
    server: EmbeddedServer, debug: pytest.LogCaptureFixture
) -> None:
    json_type = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    server.script(status=200, body=gzip.compress(b'{"value": "sam"}'), headers=json_type)
    server.script(status=200, body=b"\xff\x00\x1b[31m", headers=json_type)
    async with AsyncLetta(base_url=server.base_url) as client:
        assert await client.get("/v1/blocks/") == {"value": "sam"}
        with pytest.raises(LettaError):
            await client.get("/v1/blocks/")
    assert debug.messages[1].endswith('bytes: {"value": "sam"}')
    assert debug.messages[3].endswith("bytes: ���[31m")
    assert "failed after" in debug.messages[4]


SECRETS = {
    "api_key": "sk-MostSecret1",
    "default_headers": {
        "Cookie": "s=MostSecret2",
        "X-Api-Key": "MostSecret3",
        "x-auth-token": "Basic MostSecret4",
        "X-Custom-Auth": "MostSecret13",
    },
    "default_query": {"access_token": "MostSecret5", "page": "sk-MostSecret1", "sig": "MostSecret14"},
}


@pytest.mark.parametrize("changing", [False, True])
async def test_no_secret_is_logged_wherever_it_is_echoed(
    server: EmbeddedServer, debug: pytest.LogCaptureFixture, changing: bool
) -> None:
    options: dict[str, Any] = {**SECRETS, "api_key": (lambda: "sk-MostSecret1") if changing else "sk-MostSecret1"}
    echo = "sk-MostSecret1 s=MostSecret2 MostSecret3 MostSecret4"
    hidden = {
        "api_key": "MostSecret6",
        "nested": {"password": 'MostSecret7 with "MostSecret8"'},
        "secrets": {"A": "MostSecret9"},
        "environment_variables": [{"key": "A", "value": "MostSecret10"}],
        "kept": "yes",
        "auth_header": "X-Kept",
        "max_tokens": 7,
        "server_url": "http://sam:MostSecret15@far/",
        "env": {"GITHUB_PAT": "MostSecret16"},
        "custom_headers": {"X-A": "MostSecret17"},
        "tokens": {"a": {"b": ["MostSecret11"]}},
    }
    server.script(status=401, body={"detail": echo, **hidden}, headers={"Set-Cookie": "MostSecret12"}, times=2)
    server.script(status=200, body=json.dumps({"secret": "MostSecret" * 500}).encode())
    async with AsyncLetta(base_url=server.base_url, **options) as client:
        for _ in range(2):
            with suppress(LettaError):
                await client.post("/v1/x", body=hidden)
    shown = "".join(f"{record.getMessage()} {record.__dict__!r}" for record in debug.records)
    assert "MostSecret" not in shown
    assert '"kept":"yes","auth_header":"X-Kept","max_tokens":7' in shown
    assert "Authorization: **********" in shown
    assert "access_token=**********&page=**********" in shown


def test_a_failure_to_connect_is_told_without_the_proxys_password(debug: pytest.LogCaptureFixture) -> None:
    with (
        Letta(base_url="http://127.0.0.1:1", proxy="http://sam:MostSecret@127.0.0.1:1", max_retries=0) as client,
        pytest.raises(APIConnectionError),
    ):
        client.get("/v1/x")
    assert [record.levelname for record in debug.records] == ["DEBUG", "DEBUG"]
    assert "failed after" in debug.messages[1]
    assert "MostSecret" not in "".join(repr(record.__dict__) for record in debug.records)


async def test_nothing_is_put_together_for_a_log_that_is_off(
    server: EmbeddedServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observation, "Observation", None)
    caplog.set_level(logging.INFO, "letta_async")
    async with AsyncLetta(base_url=server.base_url) as client:
        assert await client.get("/v1/agents/") == []
    assert caplog.records == []


async def test_info_says_that_a_key_was_replaced(server: EmbeddedServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "letta_async")
    keys = iter(["MostSecret1", "MostSecret2"])
    server.script(status=401)
    async with AsyncLetta(base_url=server.base_url, api_key=lambda: next(keys)) as client:
        await client.get("/v1/agents/")
    assert caplog.messages == ["GET /v1/agents/: the key was refused; trying again with another"]
