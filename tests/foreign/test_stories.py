"""What the official clients see of the embedded server is what they see of the real one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest

from letta_async.testing import EmbeddedServer
from tests.contract.language import reply_to
from tests.foreign.clients import CLIENTS, NEED_A_MODEL, recorded, tell

REAL: Final = os.environ.get("LETTA_TEST_BASE_URL", "").rstrip("/")
SECURE: Final = os.environ.get("LETTA_TEST_SECURE_BASE_URL", "").rstrip("/")
REQUIRED: Final = os.environ.get("LETTA_TEST_FOREIGN_REQUIRED", "")
"""Set to anything: a client that is not installed is a failure and no skip."""

MODEL: Final = "openai-proxy/gpt-4o-mini"
EMBEDDING: Final = "openai/text-embedding-3-small"
SERVERS: Final = ("real",) if REAL else ("embedded",)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    installed = CLIENTS[name][0]
    if not installed.ready:
        why = f"not found on the PATH: {installed.missing}" if installed.missing else "`make foreign` installs it"
        (pytest.fail if REQUIRED else pytest.skip)(f"the {installed.name} client is not there: {why}")
    return name


@pytest.fixture(scope="module", params=SERVERS)
def open_server(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "real":
        yield REAL
        return
    with EmbeddedServer(models=[MODEL, EMBEDDING]) as server:
        server.model.reply(reply_to, times=None)
        yield server.base_url


@pytest.fixture(scope="module", params=SERVERS)
def secure_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    if request.param == "real":
        if not SECURE:
            pytest.skip("LETTA_TEST_SECURE_BASE_URL is not set")
        yield SECURE, os.environ["LETTA_TEST_SECURE_PASSWORD"]
        return
    with EmbeddedServer(password="pass word") as server:
        yield server.base_url, "pass word"


def compare(client: str, story: str, *server: str) -> None:
    models = os.environ.get("LETTA_TEST_MODEL"), os.environ.get("LETTA_TEST_EMBEDDING")
    if server[0] == REAL and story in NEED_A_MODEL and models != (MODEL, EMBEDDING):
        pytest.skip(f"LETTA_TEST_MODEL is not {MODEL}, or LETTA_TEST_EMBEDDING not {EMBEDDING}")
    lines, expected = tell(client, story, *server), recorded(story).read_text(encoding="utf-8").splitlines()
    # Line by line, so that a failure shows the step that differs.
    for told, known in zip(lines, expected, strict=False):
        assert told == known
    assert len(lines) == len(expected)


def test_a_client_makes_recompiles_fails_and_deletes(client: str, open_server: str) -> None:
    compare(client, "memory", open_server)


def test_a_client_talks(client: str, open_server: str) -> None:
    compare(client, "talk", open_server)


def test_a_client_makes_tools_and_attaches_them(client: str, open_server: str) -> None:
    compare(client, "tools", open_server)


def test_a_client_uploads_files_and_gives_them_to_an_agent(client: str, open_server: str) -> None:
    compare(client, "folders", open_server)


def test_a_client_stores_passages_and_finds_them(client: str, open_server: str) -> None:
    compare(client, "passages", open_server)


def test_a_client_needs_the_key(client: str, secure_server: tuple[str, str]) -> None:
    compare(client, "key", *secure_server)
