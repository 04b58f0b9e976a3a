"""Tests of the page of the results: whole, and with a section replaced."""

from __future__ import annotations

from datetime import date

from benchmarks.page import replace_sections, write_page
from benchmarks.report import Section, Table, Target

MACHINE = Section("Machine", "Everything ran on one.", [], [Table("", ("", ""), [("cores", "2")])])
CALLS = Section("Calls", "How.", [Target("CPU", "at most 1.2", "1.1 (1.0 to 1.2)", True)], [])
STREAMS = Section("Streams", "How.", [Target("an event's time", "at most 1.8", "1.9", False)], [])


def measured_again(page: str, *sections: Section) -> str:
    return replace_sections(page, MACHINE, sections, date(2026, 11, 27), "0.2.0")


def test_a_page_has_all_targets_before_its_sections() -> None:
    page = write_page(MACHINE, [CALLS, STREAMS], 27)
    assert "2 targets, 1 of them not met. The run took 27 minutes." in page
    assert [line for line in page.split("\n") if line.startswith("## ")] == [
        "## Every target, beside what was measured",
        "## Machine",
        "## Calls",
        "## Streams",
    ]
    assert page.count("| CPU ") == 2


def test_a_section_is_replaced_in_its_place_and_says_when_it_was_measured() -> None:
    page = measured_again(
        write_page(MACHINE, [CALLS, STREAMS], 27),
        Section("Calls", "How.", [Target("CPU", "at most 1.2", "1.3", False)], []),
    )
    assert "2 targets, 2 of them not met. Most were measured in one run; those of 1 sections alone and later" in page
    assert "How. Measured alone on 2026-11-27, with letta-async 0.2.0." in page
    assert page.index("## Calls") < page.index("## Streams")
    assert "1.1 (1.0 to 1.2)" not in page
    assert page.count("| CPU ") == 2
    assert page.count("an event's time") == 2


def test_a_new_section_is_last_and_the_others_keep_their_text() -> None:
    before = write_page(MACHINE, [CALLS], 27)
    page = measured_again(before, STREAMS)
    assert page.rstrip().endswith("| **not met** |")
    assert before[before.index("## Machine") :].rstrip() in page
    assert measured_again(page, STREAMS) == page
