"""Comparison of prompts: what recompiling would change, except volatile lines; text like them counts."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from letta_async import LettaError, Staleness, UnexpectedPromptError
from letta_async.batch.prompt_normalization import _parse_time, normalize_stored_prompt
from tests.ids import AGENT, CONVERSATION

RECORDED: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "recorded" / "prompts.json").read_text())
"""Prompts of Letta 0.16.8: `begun` with the conversation, `recompiled`, then a `dry` run, and one after the first block
was edited."""
AT_NOON = "2026-11-22 12:00:00 PM UTC+0000"
LATER = "2026-11-22 12:00:05 PM UTC+0000"
NOW = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


def section(time: str = AT_NOON, *, conversation: str = "default", previous: int = 1, more: str = "") -> str:
    return (
        f"<memory_metadata>\n- AGENT_ID: {AGENT}\n- CONVERSATION_ID: {conversation}\n"
        f"- System prompt last recompiled: {time}\n"
        f"- {previous} previous messages between you and the user are stored in recall memory\n{more}</memory_metadata>"
    )


def prompt(memory: str, own: str, *, after: str = "") -> str:
    return f"SYSTEM\n\n<memory_blocks>\n<human>\n{memory}\n</human>\n</memory_blocks>\n\n{own}{after}"


def compared(stored: str, compiled: str) -> Staleness:
    aligned = normalize_stored_prompt(stored, compiled, NOW)
    return Staleness(conversation_id=CONVERSATION, stored=stored, compiled=compiled, aligned=aligned)


# --- prompts of a real server ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("earlier", ["begun", "recompiled"])
def test_compiling_again_makes_nothing_stale(name: str, earlier: str) -> None:
    stored, compiled = RECORDED[name][earlier], RECORDED[name]["dry"]
    assert stored != compiled
    assert not compared(stored, compiled).stale
    assert compared(stored, compiled).diff == ""


@pytest.mark.parametrize("name", [name for name, prompts in RECORDED.items() if "edited_dry" in prompts])
@pytest.mark.parametrize("earlier", ["begun", "recompiled"])
def test_an_edit_makes_stale_and_the_diff_shows_it_alone(name: str, earlier: str) -> None:
    staleness = compared(RECORDED[name][earlier], RECORDED[name]["edited_dry"])
    assert staleness.stale
    changed = [line for line in staleness.diff.split("\n")[2:] if line.startswith(("+", "-"))]
    assert any("EDITED" in line for line in changed)
    assert not any("last recompiled" in line for line in changed if "never" not in line)
    assert not any("CONVERSATION_ID" in line for line in changed)


# --- volatile and not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stored",
    [
        section(LATER),
        section("2019-01-01 01:00:00 AM -03-0300"),
        section("in a form that nobody knows"),
        section(conversation=CONVERSATION),
        section(previous=12345),
        section(LATER, conversation=CONVERSATION, previous=0),
    ],
)
def test_these_lines_count_for_nothing(stored: str) -> None:
    assert not compared(prompt("Ada", stored), prompt("Ada", section())).stale


@pytest.mark.parametrize(
    "stored",
    [
        section(more="- 3 total memories you created are stored in archival memory (use tools to access them)\n"),
        section(more="- Available archival memory tags: a, b\n"),
        section().replace(AGENT, AGENT.replace("0f3f", "1f3f")),
        section().replace("AGENT_ID", "AGENT"),
        section().replace("</memory_metadata>", "- what no server wrote\n</memory_metadata>"),
        "<memory_metadata>\n- as an earlier release wrote it\n</memory_metadata>",
        "",
    ],
)
def test_everything_else_does(stored: str) -> None:
    assert compared(prompt("Ada", stored), prompt("Ada", section())).stale


@pytest.mark.parametrize(
    "unknown",
    [
        "",
        "SYSTEM",
        prompt("Ada", ""),
        prompt("Ada", section().replace("memory_metadata", "metadata")),
        prompt("Ada", section().replace("- System prompt last recompiled:", "- Compiled:")),
        prompt("Ada", section(more="- a line that is new\n")),
        prompt("Ada", section().removesuffix("</memory_metadata>")),
        prompt("Ada", section().replace("\n- ", "\n  - ")),
        prompt("Ada", f"> {section()}"),
    ],
)
def test_a_compiled_prompt_of_another_form_is_an_error_and_no_guess(unknown: str) -> None:
    with pytest.raises(UnexpectedPromptError, match="memory_metadata") as caught:
        normalize_stored_prompt(prompt("Ada", section()), unknown, NOW)
    assert caught.value.prompt == unknown
    assert isinstance(caught.value, LettaError)


@pytest.mark.parametrize("odd", ["yesterday", "2026-13-45 10:00:00 AM UTC+0000", ""])
def test_a_time_of_another_form_counts_as_the_oldest(odd: str) -> None:
    assert _parse_time(odd) < _parse_time("1970-01-01 12:00:00 AM UTC+0000")


# --- text that looks like it ----------------------------------------------------------------------------------------


COPY = section("2026-01-02 03:04:05 AM UTC+0000", previous=7)
OTHER_COPY = section("2026-01-02 03:04:06 AM UTC+0000", previous=8)


@pytest.mark.parametrize("then", [AT_NOON, LATER], ids=["in the same second", "later"])
def test_a_copy_in_a_block_is_text_like_any_other(then: str) -> None:
    own = section(AT_NOON)
    assert not compared(prompt(COPY, own), prompt(COPY, section(then))).stale
    assert compared(prompt(COPY, own), prompt(OTHER_COPY, section(then))).stale
    assert compared(prompt(COPY, own), prompt("", section(then))).stale
    assert compared(prompt("", own), prompt(COPY, section(then))).stale
    assert compared(prompt(f"{COPY}\n{OTHER_COPY}", own), prompt(f"{OTHER_COPY}\n{COPY}", section(then))).stale


def test_a_copy_of_the_very_prompt_is_text_like_any_other() -> None:
    own = section(AT_NOON)
    assert not compared(prompt(own, own), prompt(own, section(LATER))).stale
    assert compared(prompt(own, own), prompt("", section(LATER))).stale


@pytest.mark.parametrize("then", [AT_NOON, LATER], ids=["in the same second", "later"])
def test_a_copy_in_the_system_prompt_after_it_is_text_like_any_other(then: str) -> None:
    assert not compared(
        prompt("Ada", section(), after=f"\n{COPY}"), prompt("Ada", section(then), after=f"\n{COPY}")
    ).stale
    assert compared(prompt("Ada", section(), after=f"\n{COPY}"), prompt("Ada", section(then), after="")).stale
    assert compared(prompt("Ada", section(), after=f"\n{COPY}"), prompt("Bob", section(then), after=f"\n{COPY}")).stale


def test_a_copy_with_a_date_to_come_is_text_like_any_other() -> None:
    future = section("2999-01-01 01:00:00 AM UTC+0000")
    assert not compared(prompt(future, section()), prompt(future, section(LATER))).stale
    assert compared(prompt(COPY, section()), prompt(future, section(LATER))).stale


LINES = st.sampled_from([*COPY.split("\n"), *COPY.split("\n"), COPY, OTHER_COPY, "", "Ada", "</human>"])
TEXTS = st.lists(LINES, max_size=12).map("\n".join)
OWN = st.builds(
    section,
    st.sampled_from([AT_NOON, LATER]),
    conversation=st.sampled_from(["default", CONVERSATION]),
    previous=st.integers(0, 3),
)


@given(before=TEXTS, after=TEXTS, first=OWN, second=OWN, times=st.integers(1, 2))
def test_whatever_memory_holds_compiling_again_makes_nothing_stale(
    before: str, after: str, first: str, second: str, times: int
) -> None:
    stored, compiled = ("\n".join([prompt(before, own, after=f"\n{after}")] * times) for own in (first, second))
    assert not compared(stored, compiled).stale


@given(old=st.tuples(TEXTS, TEXTS), new=st.tuples(TEXTS, TEXTS), first=OWN, second=OWN)
def test_whatever_memory_holds_no_edit_is_missed(
    old: tuple[str, str], new: tuple[str, str], first: str, second: str
) -> None:
    assume(old != new)
    stored, compiled = (
        f"SYSTEM\n[1]\n{text[0]}\n[2]\n\n{own}\n[3]\n{text[1]}" for text, own in ((old, first), (new, second))
    )
    assert compared(stored, compiled).stale


# --- the object -----------------------------------------------------------------------------------------------------


def test_it_shows_no_prompts_when_printed_and_travels() -> None:
    staleness = compared(prompt("Ada", section()), prompt("Grace", section(LATER)))
    assert "Ada" not in repr(staleness)
    assert pickle.loads(pickle.dumps(staleness)) == staleness
    assert staleness.diff.split("\n") == [
        "--- stored",
        "+++ compiled",
        "@@ -2,7 +2,7 @@",
        " ",
        " <memory_blocks>",
        " <human>",
        "-Ada",
        "+Grace",
        " </human>",
        " </memory_blocks>",
        " ",
    ]
