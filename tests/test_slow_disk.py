"""A journal on a disk that breaks or is slow, both made of ours: outcomes wait for their lines, and none is lost."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from letta_async import JournalError, Outcome
from letta_async.batch.journal import Journal
from letta_async.batch.journal_writer import JournalWriter
from letta_async.batch.line_file import LineFile
from tests.batches import batch, fine

fcntl = pytest.importorskip("fcntl", reason="Windows has other files and locks")
HEADER = {"base_url": "http://x"}


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
