"""Settings survive every conversion, and both of their forms are checked alike."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letta_async import (
    UNSET,
    BasetenModelSettings,
    CompactionSettings,
    InvalidArgumentError,
    JsonSchemaResponseFormat,
    LettaError,
    OpenAIModelSettings,
    OpenAIReasoning,
    UnknownModelSettings,
)
from letta_async._schema.annotations import members_by_tag
from letta_async._schema.converter import read, write
from letta_async._schema.validation import check
from letta_async.operations.conversations import Recompile
from tests.ids import AGENT, CONVERSATION
from tests.settings_strategies import JSON, KNOWN_PROVIDERS, OBJECTS, SETTINGS, instances


def checked(given: Any) -> Any:
    return check(Recompile, {"conversation_id": CONVERSATION, "compaction_settings": given}).compaction_settings


def faults(**parameters: Any) -> dict[str, str]:
    with pytest.raises(InvalidArgumentError) as caught:
        check(Recompile, {"conversation_id": CONVERSATION, **parameters})
    assert isinstance(caught.value, LettaError)
    assert isinstance(caught.value, ValueError)
    for fault in caught.value.faults:
        assert str(fault) in str(caught.value)
    return {fault.path: fault.problem for fault in caught.value.faults}


@given(SETTINGS)
def test_valid_settings_survive_the_way_to_json_and_back(given_settings: CompactionSettings) -> None:
    wire = json.loads(json.dumps(write(given_settings)))
    assert read(CompactionSettings, wire) == given_settings


@given(SETTINGS)
def test_valid_settings_pass_the_check_as_an_instance_and_as_a_mapping(given_settings: CompactionSettings) -> None:
    assert checked(given_settings) == given_settings
    assert checked(write(given_settings)) == given_settings


@given(SETTINGS, OBJECTS)
def test_fields_that_are_not_known_are_kept_when_read_and_sent_when_given(
    known: CompactionSettings, unknown: Any
) -> None:
    unknown = {f"new_{name}": value for name, value in unknown.items()}
    newer = attrs.evolve(known, extra_fields=unknown)
    assert write(newer) == {**write(known), **unknown}
    assert read(CompactionSettings, write(newer)) == newer
    assert checked(newer) == newer


@given(JSON)
@settings(max_examples=200)
def test_reading_never_fails_on_what_a_newer_server_may_answer(answer: Any) -> None:
    if isinstance(answer, dict):
        read(CompactionSettings, answer)
    read(CompactionSettings, {"model_settings": answer, "mode": answer, "clip_chars": answer})


def test_a_provider_that_is_not_known_is_read_and_can_be_sent_on_purpose() -> None:
    wire = {"model_settings": {"provider_type": "new", "warmth": 0.5}}
    read_back = read(CompactionSettings, wire)
    assert read_back.model_settings == UnknownModelSettings(provider_type="new", extra_fields={"warmth": 0.5})
    assert write(checked(read_back)) == wire


def test_the_providers_are_told_apart_by_their_provider_type() -> None:
    name, classes = members_by_tag(KNOWN_PROVIDERS)
    assert name == "provider_type"
    assert len(classes) == len(KNOWN_PROVIDERS)
    for provider, cls in classes.items():
        assert write(cls()) == {"provider_type": provider}
        assert type(checked({"model_settings": {"provider_type": provider}}).model_settings) is cls


def test_left_out_is_absent_and_none_is_null() -> None:
    assert write(CompactionSettings()) == {}
    assert write(CompactionSettings(clip_chars=None, prompt=None)) == {"clip_chars": None, "prompt": None}


def test_a_mapping_may_hold_instances_and_an_instance_mappings() -> None:
    inner = OpenAIModelSettings(reasoning=OpenAIReasoning(reasoning_effort="low"))
    mixed: Any = CompactionSettings(
        model_settings={"provider_type": "openai", "reasoning": {"reasoning_effort": "low"}}
    )  # type: ignore[arg-type]
    assert checked({"model_settings": inner}) == checked(mixed) == CompactionSettings(model_settings=inner)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("mode", "alll", "did you mean all"),
        ("mode", None, "unknown"),
        ("mode", 3, "unknown"),
        ("mode", ["all"], "unknown"),
        ("model", 3, "not a string"),
        ("prompt", b"x", "not a string"),
        ("prompt_acknowledgement", 1, "neither True nor False"),
        ("prompt_acknowledgement", "true", "neither True nor False"),
        ("prompt_acknowledgement", None, "neither True nor False"),
        ("clip_chars", True, "not a whole number"),
        ("clip_chars", "5", "not a whole number"),
        ("clip_chars", 1.5, "not a whole number"),
        ("clip_chars", -1, "at least 0"),
        ("sliding_window_percentage", 1.01, "from 0 to 1"),
        ("sliding_window_percentage", -0.01, "from 0 to 1"),
        ("sliding_window_percentage", float("nan"), "not a finite number"),
        ("sliding_window_percentage", float("inf"), "not a finite number"),
        ("sliding_window_percentage", True, "not a finite number"),
        ("sliding_window_percentage", "0.3", "not a finite number"),
        ("model_settings", 5, "neither a mapping nor one of"),
        ("model_settings", [], "neither a mapping nor one of"),
    ],
)
def test_a_wrong_value_is_refused_alike_in_both_forms(path: str, value: Any, words: str) -> None:
    as_mapping = faults(compaction_settings={path: value})
    as_instance = faults(compaction_settings=CompactionSettings(**{path: value}))
    assert as_mapping == as_instance
    assert words in as_mapping[f"compaction_settings.{path}"]


@pytest.mark.parametrize(
    ("model_settings", "path", "words"),
    [
        ({}, "provider_type", "is required; allowed: 'openai', 'sglang'"),
        ({"provider_type": "openia"}, "provider_type", "did you mean openai"),
        ({"provider_type": None}, "provider_type", "unknown"),
        ({"provider_type": ["openai"]}, "provider_type", "unknown"),
        ({"provider_type": "anthropic", "reasoning": {}}, "reasoning", "not a field of provider_type 'anthropic'"),
        ({"provider_type": "baseten", "response_format": None}, "response_format", "not a field"),
        ({"provider_type": "openai", "temprature": 1}, "temprature", "did you mean temperature"),
        ({"provider_type": "openai", "temperature": None}, "temperature", "not a finite number"),
        ({"provider_type": "openai", "max_output_tokens": -1}, "max_output_tokens", "at least 0"),
        ({"provider_type": "openai", "reasoning": None}, "reasoning", "neither a mapping nor a OpenAIReasoning"),
        (
            {"provider_type": "openai", "reasoning": {"reasoning_effort": "lo"}},
            "reasoning.reasoning_effort",
            "did you mean low",
        ),
        (
            {"provider_type": "chatgpt_oauth", "reasoning": {"reasoning_effort": "minimal"}},
            "reasoning.reasoning_effort",
            "unknown",
        ),
        ({"provider_type": "anthropic", "thinking": {"budget_tokens": -1}}, "thinking.budget_tokens", "at least 0"),
        (
            {"provider_type": "google_ai", "thinking_config": {"thinking_budget": -1}},
            "thinking_config.thinking_budget",
            "at",
        ),
        ({"provider_type": "openai", "response_format": {}}, "response_format.type", "is required"),
        (
            {"provider_type": "openai", "response_format": {"type": "json_schema"}},
            "response_format.json_schema",
            "is required",
        ),
        (
            {"provider_type": "openai", "response_format": {"type": "json_schema", "json_schema": {"a": {1}}}},
            "response_format.json_schema.a",
            "no form in JSON",
        ),
        (
            {
                "provider_type": "google_ai",
                "response_schema": {"type": "json_schema", "json_schema": {"a": [0, float("nan")]}},
            },
            "response_schema.json_schema.a[1]",
            "not a finite number",
        ),
        ({"provider_type": "openai", "extra_fields": {}}, "extra_fields", "not a field"),
    ],
)
def test_a_wrong_model_setting_is_named_by_its_path(model_settings: Any, path: str, words: str) -> None:
    found = faults(compaction_settings={"model_settings": model_settings})
    assert list(found) == [f"compaction_settings.model_settings.{path}"]
    assert words in found[f"compaction_settings.model_settings.{path}"]


def test_an_instance_with_a_wrong_part_is_named_by_the_same_path() -> None:
    wrong = CompactionSettings(model_settings=OpenAIModelSettings(reasoning=OpenAIReasoning(reasoning_effort="lo")))  # type: ignore[arg-type]
    assert "compaction_settings.model_settings.reasoning.reasoning_effort" in faults(compaction_settings=wrong)


def test_extra_fields_that_have_no_form_in_json_are_refused() -> None:
    wrong = CompactionSettings(model_settings=UnknownModelSettings(provider_type="new", extra_fields={"at": object()}))
    assert "no form in JSON" in faults(compaction_settings=wrong)["compaction_settings.model_settings.at"]


def test_all_faults_of_a_call_are_in_one_error() -> None:
    found = faults(
        conversation_id="",
        agent_id="agent-1",
        dry_run="yes",
        compaction_settings={
            "clip_char": 5,
            "mode": "none",
            "model_settings": {"provider_type": "openai", "temperature": "hot", "strict": 1},
        },
    )
    assert sorted(found) == [
        "agent_id",
        "compaction_settings.clip_char",
        "compaction_settings.mode",
        "compaction_settings.model_settings.strict",
        "compaction_settings.model_settings.temperature",
        "conversation_id",
        "dry_run",
    ]
    assert "did you mean clip_chars" in found["compaction_settings.clip_char"]


@pytest.mark.parametrize("value", [0, 1, 50_000])
def test_zero_is_allowed(value: int) -> None:
    assert checked({"clip_chars": value}).clip_chars == value


@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0, 0.3])
def test_the_bounds_of_a_share_are_allowed_and_whole_numbers_are_numbers(value: float) -> None:
    assert checked({"sliding_window_percentage": value}).sliding_window_percentage == value


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "conv-",
        "conv-123",
        CONVERSATION.upper(),
        CONVERSATION + "\n",
        f" {CONVERSATION}",
        CONVERSATION.replace("-4b5e-", "-1b5e-"),
        "../agents",
        ".",
        "..",
        "a/../b",
        "%2e%2e",
        "a?x",
        "a#f",
        "a\r\nX: y",
        "a\0b",
        "a\\b",
        "Default",
        None,
        5,
    ],
)
def test_a_malformed_conversation_id_is_refused(wrong: Any) -> None:
    assert "conversation_id" in faults(conversation_id=wrong)


@pytest.mark.parametrize("wrong", ["", "agent-x", AGENT.upper(), CONVERSATION, f"{AGENT}\n", 5])
def test_a_malformed_agent_id_is_refused(wrong: Any) -> None:
    assert "agent_id" in faults(conversation_id="default", agent_id=wrong)


@given(JSON | st.binary() | st.sets(st.integers()))
@settings(max_examples=300)
def test_whatever_is_handed_in_either_passes_or_is_an_invalid_argument(anything: Any) -> None:
    for given_settings in (anything, {"model_settings": anything}, {"mode": anything, "clip_chars": anything}):
        with contextlib.suppress(InvalidArgumentError):
            checked(given_settings)


def test_a_value_that_cannot_be_shown_does_not_hide_the_fault() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "a value" in faults(compaction_settings={"mode": Mute()})["compaction_settings.mode"]


@given(st.sampled_from(KNOWN_PROVIDERS).flatmap(instances))
def test_settings_can_be_copied_and_pickled(model_settings: Any) -> None:
    given_settings = CompactionSettings(model_settings=model_settings)
    assert pickle.loads(pickle.dumps(given_settings)) == copy.deepcopy(given_settings) == given_settings
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET


def test_settings_are_frozen_and_hashable() -> None:
    given_settings = CompactionSettings(model_settings=BasetenModelSettings(temperature=0.5))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        given_settings.mode = "all"  # type: ignore[misc]
    assert len({given_settings, attrs.evolve(given_settings)}) == 1
    hash(JsonSchemaResponseFormat(json_schema={"a": []}))
