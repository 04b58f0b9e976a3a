"""Tests of what a batch on a cluster tells while it runs: its journal and its progress; and of `stop_on_error`."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from letta_async import InvalidArgumentError, JournalError, Letta, Progress
from letta_async.batch.line_file import LineFile
from letta_async.dask import recompile_many
from letta_async.testing import EmbeddedServer
from tests.dask.batches import sent, statuses
from tests.ids import CONVERSATION


def test_a_journal_goes_on_where_another_run_ended_on_a_cluster_or_in_one_process(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    with Letta() as client:
        list(client.conversations.recompile_many(ids[:10], journal=journal))
        first = statuses(
            recompile_many([*ids[:20], CONVERSATION], cluster_client=cluster_client, journal=journal, partition_size=6)
        )
        assert first == {
            **dict.fromkeys(ids[:10], "skipped"),
            **dict.fromkeys(ids[10:20], "recompiled"),
            CONVERSATION: "failed",
        }
        again = statuses(client.conversations.recompile_many([*ids[:21], CONVERSATION], journal=journal))
    assert again == {**dict.fromkeys(ids[:20], "skipped"), ids[20]: "recompiled", CONVERSATION: "failed"}
    with pytest.raises(InvalidArgumentError, match="belongs to a batch that differs in dry_run"):
        next(recompile_many(ids, cluster_client=cluster_client, journal=journal, dry_run=True))


def test_a_journal_whose_disk_breaks_ends_the_batch_after_what_was_on_the_cluster(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(file: LineFile, lines: bytes) -> None:
        if b"key" in lines:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(file, lines)

    written = LineFile.append
    monkeypatch.setattr(LineFile, "append", append)
    seen: list[Any] = []
    with pytest.raises(JournalError, match="No space left on device"):
        for outcome in recompile_many(
            ids, cluster_client=cluster_client, journal=tmp_path / "journal", partition_size=2
        ):
            seen.append(outcome.target)
    assert sorted(seen) == sorted(sent(server))
    assert 0 < len(seen) < len(ids)
    with pytest.raises(InvalidArgumentError, match="is a directory"):
        next(recompile_many(ids, cluster_client=cluster_client, journal=tmp_path))


def test_progress_counts_and_estimates(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    seen: list[Progress] = []
    targets = [*ids[:30], *(f"conv-{number}" for number in range(10))]
    list(recompile_many(targets, cluster_client=cluster_client, on_progress=seen.append, partition_size=8))
    assert [progress.done for progress in seen] == list(range(1, 41))
    assert (seen[-1].failed, seen[-1].total, seen[-1].seconds_left) == (10, 40, 0)
    assert all(0 < progress.rate < 1e5 for progress in seen)  # no spike within what came together
    assert seen[9].seconds_left == pytest.approx(30 / seen[9].rate)


def test_progress_may_be_told_to_a_coroutine_function(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    seen: list[int] = []

    async def show(progress: Progress) -> None:
        await asyncio.sleep(0)
        seen.append(progress.done)

    assert len(list(recompile_many(ids, cluster_client=cluster_client, on_progress=show))) == len(ids)
    assert seen == list(range(1, len(ids) + 1))


def test_an_exception_of_the_callback_reaches_the_caller(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    def broken(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(recompile_many(ids, cluster_client=cluster_client, on_progress=broken))


def test_stop_on_error_cuts_no_further_partition(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    taken: list[str] = []

    def source() -> Iterator[str]:
        for number in range(10_000):
            taken.append(f"conv-{number}" if number == 20 else ids[number % len(ids)] if number < 60 else f"n{number}")
            yield taken[-1]

    outcomes = list(
        recompile_many(source(), cluster_client=cluster_client, partition_size=10, stop_on_error=True, dry_run=True)
    )
    assert 20 <= len(outcomes) <= len(taken) <= 100
    assert not Counter(str(outcome.target) for outcome in outcomes) - Counter(taken)
    assert any(not outcome.ok for outcome in outcomes)
