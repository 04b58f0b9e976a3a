"""Benchmark of converting settings to JSON values and back, beside pydantic on the official client's models.

The settings have every field there is, in the same process, in turn. `write` and `read` are what the client itself uses
for every call and every answer; there is no public door to them, for users hand in and get instances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks import calls
from benchmarks.report import Section, Spread, Table, Target, command, without_official
from benchmarks.turns import Meter, settled, turns
from letta_async import CompactionSettings
from letta_async._schema.converter import read, write
from letta_async._schema.validation import check

__all__ = ["CHECK", "DUMP", "FULL", "READ", "VALIDATE", "WRITE", "measure", "meter"]

FULL: Final[dict[str, Any]] = {
    "mode": "sliding_window",
    "model": "openai/gpt-4o-mini",
    "model_settings": {
        "provider_type": "openai",
        "max_output_tokens": 4096,
        "parallel_tool_calls": True,
        "temperature": 0.5,
        "reasoning": {"reasoning_effort": "low"},
        "response_format": {"type": "json_schema", "json_schema": {"name": "summary", "schema": {"type": "object"}}},
        "strict": True,
    },
    "prompt": "Summarize what was said.",
    "prompt_acknowledgement": True,
    "clip_chars": 20_000,
    "sliding_window_percentage": 0.4,
}
"""Settings with every field, and every field of a provider's settings."""
WRITE: Final = "letta_async: unstructure"
READ: Final = "letta_async: structure an answer"
CHECK: Final = "letta_async: structure and check what a user hands in"
DUMP: Final = "pydantic: model_dump"
VALIDATE: Final = "pydantic: model_validate"


def meter(rounds: int, calls_a_turn: int) -> Meter:
    """Measure all ways alternately."""
    ours = read(CompactionSettings, FULL)
    if write(ours) != FULL:
        raise AssertionError("settings do not survive the way there and back")
    work: dict[str, Callable[[], object]] = {
        WRITE: lambda: write(ours),
        READ: lambda: read(CompactionSettings, FULL),
        CHECK: lambda: check(CompactionSettings, FULL),
    }
    if calls.has("letta_client"):
        work |= _pydantic()
    measured = Meter(samples={name: [] for name in work})
    with settled():
        for name in turns(list(work), rounds):
            do = work[name]
            with measured.turn(name, calls_a_turn):
                for _ in range(calls_a_turn):
                    do()
    return measured


def _pydantic() -> Mapping[str, Callable[[], object]]:
    from letta_client.types.agent_state import CompactionSettings as Theirs  # noqa: PLC0415 - it is optional

    theirs = Theirs.model_validate(FULL)
    if theirs.model_dump(mode="json", by_alias=True, exclude_unset=True) != FULL:
        raise AssertionError("the official models do not hold all of the settings")
    return {
        DUMP: lambda: theirs.model_dump(mode="json", by_alias=True, exclude_unset=True),
        VALIDATE: lambda: Theirs.model_validate(FULL),
    }


def measure(*, short: bool = False) -> Section:
    """Measure, and return the section of the report."""
    rounds, calls_a_turn = (5, 200) if short else (40, 1000)
    measured = meter(rounds, calls_a_turn)
    return Section(
        "Settings",
        f"A `CompactionSettings` with every field, and JSON values; {rounds} rounds of {calls_a_turn:,}, in turn."
        " Ratios are those of processor time within a round. Pydantic's work is done in Rust by its core; ours is"
        " Python that is generated for each class.",
        [
            _faster("unstructure, beside pydantic's dump", measured, WRITE, DUMP),
            _faster("structure, beside pydantic's validate", measured, READ, VALIDATE),
        ],
        [
            Table(
                "",
                ("what", "CPU, µs"),
                [[name, f"{measured.median(name, 'cpu') * 1e3:.2f}"] for name in measured.samples],
            )
        ],
    )


def _faster(what: str, measured: Meter, ours: str, theirs: str) -> Target:
    if theirs not in measured.samples:
        return without_official(f"settings: CPU, {what}", "less than 1")
    ratio: Spread = measured.ratio(ours, theirs, "cpu")
    return Target(f"settings: CPU, {what}", "less than 1", ratio.show(), ratio.median < 1)


if __name__ == "__main__":
    command(__doc__, measure)
