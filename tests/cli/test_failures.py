"""Errors of the server, the key and the program: one line on standard error, and an exit code."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from letta_async import Letta
from letta_async.batch.line_file import LineFile
from letta_async.cli.error_messages import explain
from letta_async.cli.exits import Exit
from letta_async.testing import EmbeddedServer
from tests.cli.processes import PROGRAM, Done, environment, run, run_here
from tests.cli.stories import Story, tell
from tests.waiting import PATIENCE

needs_a_shell = pytest.mark.skipif(sys.platform != "linux", reason="needs /bin/sh and /dev/full")
KEY = "k3y-that-nobody-may-see"


@pytest.fixture(scope="module")
def secured() -> Iterator[tuple[str, Story]]:
    with EmbeddedServer(password=KEY) as server, Letta(base_url=server.base_url, api_key=KEY) as client:
        yield server.base_url, tell(client)


@pytest.fixture(scope="module")
def nobody() -> str:
    """Return a URL at which no server listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    "arguments",
    [["status", "--all"], ["recompile", "IDS", "--yes"], ["recompile", "IDS", "--only-stale", "--dry-run"]],
    ids=" ".join,
)
def test_a_server_that_is_not_there_is_3(nobody: str, arguments: list[str]) -> None:
    ids = [f"conv-00000000-0000-4000-8000-0000000000{number}" for number in range(10, 40)]
    at = arguments.index("IDS") if "IDS" in arguments else None
    typed = arguments if at is None else [*arguments[:at], *ids, *arguments[at + 1 :]]
    done = run(*typed, "--output", "json", base_url=nobody)
    assert (done.code, done.stdout) == (3, "")
    error = done.stderr.splitlines()[-1]
    assert error.startswith("error: ")
    assert "no connection could be made" in error
    assert "Traceback" not in done.stderr


def test_what_a_journal_skips_does_not_hide_that_the_server_is_gone(tmp_path: Path) -> None:
    options = ["--journal", str(tmp_path / "run.jsonl"), "--yes"]
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        base_url, story = server.base_url, tell(client)
        assert run_here("recompile", *story.stale[:2], *options, base_url=base_url).code == 0
    done = run_here("recompile", *story.stale, *options, base_url=base_url)
    assert (done.code, done.stdout) == (3, "")


def test_a_journal_whose_disk_fills_does_not_hide_what_came_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(file: LineFile, lines: bytes) -> None:
        if b"recompiled" in lines:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(file, lines)

    written = LineFile.append
    monkeypatch.setattr(LineFile, "append", append)
    options = ["--journal", str(tmp_path / "run.jsonl"), "--yes", "--output", "json"]
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        story = tell(client)
        done = run_here("recompile", *story.stale, *options, base_url=server.base_url)
    assert done.code == 1
    assert done.with_status("recompiled")
    error = done.stderr.splitlines()[-1]
    assert error.startswith(f"error: the journal '{tmp_path}/run.jsonl' could not be written any more: No space")


def test_a_key_that_is_missing_or_refused_is_3(secured: tuple[str, Story]) -> None:
    base_url, story = secured
    for arguments, env in (
        (["status", "--all"], {}),
        (["recompile", *story.stale, "--yes"], {"LETTA_API_KEY": "another-key"}),
    ):
        done = run(*arguments, base_url=base_url, **env)
        assert (done.code, done.stdout) == (3, "")
        error = done.stderr.splitlines()[-1]
        assert error.startswith("error: ")
        assert "401 Unauthorized" in error
        assert error.endswith("(the key comes from --api-key-file, LETTA_API_KEY or LETTA_API_KEY_FILE)")
        assert "another-key" not in done.stderr


def test_the_key_comes_from_a_file_before_the_environment(secured: tuple[str, Story], tmp_path: Path) -> None:
    base_url, story = secured
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    done = run(
        "status", "--agent", story.agents[2], "--api-key-file", str(file), base_url=base_url, LETTA_API_KEY="wrong"
    )
    assert done.code == 0
    file.write_text("\n")
    done = run("status", "--all", "--api-key-file", str(file), base_url=base_url)
    assert (done.code, done.stderr) == (2, f"error: --api-key-file: {str(file)!r} is empty\n")


def test_what_is_typed_goes_before_the_environment(secured: tuple[str, Story], nobody: str) -> None:
    base_url, story = secured
    done = run("status", "--agent", story.agents[2], "--base-url", base_url, base_url=nobody, LETTA_API_KEY=KEY)
    assert done.code == 0
    done = run("status", story.gone, "--environment", "local", base_url="not a url")
    assert done.code != 2, done.stderr  # whatever is at home on port 8283: the variable was not looked at


def test_a_debug_log_shows_the_traceback_and_never_the_key(nobody: str) -> None:
    done = run("status", "--all", base_url=nobody, LETTA_LOG="debug", LETTA_API_KEY=KEY)
    assert done.code == 3
    assert "Traceback (most recent call last):" in done.stderr
    assert KEY not in done.stderr


def test_a_key_over_plain_http_is_warned_of_in_a_line() -> None:
    arguments = ["status", "--all", "--base-url", "http://no-such-host.invalid"]
    done = run(*arguments, LETTA_API_KEY=KEY, PYTHONWARNINGS="default")
    assert done.code == 3
    assert "warning: the API key goes to no-such-host.invalid over plain http" in done.stderr
    assert done.stderr.count("\n") == 2


def redirect_target(secured: tuple[str, Story], where: str) -> Done:
    """Run a command with its streams redirected by a shell."""
    base_url, story = secured
    script = f'exec "$0" "$@" {where}'
    command = ["/bin/sh", "-c", script, *PROGRAM, "status", "-", story.stale[0], "--output", "jsonl"]
    env = environment(base_url, LETTA_API_KEY=KEY)
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=PATIENCE, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@needs_a_shell
def test_a_reader_that_goes_away_is_no_fault(secured: tuple[str, Story]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        command = [*PROGRAM, "status", "--all", "--output", "jsonl"]
        env = environment(secured[0], LETTA_API_KEY=KEY)
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (5, "")


@needs_a_shell
def test_an_output_that_cannot_be_written_is_said_in_a_line(secured: tuple[str, Story]) -> None:
    done = redirect_target(secured, "</dev/null >/dev/full")
    assert (done.code, done.stderr) == (5, "error: the output cannot be written: No space left on device\n")


@needs_a_shell
def test_streams_may_be_closed(secured: tuple[str, Story]) -> None:
    done = redirect_target(secured, "<&- 2>&-")
    assert done.code == 1
    assert [row["status"] for row in done.jsonl] == ["stale"]


def test_a_fault_of_the_program_itself_is_told_as_one() -> None:
    code, words = explain(KeyError("nobody thought of it"))
    assert code == Exit.FAULT
    assert words.startswith("KeyError: 'nobody thought of it' (a fault of letta-async;")
