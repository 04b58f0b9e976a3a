"""Files that no journal can be, and a disk without room for one: that is said, by name, and no outcome is lost."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, Outcome
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations

fcntl = pytest.importorskip("fcntl", reason="Windows has other files and locks")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def ids(server: EmbeddedServer) -> list[str]:
    return make_conversations(server.base_url, 200)


@pytest.fixture(autouse=True)
def nothing_sent(server: EmbeddedServer, ids: list[str]) -> None:
    server.requests.clear()


def no_file(kind: str, folder: Path) -> Any:
    path = folder / kind
    if kind == "directory":
        path.mkdir()
    elif kind == "FIFO":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "below a file":
        path.touch()
        path /= "journal"
    elif kind == "link to a device":
        path.symlink_to("/dev/null")
    elif kind == "no folder":
        path /= "journal"
    return path


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("directory", "is a directory, not a regular file"),
        ("FIFO", "is a FIFO, not a regular file"),
        ("socket", "is a socket, not a regular file"),
        ("link to a device", "is a device, not a regular file"),
        ("below a file", "cannot be written: Not a directory"),
        ("no folder", "cannot be written: No such file or directory"),
        ("x" * 300, "cannot be written: File name too long"),
        ("null\0byte", "is not a path: "),
    ],
    ids=lambda text: text[:12].replace("\0", " "),
)
@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
async def test_what_is_no_file_is_refused_before_anything_is_sent(
    server: EmbeddedServer, ids: list[str], tmp_path: Path, cls: Any, kind: str, problem: str
) -> None:
    path = no_file(kind, tmp_path)
    fault = await refusal(cls, server, ids, path)
    assert fault.startswith(f"journal: {str(path)!r} {problem}")


@pytest.mark.parametrize("path", [5, b"bytes", True])
async def test_what_is_no_path_is_refused(server: EmbeddedServer, ids: list[str], path: Any) -> None:
    assert f"{str(path)!r} is not a path" in await refusal(AsyncLetta, server, ids, path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
async def test_the_device_that_is_always_full_is_refused(server: EmbeddedServer, ids: list[str]) -> None:
    assert "'/dev/full' is a device" in await refusal(AsyncLetta, server, ids, "/dev/full")


async def refusal(cls: Any, server: EmbeddedServer, ids: list[str], path: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        await run(cls, server, ids, path)
    assert [fault.path for fault in caught.value.faults] == ["journal"]
    assert not server.requests
    return str(caught.value)


async def run(cls: Any, server: EmbeddedServer, ids: list[str], path: Any, seen: list[Outcome] | None = None) -> None:
    seen = [] if seen is None else seen
    if cls is Letta:
        with Letta(base_url=server.base_url) as client:
            seen.extend(client.conversations.recompile_many(ids, journal=path))
    else:
        async with AsyncLetta(base_url=server.base_url) as client:
            async for outcome in client.conversations.recompile_many(ids, journal=path):
                seen.append(outcome)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO], ids=os.strerror)
async def test_what_cannot_be_opened_is_refused_with_the_reason(
    server: EmbeddedServer, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code), "path")

    monkeypatch.setattr(Path, "open", refuse)
    assert await refusal(AsyncLetta, server, ids, path := tmp_path / "journal") == (
        f"journal: {str(path)!r} cannot be written: {os.strerror(code)}"
    )


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do everything")
@pytest.mark.parametrize("mode", [0o000, 0o400])
async def test_a_file_that_one_may_not_write_is_refused(
    server: EmbeddedServer, ids: list[str], tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "journal"
    path.touch(mode)
    assert "cannot be written: Permission denied" in await refusal(AsyncLetta, server, ids, path)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS], ids=os.strerror)
async def test_a_file_that_cannot_be_locked_is_refused_and_not_said_to_be_in_use(
    server: EmbeddedServer, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert f"cannot be locked: {os.strerror(code)}" in await refusal(AsyncLetta, server, ids, tmp_path / "journal")


async def test_a_file_that_cannot_be_read_is_refused(
    server: EmbeddedServer, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            raise OSError(errno.EIO, "Input/output error")

    await run(AsyncLetta, server, ids[:1], path := tmp_path / "journal")
    server.requests.clear()
    monkeypatch.setattr("letta_async.batch.journal.islice", lambda *_: Broken())
    assert "cannot be read: Input/output error" in await refusal(AsyncLetta, server, ids, path)


# --- a disk that is full, for real: the system refuses what is beyond a limit ----------------------------------------


PROGRAM = """
import resource, sys
from letta_async import InvalidArgumentError, JournalError, Letta
base_url, journal, limit, *ids = sys.argv[1:]
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), before[1]))
try:
    with Letta(base_url=base_url) as client:
        for outcome in client.conversations.recompile_many(iter(ids), journal=journal):
            print(outcome.status, outcome.target)
