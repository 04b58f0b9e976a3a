"""A key from a file, which is read again when it is refused."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    AuthenticationError,
    InvalidArgumentError,
    Letta,
)
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

from .source import NEW, OLD, Make, close, get


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \n\n"])
async def test_a_key_file_is_read(make: Make, file: Path, encoding: str, end: str) -> None:
    file.write_bytes(f"{NEW}{end}".encode(encoding))
    client = make(api_key_file=file)
    assert await get(client) == []
    assert client.api_key == NEW
    assert "sk-" not in f"{client.api_key!r} {client._config!r}"
    await close(client)


async def test_a_file_that_changed_is_read_again_after_a_401_and_only_then(
    make: Make, server: EmbeddedServer, file: Path
) -> None:
    client = make(api_key_file=str(file), max_retries=0)
    file.write_text(NEW, encoding="utf-8")
    assert await get(client) == []
    assert (len(server.requests), client.api_key) == (2, NEW)
    file.unlink()
    assert await get(client) == []
    assert len(server.requests) == 3
    await close(client)


@pytest.mark.parametrize(
    ("content", "said"),
    [(OLD, "has no other key"), ("", "is empty"), (f"{NEW}\n{NEW}", "not printable ASCII"), (None, "No such file")],
)
async def test_a_file_without_a_new_key_leaves_the_refusal_and_says_why(
    make: Make, server: EmbeddedServer, file: Path, content: str | None, said: str
) -> None:
    client = make(api_key_file=file)
    if content is None:
        file.unlink()
    else:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(AuthenticationError, match=said) as caught:
        await get(client)
    assert str(file) in str(caught.value)
    assert "MostSecret" not in str(caught.value)
    assert len(server.requests) == 1
    await close(client)


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xff", f"{NEW}é".encode(), f"{NEW}\n{OLD}".encode()])
@pytest.mark.parametrize("where", ["argument", "environment"])
def test_a_file_without_a_key_is_refused_when_the_client_is_made(
    content: bytes | None, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("LETTA_API_KEY_FILE", str(file) if where == "environment" else "")
    for cls in (AsyncLetta, Letta):
        with pytest.raises(InvalidArgumentError) as caught:
            cls(api_key_file=file if where == "argument" else None)
        named = "api_key_file" if where == "argument" else "LETTA_API_KEY_FILE"
        assert str(caught.value).startswith(f"{named}: {str(file)!r} ")
        stack = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
        assert (
            "MostSecret"
            not in f"{caught.value} {[frame.locals for frame in stack if '/letta_async/' in frame.filename]}"
        )


@pytest.mark.parametrize("wrong", [5, ["key"], "a\0b"])
def test_what_is_no_path_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^api_key_file: "):
        AsyncLetta(api_key_file=wrong)


def test_arguments_go_before_the_environment_and_two_keys_are_one_too_many(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTA_API_KEY_FILE", str(file))
    assert AsyncLetta().api_key == OLD
    assert AsyncLetta(api_key=NEW).api_key == NEW
    monkeypatch.setenv("LETTA_API_KEY", NEW)
    assert AsyncLetta(api_key_file=file).api_key == OLD
    with pytest.raises(InvalidArgumentError, match="LETTA_API_KEY_FILE: ambiguous: LETTA_API_KEY is set too"):
        AsyncLetta()
    with pytest.raises(InvalidArgumentError, match="api_key_file: excludes api_key"):
        Letta(api_key=NEW, api_key_file=file)


def test_a_key_that_changes_over_plain_http_is_warned_about_too() -> None:
    with pytest.warns(UserWarning, match="plain http"):
        AsyncLetta(api_key=lambda: NEW, base_url="http://letta.example")


async def test_a_batch_goes_on_with_the_new_key(make: Make, file: Path) -> None:
    client = make(api_key_file=file)
    file.write_text(NEW, encoding="utf-8")
    if isinstance(client, Letta):
        outcomes = list(client.conversations.recompile_many(["default"], agent_id=AGENT))
    else:
        outcomes = [outcome async for outcome in client.conversations.recompile_many(["default"], agent_id=AGENT)]
    assert ["404" in str(outcome.error) for outcome in outcomes] == [True]
    await close(client)
