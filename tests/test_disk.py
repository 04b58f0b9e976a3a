"""A journal on a disk that fills, breaks or takes nothing: that is said, by name, and no outcome is lost."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, JournalError, Letta, Outcome
from letta_async.batch.journal import Journal
from letta_async.batch.journal_writer import JournalWriter
from letta_async.batch.line_file import LineFile
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations
from tests.test_fleet import batch, fine

fcntl = pytest.importorskip("fcntl", reason="Windows has other files and locks")
HEADER = {"base_url": "http://x"}


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
from tests.test_fleet import batch, fine
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
async def main():
    return sum([outcome.ok async for outcome in batch(map(str, range(15_000)), fine).run()])
print(asyncio.run(main()))
resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("15000\n", "")


# --- a disk that breaks or is slow, made of ours ---------------------------------------------------------------------


class Disk:
    """Simulated disk: each append to a journal waits until it is allowed, and fails once the disk is broken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.appends: list[int] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.error: OSError | None = None
        self._append = LineFile.append
        monkeypatch.setattr(LineFile, "append", lambda file, lines: self(file, lines))

    def __call__(self, file: LineFile, lines: bytes) -> None:
        self.appends.append(lines.count(b"\n"))
        assert self.may_go_on.wait(30)
        if self.error is not None:
            raise self.error
        self._append(file, lines)

    def breaks(self) -> None:
        self.error = OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def open_journal(tmp_path: Path) -> Callable[[], Journal]:
    return lambda: Journal(tmp_path / "journal", HEADER)


async def test_a_disk_that_breaks_ends_the_batch_after_what_was_in_flight(
    disk: Disk, open_journal: Callable[[], Journal]
) -> None:
    called: list[str] = []
    held = asyncio.Event()

    async def call(target: Any, attempts: Any) -> str:
        called.append(target)
        if len(called) > 4:
            await held.wait()
        return await fine(target, attempts)

    running = batch(map(str, range(10_000)), call, open_journal=open_journal).run()
    seen = [str((await anext(running)).target) for _ in range(4)]
    disk.breaks()
    with pytest.raises(JournalError, match="could not be written any more: Input/output error") as caught:
        held.set()
        async for outcome in running:
            assert outcome.ok
            seen.append(str(outcome.target))
            appends = len(disk.appends)
    assert caught.value.__cause__ is disk.error
    assert sorted(seen) == sorted(called)
    assert len(seen) < 300
    assert len(disk.appends) == appends  # after a failure, nothing is written any more


async def test_an_error_at_the_end_reaches_the_caller_too(
    monkeypatch: pytest.MonkeyPatch, open_journal: Callable[[], Journal]
) -> None:
    def close(file: LineFile) -> None:
        closed(file)
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    closed = LineFile.close
    monkeypatch.setattr(LineFile, "close", close)
    seen: list[Outcome] = []
    with pytest.raises(JournalError, match="quota exceeded"):
        async for outcome in batch(["a", "b"], fine, open_journal=open_journal).run():
            seen.append(outcome)
    assert len(seen) == 2


async def test_leaving_a_batch_whose_disk_broke_just_leaves(disk: Disk, open_journal: Callable[[], Journal]) -> None:
    running = batch(map(str, range(10_000)), fine, open_journal=open_journal).run()
    await anext(running)
    disk.breaks()
    await running.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_no_outcome_is_handed_on_before_its_line_is_in_the_file(
    disk: Disk, open_journal: Callable[[], Journal], tmp_path: Path
) -> None:
    running = batch(map(str, range(300)), fine, open_journal=open_journal).run()
    told = [str((await anext(running)).target)]
    disk.may_go_on.clear()
    for _ in range(200):  # what is in the file already may come
        coming = asyncio.ensure_future(anext(running))
        await asyncio.wait([coming], timeout=0.05)
        if not coming.done():
            break
        told.append(str(coming.result().target))
    assert not coming.done()
    assert set(told) <= {json.loads(line)["key"] for line in (tmp_path / "journal").read_bytes().split(b"\n")[1:-1]}
    disk.may_go_on.set()
    told.append(str((await coming).target))
    told += [str(outcome.target) async for outcome in running]
    assert sorted(told) == sorted(map(str, range(300)))


async def test_what_comes_while_the_disk_is_slow_is_written_together(
    disk: Disk, open_journal: Callable[[], Journal]
) -> None:
    writer = JournalWriter(open_journal)
    await writer.open(lambda key: pytest.fail(f"{key} in an empty journal"))
    disk.appends.clear()
    disk.may_go_on.clear()
    for number in range(100):
        writer.add(f"{number}", Outcome(target="", status="recompiled"))
    first = asyncio.ensure_future(writer.wait_written(1))
    await asyncio.sleep(0)
    assert not first.done()
    disk.may_go_on.set()
    await first
    await writer.wait_written(100)
    assert disk.appends == [1, 99]
    await writer.close()


async def test_what_came_back_but_was_not_taken_is_in_the_journal_all_the_same(
    open_journal: Callable[[], Journal], tmp_path: Path
) -> None:
    answered: list[str] = []

    async def call(target: Any, attempts: Any) -> str:
        prompt = await fine(target, attempts)
        answered.append(target)
        return prompt

    running = batch(map(str, range(300)), call, open_journal=open_journal).run()
    await anext(running)
    for _ in range(100):
        await asyncio.sleep(0)
    await running.aclose()
    lines = (tmp_path / "journal").read_bytes().splitlines()
    assert sorted(json.loads(line)["key"] for line in lines[1:]) == sorted(answered)
    assert len(answered) > 50


async def test_a_batch_that_is_cancelled_while_its_journal_is_opened_leaves_no_lock(
    open_journal: Callable[[], Journal], disk: Disk
) -> None:
    disk.may_go_on.clear()
    task = asyncio.ensure_future(anext(batch(["a"], fine, open_journal=open_journal).run()))
    await asyncio.wait([task], timeout=0.05)
    task.cancel()
    await asyncio.wait([task], timeout=0.05)
    disk.may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    open_journal().close()


def test_a_file_that_is_dropped_unclosed_is_closed(tmp_path: Path) -> None:
    lines = LineFile(tmp_path / "journal")
    file = lines._file
    del lines
    gc.collect()
    assert file.closed
