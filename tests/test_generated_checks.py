"""The code that is generated to validate a mapping decides as cattrs's does, which says what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import CompactionSettings, InvalidArgumentError, LlmConfig
from letta_async._schema.json_values import copy_of_usual, json_problems, to_builtins
from letta_async._schema.unset import UNSET
from letta_async._schema.validation import check, with_places
from letta_async.operations._find_or_create import FindOrCreateBlock
from letta_async.operations.agent_blocks import RetrieveAgentBlock
from letta_async.operations.agents import CreateAgent
from letta_async.operations.conversations import Recompile
from letta_async.types import NewBlock
from tests.ids import AGENT, CONVERSATION

CLASSES: list[Any] = [
    CompactionSettings,
    CreateAgent,
    FindOrCreateBlock,
    LlmConfig,
    NewBlock,
    Recompile,
    RetrieveAgentBlock,
]
USUAL: dict[Any, dict[str, Any]] = {
    CompactionSettings: {"mode": "all", "model_settings": {"provider_type": "openai", "temperature": 0.5}},
    CreateAgent: {
        "name": "a",
        "hidden": None,
        "tags": ["a"],
        "max_files_open": 5,
        "memory_blocks": [{"label": "a", "value": "b"}],
        "secrets": {"a": "b"},
        "tool_rules": [{"type": "continue_loop", "tool_name": "a"}],
    },
    FindOrCreateBlock: {"label": "a", "value": "b"},
    LlmConfig: {"model": "m", "model_endpoint_type": "openai", "context_window": 5, "effort": "low"},
    NewBlock: {"label": "a", "value": "b", "limit": 5, "metadata": {"a": 1}},
    Recompile: {"conversation_id": "default", "agent_id": AGENT, "dry_run": True},
    RetrieveAgentBlock: {"agent_id": AGENT, "block_label": "a"},
}
SCALARS = [None, True, 0, 1, -1, 2**31, 2**63, 0.5, float("nan"), "", "a", "a\0", "\ud800", "ü", b"a", object()]
OBJECTS = [{}, {"a": 1}, {"type": "text"}, {"provider_type": "openai"}, {"label": "a"}, {"label": "a", "value": 1}]
ODD = st.sampled_from([*SCALARS, *OBJECTS, [], ["a"], [1], [OBJECTS[-1]]])


@pytest.mark.parametrize("cls", CLASSES)
@given(data=st.data())
def test_both_accept_the_same_and_make_the_same_of_it(cls: Any, data: st.DataObject) -> None:
    names = [*cls.__annotations__, *USUAL[cls], "unknown", "extra_fields", "http"]
    changes = data.draw(st.dictionaries(st.sampled_from(names), ODD, max_size=2))
    value = {**USUAL[cls], **changes}
    for name in data.draw(st.sets(st.sampled_from(names), max_size=1)):
        value.pop(name, None)
    try:
        expected = with_places(cls)(value, cls)
    except Exception:
        with pytest.raises(InvalidArgumentError):
            check(cls, value)
    else:
        assert check(cls, value) == expected


@pytest.mark.parametrize("cls", CLASSES)
def test_what_is_unset_is_left_out(cls: Any) -> None:
    unset = dict.fromkeys(cls.__annotations__, UNSET)
    assert check(cls, {**unset, **USUAL[cls]}) == check(cls, USUAL[cls])


def test_strings_are_of_the_built_in_type() -> None:
    made = check(NewBlock, {"label": Word("a"), "value": Word("b")})
    assert type(made.label) is type(made.value) is str


class Word(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (Recompile, "conversation_id", "conv-1"),
        (Recompile, "conversation_id", f"{CONVERSATION}\n"),
        (Recompile, "conversation_id", Word(CONVERSATION)),
        (FindOrCreateBlock, "label", "a\0"),
        (FindOrCreateBlock, "label", "\ud800"),
        (FindOrCreateBlock, "label", "ü"),
        (RetrieveAgentBlock, "block_label", "a/ü"),
        (RetrieveAgentBlock, "block_label", ".."),
        (RetrieveAgentBlock, "block_label", ""),
    ],
)
def test_a_pattern_is_checked_in_place_as_it_is_by_its_hook(cls: Any, name: str, value: str) -> None:
    values = {**USUAL[cls], name: value}
    try:
        expected = with_places(cls)(values, cls)
    except Exception:
        with pytest.raises(InvalidArgumentError, match=name):
            check(cls, values)
    else:
        made = getattr(check(cls, values), name)
        assert made == getattr(expected, name) == value
        assert type(made) is str


def test_an_operation_is_made_as_init_makes_it() -> None:
    made = check(CreateAgent, USUAL[CreateAgent])
    assert type(made) is CreateAgent
    assert vars(made).keys() == vars(CreateAgent()).keys()
    assert hash(made) == hash(CreateAgent())
    with pytest.raises(AttributeError):
        made.name = "b"  # type: ignore[misc]


MAPPINGS = st.recursive(
    ODD, lambda inner: st.dictionaries(st.sampled_from(["a", "b", "ü", "\ud800", 1, Word("w")]), inner, max_size=3)
)


@given(MAPPINGS)
def test_a_usual_mapping_is_copied_as_it_is_after_a_closer_look(value: Any) -> None:
    if (copy := copy_of_usual(value)) is not None:
        assert not json_problems(value, "")
        assert copy == to_builtins(value) == value
        assert copy is not value
        assert all(copy[name] is not each for name, each in value.items() if type(each) is dict)


def test_only_what_is_unusual_gets_a_closer_look() -> None:
    usual = {"a": "b", "c": {"d": 1, "e": {"f": None, "g": True}}}
    assert copy_of_usual(usual) == usual
    holds_itself: dict[str, Any] = {}
    holds_itself["a"] = holds_itself
    unusual: list[dict[Any, Any]] = [{"a": "ü"}, {"ü": 1}, {1: 1}, {"a": 2**64}, {"a": 0.5}, {"a": {"b": []}}]
    unusual += [{"a": Word("b")}, {Word("a"): "b"}, holds_itself]
    for value in unusual:
        assert copy_of_usual(value) is None
