"""Benchmark of validating the arguments of `agents.create`, beside pydantic on the official client's parameters.

The official client sends arguments as they are; what it has is their type, a `TypedDict`, which pydantic validates by a
`TypeAdapter`. Lists that the type has as iterables are read to their end, since pydantic validates their items then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks import calls
from benchmarks.bodies import EMBEDDING_CONFIG, LLM_CONFIG, MODEL_SETTINGS
from benchmarks.report import Section, Table, at_most, command, without_official
from benchmarks.settings import FULL
from benchmarks.turns import Meter, settled, turns
from letta_async._schema.validation import check
from letta_async.operations.agents import CreateAgent

__all__ = ["OURS", "PARAMETERS", "PYDANTIC", "measure", "meter"]

OURS: Final = "letta_async"
PYDANTIC: Final = "pydantic"
_UUID: Final = "0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
PARAMETERS: Final[dict[str, Any]] = {
    "name": "Ada's agent",
    "agent_type": "letta_v1_agent",
    "model": "openai/gpt-4o-mini",
    "model_settings": MODEL_SETTINGS,
    "llm_config": LLM_CONFIG,
    "context_window_limit": 32_000,
    "embedding": "openai/text-embedding-3-small",
    "embedding_config": EMBEDDING_CONFIG,
    "system": "You remember what people say about their work.",
    "block_ids": [f"block-{_UUID}"],
    "tool_ids": [f"tool-{_UUID}"] * 3,
    "tool_rules": [
        {"type": "continue_loop", "tool_name": "conversation_search"},
        {"type": "max_count_per_step", "tool_name": "memory_insert", "max_count_limit": 3},
    ],
    "tags": ["research", "team-1"],
    "description": "An agent that remembers.",
    "metadata": {"team": "research", "number": 1},
    "secrets": {"SEARCH_REGION": "eu"},
    "compaction_settings": FULL,
    "response_format": {"type": "text"},
    "enable_sleeptime": False,
    "max_files_open": 5,
    "per_file_view_window_char_limit": 15_000,
    "timezone": "Europe/Berlin",
    "hidden": False,
    "memory_blocks": [
        {"label": "human", "value": "Ada lives in London."},
        {"label": "persona", "value": "I am kind.", "limit": 5_000},
    ],
    "tools": ["conversation_search", "memory_insert"],
    "include_base_tools": False,
    "include_base_tool_rules": False,
    "initial_message_sequence": [{"role": "user", "content": "Hello"}],
    "message_buffer_autoclear": False,
    "parallel_tool_calls": True,
}
"""Thirty parameters, eight of them objects or lists of these."""
_MOST: Final = 1.0


def meter(rounds: int, calls_a_turn: int) -> Meter:
    """Measure both alternately."""
    work: dict[str, Callable[[], object]] = {OURS: lambda: check(CreateAgent, PARAMETERS)}
    if calls.has("letta_client"):
        work[PYDANTIC] = _pydantic()
    measured = Meter(samples={name: [] for name in work})
    for do in work.values():
        do()
    with settled():
        for name in turns(list(work), rounds):
            do = work[name]
            with measured.turn(name, calls_a_turn):
                for _ in range(calls_a_turn):
                    do()
    return measured


def _pydantic() -> Callable[[], Mapping[str, Any]]:
    from letta_client.types import AgentCreateParams  # noqa: PLC0415 - it is optional
    from pydantic import TypeAdapter  # noqa: PLC0415 - the official client brings it

    adapter: TypeAdapter[Any] = TypeAdapter(AgentCreateParams)
    lazy = [name for name, value in adapter.validate_python(PARAMETERS).items() if hasattr(value, "__next__")]

    def validate() -> Mapping[str, Any]:
        found: dict[str, Any] = adapter.validate_python(PARAMETERS)
        for name in lazy:
            found[name] = list(found[name])
        return found

    messages = "initial_message_sequence"  # the text of a message remains an iterator
    if {**validate(), messages: PARAMETERS[messages]} != PARAMETERS:
        raise AssertionError("pydantic makes other values of the parameters")
    return validate


def measure(*, short: bool = False) -> Section:
    """Measure, and return the section of the report."""
    rounds, calls_a_turn = (5, 100) if short else (40, 400)
    measured = meter(rounds, calls_a_turn)
    what = f"validating the {len(PARAMETERS)} parameters of `agents.create`: CPU, to pydantic"
    return Section(
        "Arguments",
        f"The {len(PARAMETERS)} parameters of an `agents.create`, validated; {rounds} rounds of {calls_a_turn:,}, in"
        " turn. Pydantic validates the official client's type of them, a `TypedDict`, in Rust; items of lists that the"
        " type has as iterables are read, which is when they are validated. Ours also checks what the type does not"
        " say: ranges, forms of IDs, and texts that the server cannot store.",
        [
            at_most(what, _MOST, measured.ratio(OURS, PYDANTIC, "cpu"))
            if PYDANTIC in measured.samples
            else without_official(what, f"at most {_MOST:g}")
        ],
        [
            Table(
                "",
                ("what", "CPU, µs"),
                [[name, f"{measured.median(name, 'cpu') * 1e3:.2f}"] for name in measured.samples],
            )
        ],
    )


if __name__ == "__main__":
    command(__doc__, measure)