except (InvalidArgumentError, JournalError) as error:
    print(type(error).__name__, error)
resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""


def on_a_full_disk(server: EmbeddedServer, ids: list[str], journal: Path, limit: int) -> tuple[list[list[str]], str]:
    """Run a batch with a limit on the size of files; return the outcomes and the error."""
    command = [sys.executable, "-c", PROGRAM, server.base_url, str(journal), str(limit), *ids]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    *outcomes, error = done.stdout.splitlines()
    return [line.split() for line in outcomes], error


def recompiled(server: EmbeddedServer) -> list[str]:
    return [request.path.split("/")[3] for request in server.requests if request.path.endswith("/recompile")]


def test_a_disk_without_room_for_a_journal_is_told_before_anything_is_sent(
    server: EmbeddedServer, ids: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    for limit in (0, 20, 1000):  # nothing, half a header, a header and no more
        outcomes, error = on_a_full_disk(server, ids, path, limit)
        assert (outcomes, error) == (
            [],
            f"InvalidArgumentError journal: {str(path)!r} cannot be written: File too large",
        )
    assert not server.requests


async def test_a_disk_without_room_for_more_of_a_journal_is_told_before_anything_is_sent(
    server: EmbeddedServer, ids: list[str], tmp_path: Path
) -> None:
    await run(AsyncLetta, server, ids[:10], path := tmp_path / "journal")
    server.requests.clear()
    before = path.read_bytes()
    outcomes, error = on_a_full_disk(server, ids, path, len(before))
    assert (outcomes, error[:28]) == ([], "InvalidArgumentError journal")
    assert not server.requests
    assert path.read_bytes() == before


async def test_a_disk_that_fills_in_the_middle_costs_no_outcome(
    server: EmbeddedServer, ids: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    outcomes, error = on_a_full_disk(server, ids, path, 8000)
    assert error.startswith(f"JournalError the journal {str(path)!r} could not be written any more: File too large")
    assert {status for status, _ in outcomes} == {"recompiled"}
    assert sorted(target for _, target in outcomes) == sorted(recompiled(server))  # whatever was sent has its outcome
    assert 40 < len(outcomes) < len(ids)
    written = {json.loads(line)["key"] for line in path.read_bytes().split(b"\n")[1:-1]}
    seen: list[Outcome] = []
    await run(AsyncLetta, server, ids, path, seen)
    assert {outcome.target for outcome in seen if outcome.status == "skipped"} == written
    assert {outcome.status for outcome in seen} == {"skipped", "recompiled"}
    assert sorted(str(outcome.target) for outcome in seen) == sorted(ids)


def test_a_batch_without_a_journal_needs_no_disk_however_large() -> None:
    program = """
import asyncio, resource
from tests.batches import batch, fine
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
async def main():
    return sum([outcome.ok async for outcome in batch(map(str, range(15_000)), fine).run()])
print(asyncio.run(main()))
resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("15000\n", "")
