"""Set of the targets that a batch has finished."""

from __future__ import annotations

import random
import struct
import tracemalloc

import pytest

from letta_async.batch.finished_targets import FinishedTargets
from letta_async.batch.outcome import Outcome
from letta_async.errors import APIConnectionError
from tests.ids import CONVERSATION


def outcome(status: str = "recompiled", prompt: str | None = "prompt") -> Outcome:
    error = APIConnectionError("no") if status == "failed" else None
    return Outcome(target=CONVERSATION, status=status, prompt=prompt, error=error)  # type: ignore[arg-type]


def test_what_was_seen_is_found_and_nothing_else() -> None:
    seen = FinishedTargets()
    seen.add("one", first := outcome())
    seen.add("done", None)
    assert seen.find("one") == first
    assert seen.find("done") == Outcome(target="", status="skipped")
    assert seen.find("other") is None


@pytest.mark.parametrize("status", ["recompiled", "compiled", "unchanged"])
def test_of_what_was_done_long_ago_the_status_is_known(status: str) -> None:
    seen = FinishedTargets()
    seen.add("long ago", outcome(status))
    for number in range(5):
        seen.add(f"{number}", outcome(prompt="x" * 1_000_000))
    assert seen.find("long ago") == Outcome(target="", status=status)  # type: ignore[arg-type]


def test_a_failure_long_ago_is_forgotten_so_that_its_target_is_tried_again() -> None:
    seen = FinishedTargets()
    seen.add("bad", failed := outcome("failed", None))
    assert seen.find("bad") == failed
    for number in range(5):
        seen.add(f"{number}", outcome(prompt="x" * 1_000_000))
    assert seen.find("bad") is None


def test_small_outcomes_are_not_kept_for_ever_either() -> None:
    seen = FinishedTargets()
    for number in range(10_000):
        seen.add(f"{number}", outcome("failed", None))
    assert len(seen._recent) < 5_000


def test_many_keys_are_each_found_and_no_other() -> None:
    seen = FinishedTargets()
    keys = [f"conv-{number}" for number in range(50_000)]
    random.Random(1).shuffle(keys)
    for key in keys[::2]:
        seen.add(key, None)
    assert [key for key in keys if seen.find(key) is None] == keys[1::2]


@pytest.mark.parametrize("shared", [["shard", "high"], ["shard", "low"], ["high", "low"], ["shard", "high", "low"]])
def test_keys_are_told_apart_by_any_part_of_their_digest(shared: list[str]) -> None:
    def digest(key: bytes) -> bytes:
        return struct.pack("=HQH", *(4 if part in shared else int(key) * 4 for part in ("shard", "high", "low")))

    seen = FinishedTargets(digest)
    for number in range(0, 200, 2):
        seen.add(f"{number}", None)
    found = [number for number in range(200) if seen.find(f"{number}") is not None]
    assert found == (list(range(200)) if len(shared) == 3 else list(range(0, 200, 2)))


def test_a_lone_surrogate_is_a_key_like_others() -> None:
    seen = FinishedTargets()
    seen.add("conv-\ud800", None)
    assert seen.find("conv-\ud800") is not None


def test_a_target_that_is_done_takes_few_bytes() -> None:
    count = 200_000
    tracemalloc.start()
    try:
        seen = FinishedTargets()
        for number in range(count):
            seen.add(f"conv-{number}", None)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 13
