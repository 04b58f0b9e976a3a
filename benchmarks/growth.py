"""Benchmark of the cost of a call by the number of concurrent tasks, and by the length of the prompt.

`benchmarks.memory` measures batches of growing length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks import calls
from benchmarks.process import Process
from benchmarks.report import Figure, Section, Table, command
from benchmarks.turns import Meter, Plan, measure_async

__all__ = ["measure"]

_TASKS: Final = (1, 8, 64, 512)
_PROMPT: Final = 4096
_PROMPTS: Final = (4096, 64 * 1024, 4 * 1024 * 1024)
_TASKS_OF_PROMPTS: Final = 8
_NAMES: Final = (calls.BARE_SETTINGS, calls.OURS_SETTINGS, calls.OFFICIAL_AIOHTTP, calls.OFFICIAL_HTTPX)


def measure(*, short: bool = False) -> Section:
    """Measure each number of tasks, and each length of a prompt."""
    plan = Plan(rounds=3, seconds=0.05, warm=0.3) if short else Plan(rounds=15)
    by_tasks = {tasks: _measure(_PROMPT, tasks, plan) for tasks in _TASKS}
    by_prompt = {
        chars: by_tasks[_TASKS_OF_PROMPTS] if chars == _PROMPT else _measure(chars, _TASKS_OF_PROMPTS, plan)
        for chars in _PROMPTS
    }
    return Section(
        "How the cost grows",
        f"As above, on asyncio's own loop: {plan.show()}. Bare aiohttp has its semaphore of 64 throughout. Where a"
        " prompt is long, most of a call is decoding its JSON. The official client spares itself that: its `recompile`"
        " gives out the JSON text as it came, quotes and escapes and all.",
        [],
        [
            _table("Tasks, prompts of 4 KiB", "tasks", {f"{tasks}": meter for tasks, meter in by_tasks.items()}),
            _table(
                f"Prompts, {_TASKS_OF_PROMPTS} tasks", "prompt", {_size(chars): by_prompt[chars] for chars in _PROMPTS}
            ),
        ],
        [
            Figure("growth-tasks", "CPU per recompile, prompts of 4 KiB", _AXIS, _series(by_tasks), "tasks"),
            Figure(
                "growth-prompt",
                f"CPU per recompile, {_TASKS_OF_PROMPTS} tasks",
                _AXIS,
                _series({chars // 1024: meter for chars, meter in by_prompt.items()}),
                "prompt, KiB",
            ),
        ],
    )


_AXIS: Final = "CPU per call, ms"


def _measure(chars: int, tasks: int, plan: Plan) -> Meter:
    ways = calls.async_ways()
    with Process("stub", "--prompt", chars) as stub:
        return asyncio.run(
            measure_async(stub, {name: ways[name] for name in _NAMES if name in ways}, plan, tasks=tasks)
        )


def _table(caption: str, over: str, meters: Mapping[str, Meter]) -> Table:
    names: Sequence[str] = [name for name in next(iter(meters.values())).samples if name != calls.BARE_SETTINGS]
    columns = (over, *(f"{name}: ms" for name in (calls.BARE_SETTINGS, *names)), *(f"{name}: ratio" for name in names))
    rows = [
        [
            value,
            *(f"{meter.median(name, 'cpu'):.3f}" for name in (calls.BARE_SETTINGS, *names)),
            *(meter.ratio(name, calls.BARE_SETTINGS, "cpu").show() for name in names),
            f"{meter.rate(calls.OURS_SETTINGS):.0f}",
            f"{meter.stub_share(calls.OURS_SETTINGS):.0%}",
        ]
        for value, meter in meters.items()
    ]
    return Table(f"{caption}; CPU per call", (*columns, "letta_async: calls/s", "stub's CPU then"), rows)


def _series(meters: Mapping[int, Meter]) -> dict[str, dict[float, float]]:
    names = next(iter(meters.values())).samples
    return {name: {over: meter.median(name, "cpu") for over, meter in meters.items()} for name in names}


def _size(chars: int) -> str:
    return f"{chars // 2**20} MiB" if chars >= 2**20 else f"{chars // 1024} KiB"


if __name__ == "__main__":
    command(__doc__, measure)
