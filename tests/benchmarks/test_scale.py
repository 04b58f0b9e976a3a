"""The benchmarks of numbers, uploads and arguments do what they say, in their smallest forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import arguments, scale, uploads
from benchmarks.process import Process

SUBJECTS = {subject.name: subject for subject in scale.SUBJECTS}


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_number_of_things_is_measured(name: str) -> None:
    cost = scale.measure_cost(SUBJECTS[name], scale.OURS, 3)
    assert cost.seconds > 0
    assert cost.kib >= 0


@pytest.mark.parametrize("way", uploads.ways())
async def test_a_way_sends_the_whole_file(way: str, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"x" * 1_000_000)
    with Process("uploads", "--serve") as server:
        async with uploads.ways()[way](server.url) as upload:
            for _ in range(2):
                await upload(path)
                assert 1_000_000 < server.report()["bytes"] < 1_001_000


def test_arguments_are_thirty_and_valid() -> None:
    assert len(arguments.PARAMETERS) == 30
    measured = arguments.meter(1, 1)
    assert arguments.OURS in measured.samples
