"""Answers and settings as dictionaries, as JSON and in print; and read again from these."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import letta_async
from letta_async import (
    AgentEnvironmentVariable,
    AgentState,
    Block,
    ClientStats,
    CompactionSettings,
    Conversation,
    InvalidArgumentError,
    Memory,
    NewBlock,
    NotFoundError,
    OpenAIModelSettings,
    Outcome,
    Progress,
    Recompile,
    Staleness,
    SystemMessage,
    Tool,
    TrafficStats,
    UnknownMessage,
    UnknownModelSettings,
)
from letta_async._schema.converter import write
from letta_async._schema.record import Record
from letta_async._schema.wire_object import WireObject
from letta_async._utils.secret_strings import Secret
from tests.ids import AGENT, CONVERSATION
from tests.settings_strategies import OBJECTS, SETTINGS, instances


def below(cls: type[Any]) -> Iterator[type[Any]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from below(sub)


RECORDS = [
    cls for cls in set(below(Record)) if cls.__name__ in letta_async.__all__ and "__attrs_attrs__" in vars(cls)
]  # the classes without slots that attrs replaced may not be collected yet
WIRE: list[Any] = sorted((cls for cls in RECORDS if issubclass(cls, WireObject)), key=lambda cls: cls.__name__)
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def without_secrets(value: Any) -> Any:
    """Return a value in which the fields that are masked in JSON are `None`, at every depth."""
    if isinstance(value, Record):
        fields: Any = attrs.fields(type(value))  # type: ignore[arg-type]  # every record is a class of attrs
        return attrs.evolve(
            value,  # type: ignore[type-var]
            **{
                field.name: None if field.metadata.get("secret") else without_secrets(getattr(value, field.name))
                for field in fields
            },
        )
    if isinstance(value, Mapping):
        return {name: without_secrets(each) for name, each in value.items()}
    return [without_secrets(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.fixture(scope="module")
def made() -> Conversation:
    return Conversation(id=CONVERSATION, agent_id=AGENT, created_at=AT, extra_fields={"newer": {"a": None}})


def test_all_that_users_are_handed_are_records() -> None:
    assert {Outcome, Progress, Staleness, ClientStats, Recompile} < set(RECORDS)
    assert len(WIRE) > 40


@pytest.mark.parametrize("cls", RECORDS)
def test_no_field_has_the_name_of_a_method(cls: Any) -> None:
    assert not {field.name for field in attrs.fields(cls)} & set(dir(WireObject)) - {"extra_fields"}


# --- there and back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", WIRE)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_what_became_json_is_read_again_as_it_was(cls: Any, data: st.DataObject) -> None:
    drawn = data.draw(instances(cls))
    value = attrs.evolve(drawn, extra_fields={f"new_{name}": each for name, each in data.draw(OBJECTS).items()})
    assert cls.from_dict(value.model_dump()) == value
    made = value.to_dict()
    assert json.loads(value.to_json()) == json.loads(value.model_dump_json()) == made == value.model_dump(mode="json")
    for again in (cls.from_dict(made), cls.from_dict(json.loads(value.to_json(indent=2)))):
        assert without_secrets(again) == without_secrets(value)
        assert again.to_dict() == made
    required = {field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING}
    short = value.model_dump(mode="json", exclude_none=True)
    if required <= short.keys():  # a few classes require a field that may be `None`
        assert cls.from_dict(short).model_dump(mode="json", exclude_none=True) == short


@given(SETTINGS)
def test_the_dictionary_of_settings_is_what_is_sent(made: CompactionSettings) -> None:
    assert made.to_dict() == write(made)


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.integers())))
def test_reading_is_as_tolerant_as_of_an_answer(data: Any) -> None:
    read = Block.from_dict({"id": "block-1", "value": "Ada", **data})
    assert read.to_dict().items() >= data.items()


@pytest.mark.parametrize(
    ("cls", "data", "words"),
    [
        (Block, {}, ["id: is required of Block", "value: is required of Block"]),
        (Block, {"id": "block-1", "value": "", 1: 2}, ["data: 1 (int) is not a string, as names are"]),
        (Block, [], ["data: [] (list) is not a mapping"]),
        (Conversation, None, ["data: None is not a mapping"]),
        (Conversation, '{"id": 1}', ["""data: '{"id": 1}' is not a mapping"""]),
        (
            SystemMessage,
            {"id": "message-1", "content": "", "message_type": "user_message"},
            ["message_type: 'user_message' is not 'system_message', as it is in SystemMessage"],
        ),
        (
            OpenAIModelSettings,
            {"provider_type": "anthropic"},
            ["provider_type: 'anthropic' is not 'openai', as it is in OpenAIModelSettings"],
        ),
    ],
)
def test_what_cannot_be_read_is_refused(cls: Any, data: Any, words: list[str]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        cls.from_dict(data)
    assert [str(fault) for fault in caught.value.faults] == words


# --- dictionaries ---------------------------------------------------------------------------------------------------


def test_dates_are_iso_8601_and_what_is_new_is_among_the_rest(made: Conversation) -> None:
    as_json = made.to_dict()
    assert as_json["created_at"] == "2026-01-02T03:04:05.678000+00:00"
    assert as_json["newer"] == {"a": None}
    assert (as_json["summary"], "extra_fields" in as_json) == (None, False)
    assert made.model_dump() == {**as_json, "created_at": AT}
    assert made.model_dump(by_alias=True, exclude_none=True) == {
        "id": CONVERSATION,
        "agent_id": AGENT,
        "created_at": AT,
        "newer": {"a": None},
    }
    assert made.to_json(indent=2).startswith('{\n  "id": "conv-')


def test_a_dictionary_has_the_fields_that_are_named(made: Conversation) -> None:
    assert made.model_dump(include={"id", "summary"}) == {"id": CONVERSATION, "summary": None}
    assert made.model_dump(include={"id", "summary"}, exclude_unset=True) == {"id": CONVERSATION}
    assert made.model_dump(exclude_defaults=True, exclude={"created_at", "newer"}) == {
        "id": CONVERSATION,
        "agent_id": AGENT,
    }
    assert json.loads(made.model_dump_json(exclude=["id", "newer"])).keys() == made.to_dict().keys() - {"id", "newer"}
    for name in ("include", "exclude"):
        with pytest.raises(InvalidArgumentError, match=f"{name}: is a mapping"):
            made.model_dump(**{name: {"id": True}})


def test_what_is_unset_is_left_out_and_none_is_there() -> None:
    sent = CompactionSettings(clip_chars=None, model_settings=OpenAIModelSettings(temperature=0.5))
    nested = {"provider_type": "openai", "temperature": 0.5}
    assert sent.to_dict() == {"clip_chars": None, "model_settings": nested}
    assert sent.model_dump(exclude_none=True) == {"model_settings": nested}
    assert Recompile(conversation_id="default", agent_id=AGENT, compaction_settings=sent).to_dict() == {
        "conversation_id": "default",
        "agent_id": AGENT,
        "compaction_settings": sent.to_dict(),
    }


def test_a_dictionary_shares_nothing_with_its_object() -> None:
    block = Block(id="block-1", value="Ada", metadata={"a": [1]}, tags=["x"])
    for made in (block.to_dict(), block.model_dump()):
        made["metadata"]["a"].append(2)
        made["tags"].clear()
    assert (block.metadata, block.tags) == ({"a": [1]}, ["x"])


def test_json_has_no_name_for_what_is_not_a_number() -> None:
    odd = Block(id="block-1", value="Ada", metadata={"n": float("nan"), "i": [float("inf")]})
    assert json.loads(odd.to_json())["metadata"] == {"n": None, "i": [None]}


def test_secrets_are_masked() -> None:
    secrets = [{"id": "secret-1", "key": "TOKEN", "value": "hush", "value_enc": "hush", "description": None}]
    agent = AgentState(id=AGENT, secrets=secrets, tool_exec_environment_variables={"TOKEN": "hush"})  # type: ignore[arg-type]
    as_json = agent.to_dict()
    assert "hush" not in agent.to_json() + repr(agent) + repr(agent.model_dump())
    masked = {"value": "**********", "value_enc": "**********"}
    assert as_json["secrets"] == [{**secrets[0], **masked}]
    assert as_json["tool_exec_environment_variables"] == {"TOKEN": "**********"}
    assert agent.model_dump()["secrets"] == secrets
    assert isinstance(agent.model_dump()["secrets"][0]["value"], Secret)


def test_an_environment_variable_hides_its_value_alone() -> None:
    variable = AgentEnvironmentVariable(key="TOKEN", value="hush", value_enc="hush")
    assert repr(variable) == "AgentEnvironmentVariable(key='TOKEN', value='**********', value_enc='**********')"
    agent = AgentState(id=AGENT, secrets=[variable])
    for each in (variable, agent):
        assert "hush" not in each.to_json() + repr(each) + repr(each.model_dump()) + repr(agent.secrets)
    assert variable.value == "hush"


def test_long_texts_are_shown_by_their_length() -> None:
    agent = AgentState(id=AGENT, system="a" * 201, tools=[Tool(id="tool-1", name="roll")], memory=Memory(blocks=[]))
    assert repr(agent) == f"AgentState(id={AGENT!r}, system=<201 characters>, tools=[roll])"
    assert (
        repr(SystemMessage(id="message-1", content="a" * 200))
        == f"SystemMessage(id='message-1', content={'a' * 200!r})"
    )


def test_what_the_package_makes_itself() -> None:
    staleness = Staleness(conversation_id=CONVERSATION, stored="a", compiled="b", aligned="a")
    assert staleness.to_dict() == {
        "stale": True,
        "conversation_id": CONVERSATION,
        "stored": "a",
        "compiled": "b",
        "aligned": "a",
    }
    error = NotFoundError("gone", status_code=404, headers={})
    target = Recompile(conversation_id="default", agent_id=AGENT)
    outcome = Outcome(target=target, status="failed", error=error, tries=1)
    told = {"type": "NotFoundError", "message": "gone", "status_code": 404}
    assert outcome.to_dict() == {
        "target": {"conversation_id": "default", "agent_id": AGENT},
        "status": "failed",
        "prompt": None,
        "diff": None,
        "error": told,
        "tries": 1,
        "seconds": 0.0,
        "repeated": False,
    }
    assert outcome.model_dump()["error"] is error
    assert json.loads(outcome.to_json())["error"] == told
    numbers = {"limit": 2, "in_flight": 0, "waiting": 0}
    stats = ClientStats(**numbers, retries=0, by_traffic={"quick": TrafficStats(**numbers)})
    assert stats.to_dict() == {**numbers, "retries": 0, "by_traffic": {"quick": numbers}}


def test_what_is_not_known_is_an_error_of_python(made: Conversation) -> None:
    for method in (made.model_dump, made.model_dump_json, made.to_dict, made.to_json):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            method(exclude_nones=True)  # type: ignore[operator]
    with pytest.raises(InvalidArgumentError, match="mode: 'yaml' is unknown; allowed: 'json', 'python'"):
        made.model_dump(mode="yaml")


# --- print ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            Staleness(conversation_id="conv-1", stored="abc", compiled="abcd", aligned="abc"),
            "Staleness(stale=True, conversation_id='conv-1', stored=<3 characters>, compiled=<4 characters>)",
        ),
        (
            Outcome(target="conv-1", status="recompiled", prompt="abc", tries=1),
            "Outcome(target='conv-1', status='recompiled', prompt=<3 characters>, tries=1)",
        ),
        (Outcome(target="conv-1", status="skipped"), "Outcome(target='conv-1', status='skipped')"),
        (
            Progress(done=0, failed=0, total=None, rate=0.0, seconds_left=None),
            "Progress(done=0, failed=0, total=None, rate=0.0, seconds_left=None)",
        ),
        (Conversation(id="conv-1", agent_id="agent-1"), "Conversation(id='conv-1', agent_id='agent-1')"),
        (
            Block(id="block-1", value="Ada", extra_fields={"newer": 1}),
            "Block(id='block-1', value='Ada', extra_fields={'newer': 1})",
        ),
        (
            Block(id="block-1", value="Ada", extra_fields={"long": "x" * 200, "newer": 1}),
            "Block(id='block-1', value='Ada', extra_fields=<long, newer>)",
        ),
        (CompactionSettings(), "CompactionSettings()"),
        (
            CompactionSettings(clip_chars=None, model_settings=OpenAIModelSettings(temperature=0)),
            "CompactionSettings(model_settings=OpenAIModelSettings(temperature=0), clip_chars=None)",
        ),
        (NewBlock(label="human", value="Ada"), "NewBlock(label='human', value='Ada')"),
        (SystemMessage(id="message-1", content="Hi"), "SystemMessage(id='message-1', content='Hi')"),
        (
            UnknownMessage(id="message-1", message_type="newer"),
            "UnknownMessage(message_type='newer', id='message-1')",
        ),
        (Recompile(conversation_id="default", dry_run=False), "Recompile(conversation_id='default', dry_run=False)"),
    ],
)
def test_a_repr_shows_what_is_said_and_leaves_out_what_is_not(value: object, shown: str) -> None:
    assert repr(value) == shown


@given(SETTINGS)
def test_settings_are_shown_as_they_can_be_made(made: CompactionSettings) -> None:
    assert eval(repr(made), {name: getattr(letta_async, name) for name in letta_async.__all__}) == made


@pytest.mark.parametrize("cls", RECORDS)
def test_no_class_shows_itself_otherwise(cls: Any) -> None:
    assert cls.__repr__ is Record.__repr__


def test_records_are_still_frozen_slotted_and_pickled(made: Conversation) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.id = "x"  # type: ignore[misc]
    assert not hasattr(made, "__dict__")
    assert pickle.loads(pickle.dumps(made)) == made
    assert UnknownModelSettings(provider_type="a") == UnknownModelSettings(provider_type="a")


@pytest.mark.parametrize("cls", WIRE)
def test_what_is_read_without_the_optional_fields_is_what_is_made_without_them(cls: Any) -> None:
    required = {field.name: "x" for field in attrs.fields(cls) if field.default is attrs.NOTHING}
    found, other = cls.from_dict(required), cls.from_dict(required)
    assert found == cls(**required)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.extra_fields == {}
    assert found.extra_fields is not other.extra_fields


@pytest.mark.parametrize("cls", WIRE)
def test_records_are_equal_if_class_and_fields_are(cls: Any) -> None:
    required = {field.name: "x" for field in attrs.fields(cls) if field.default is attrs.NOTHING}
    one, same = cls(**required), cls(**required)
    assert one == same
    assert hash(one) == hash(same)
    for field in attrs.fields(cls):
        other = attrs.evolve(one, **{field.name: ["other"]})
        assert one != other
        if field.hash is False:
            assert hash(other) == hash(one)
    further = type("Further", (cls,), {})(**required)
    assert one != further
    assert further != one
    assert one != required


def test_operations_are_hashed_by_their_path_alone() -> None:
    call, other = Recompile(conversation_id=CONVERSATION), Recompile(conversation_id=CONVERSATION, dry_run=True)
    assert call != other
    assert hash(call) == hash(other) != hash(Recompile(conversation_id="default"))
    hash(Recompile(conversation_id=CONVERSATION, compaction_settings=CompactionSettings(extra_fields={"a": []})))


# --- names of pydantic's models ---------------------------------------------------------------------------------------


def test_programs_that_know_pydantics_models_find_what_they_call(made: Conversation) -> None:
    assert dict(made) == made.to_dict()
    assert made.dict() == made.model_dump()
    assert made.json() == made.to_json()
    assert Conversation.model_validate(made.to_dict()) == made
    copy = made.model_copy(update={"summary": "new"})
    assert (copy.summary, copy.id, made.summary) == ("new", made.id, None)
    with pytest.raises(TypeError):
        made.model_copy(update={"sumary": "new"})


def test_iterating_shows_no_secret() -> None:
    agent = AgentState(id=AGENT, secrets=[AgentEnvironmentVariable(key="TOKEN", value="hush")])
    assert "hush" not in repr(dict(agent))
