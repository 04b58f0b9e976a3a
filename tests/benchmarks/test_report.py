"""What the benchmarks make of measurements: turns, ratios, verdicts, tables and plots."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise, permutations
from pathlib import Path

import pytest

from benchmarks.report import Figure, Section, Spread, Table, Target, at_least, at_most, render
from benchmarks.turns import Meter, Sample, turns


def meter(**of: list[float]) -> Meter:
    return Meter(samples={name: [Sample(value, 2 * value, 0) for value in values] for name, values in of.items()})


def test_every_way_has_a_turn_a_round_after_each_of_the_others() -> None:
    order = list(turns(["a", "b", "c"], 30))
    rounds = [order[at : at + 3] for at in range(0, len(order), 3)]
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert {pair for one in rounds for pair in pairwise(one)} == set(permutations("abc", 2))
    assert order == list(turns(["a", "b", "c"], 30))


def test_a_ratio_is_that_within_a_round() -> None:
    # The machine was ten times slower in the second round, for both.
    slow_once = meter(ours=[2, 20, 2], bare=[1, 10, 1])
    assert slow_once.ratio("ours", "bare", "cpu") == Spread(2, 2, 2)


def test_a_turn_is_measured_for_each_call() -> None:
    measured = Meter()
    with measured.turn("way", 4):
        sum(range(200_000))
    (sample,) = measured.samples["way"]
    assert 0 < sample.cpu < 1000
    assert sample.stub_cpu == 0


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (at_most("cost", 1.25, Spread(1.25, 1.2, 1.5)), True),
        (at_most("cost", 1.25, Spread(1.26, 1.0, 1.5)), False),
        (at_least("rate", 2, Spread(2, 1, 3)), True),
        (at_least("rate", 2, Spread(1.9, 1, 3)), False),
    ],
)
def test_the_median_decides(target: Target, met: bool) -> None:
    assert target.met is met


def test_a_section_shows_targets_figures_and_tables() -> None:
    section = Section(
        "Speed",
        "In turn.",
        [Target("cost", "at most 1", "2", False), Target("rate", "at least 1", "", None)],
        [Table("All", ("way", "ms"), [("ours", "1")])],
        [Figure("speed", "Cost", "ms", {"": {"ours": 1.0}})],
    )
    text = render(section, "plots")
    assert "| cost   | at most 1  | 2        | **not met**  |" in text
    assert "| rate   | at least 1 |          | not measured |" in text
    assert "![Cost](plots/speed.svg)" in text
    assert "| ours | 1   |" in text
    assert "svg" not in render(section)


def test_plots_are_pictures_and_the_same_for_the_same_figures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from benchmarks.plots import draw

    figures = [
        Figure("bars", "Cost", "ms", {"asyncio": {"ours": 1.0, "bare": 0.8}, "uvloop": {"ours": 0.9, "bare": 0.7}}),
        Figure("lines", "Growth", "ms", {"ours": {1: 1.0, 8: 0.9}, "bare": {1: 0.8, 8: 0.7}}, over="tasks"),
    ]
    made: list[dict[str, bytes]] = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        draw(figures, folder)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0].keys() == {"bars.svg", "lines.svg"}
    assert made[0] == made[1]
    for picture in made[0].values():
        assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert b"ours" in made[0]["bars.svg"]
    assert b"tasks" in made[0]["lines.svg"]
