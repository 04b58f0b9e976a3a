"""The order of blocks in a prompt is the database's: it counts for nothing, and all else does."""

from __future__ import annotations

import json
import re
import time
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from letta_async.batch.prompt_block_order import with_block_order_of

RECORDED: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "recorded" / "prompts.json").read_text())
INTRO = "<memory_blocks>\nThe following memory blocks are currently engaged in your core memory unit:\n\n"


def numbered(value: str) -> str:
    return "".join(f"{number}→ {line}\n" for number, line in enumerate(value.split("\n"), 1)) if value else ""


def block(label: str, value: str, *, lines: bool = False, more: str = "", description: str = "About it") -> str:
    warning = "<warning>\n# NOTE: line numbers\n\n# are shown\n</warning>\n" if lines else ""
    shown = numbered(value) if lines else value + "\n"
    return (
        f"<{label}>\n<description>\n{description}\n</description>\n<metadata>{more}\n- chars_current={len(value)}\n"
        f"- chars_limit=20000\n</metadata>\n{warning}<value>\n{shown}</value>\n</{label}>\n"
    )


def memory(*blocks: str) -> str:
    return INTRO + "\n".join(blocks) + "\n</memory_blocks>"


def prompt(*blocks: str) -> str:
    return f"SYSTEM\n\n{memory(*blocks)}\n\n<memory_metadata>"


def same(stored: str, compiled: str) -> bool:
    return with_block_order_of(compiled, stored) == compiled


# --- prompts of a real server ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["several blocks", "memory twice"])
def test_a_real_prompt_is_read(name: str) -> None:
    compiled = RECORDED[name]["dry"]
    begin, end = compiled.index(INTRO) + len(INTRO), compiled.index("\n</memory_blocks>")
    blocks = [found[0] for found in re.finditer(r"(?s)<(\w+)>\n<description>.*?</\1>\n", compiled[begin:end])]
    assert "\n".join(blocks) == compiled[begin:end]
    for order in permutations(blocks):
        assert same(compiled.replace(compiled[begin:end], "\n".join(order)), compiled)


# --- order and not --------------------------------------------------------------------------------------------------

TEXT = st.lists(
    st.sampled_from(["a", "\n", "é", "\U0001f375", "<", "1→ ", "\r", "</value>\n", "</a>\n", INTRO]), max_size=9
).map("".join)
COPY = block("human", "Ada")
VALUES = TEXT | st.sampled_from([COPY, memory(COPY), f"{memory(COPY)}\n", "</value>\n</b>\n\n<c>\n"])


@given(st.lists(VALUES, min_size=1, max_size=4), st.booleans(), st.randoms(use_true_random=False), TEXT)
def test_any_order_of_any_values_is_the_same(values: list[str], lines: bool, rng: Random, before: str) -> None:
    blocks = [
        block("abcd"[number], value, lines=lines, more="\n- read_only=true" if number % 2 else "")
        for number, value in enumerate(values)
    ]
    shuffled = rng.sample(blocks, len(blocks))
    assume(INTRO not in before)
    compiled = f"{before}{prompt(*blocks)}"
    assert same(f"{before}{prompt(*shuffled)}", compiled)


@given(st.lists(VALUES, min_size=2, max_size=3, unique=True), st.booleans())
def test_values_that_were_exchanged_are_an_edit(values: list[str], lines: bool) -> None:
    first = prompt(*(block(label, value, lines=lines) for label, value in zip("abc", values, strict=False)))
    other = prompt(*(block(label, value, lines=lines) for label, value in zip("abc", reversed(values), strict=False)))
    assert first != other
    assert not same(first, other)
    assert not same(other, first)


ADA, TEA, PLAN = block("human", "Ada"), block("company", "We make tea."), block("plan", "")


def test_an_edit_is_told_in_the_order_of_what_was_compiled() -> None:
    coffee = block("company", "We make coffee.")
    assert with_block_order_of(prompt(coffee, PLAN, ADA), prompt(ADA, TEA, PLAN)) == prompt(TEA, PLAN, ADA)


def test_what_came_or_went_is_an_edit() -> None:
    assert with_block_order_of(prompt(PLAN, TEA, ADA), prompt(ADA, TEA)) == prompt(TEA, ADA)
    assert with_block_order_of(prompt(TEA, ADA), prompt(ADA, PLAN, TEA)) == prompt(TEA, ADA, PLAN)


def test_memory_that_stands_twice_is_put_in_order_twice() -> None:
    twice = [f"{memory(*blocks)} and {memory(*blocks)}" for blocks in ((ADA, TEA), (TEA, ADA))]
    assert same(*twice)


def test_memory_in_a_value_is_text() -> None:
    one, other = (block("notes", memory(*blocks)) for blocks in ((ADA, TEA), (TEA, ADA)))
    assert not same(prompt(one, PLAN), prompt(other, PLAN))
    assert not same(prompt(one, PLAN), prompt(PLAN, other))
    assert same(prompt(one, PLAN), prompt(PLAN, one))


@pytest.mark.parametrize(
    "unknown",
    [
        ADA.replace("Ada", "Ada L."),  # longer than it says
        ADA.replace("chars_current=3", "chars_current=9"),
        ADA.replace("chars_current=3", "chars_current=99999"),
        ADA.replace("- chars_limit", "- what no server wrote\n- chars_limit"),
        ADA.replace("<value>", "<values>"),
        ADA.removesuffix("\n"),
        f"{ADA}\n",
        f"{ADA}\n{ADA}",
        block("human", "Ada\nBob", lines=True).replace("2→ ", "3→ "),
        block("human", "Ada\nBob", lines=True).replace("chars_current=7", "chars_current=6"),
        block("human", "Ada\nBob", lines=True).replace("chars_current=7", "chars_current=8"),
        block("human", "Ada\nBob", lines=True).removesuffix("</human>\n"),
    ],
)
def test_what_is_of_another_form_stays_in_its_order(unknown: str) -> None:
    for stored, compiled in ((prompt(unknown, TEA), prompt(TEA, ADA)), (prompt(ADA, TEA), prompt(TEA, unknown))):
        assert with_block_order_of(compiled, stored) == stored


def test_memory_without_an_end_costs_little() -> None:
    endless = INTRO + "<a>\n<description>\n"
    began = time.process_time()
    assert with_block_order_of(endless * 5000, endless * 5000) == endless * 5000
    assert time.process_time() - began < 2
