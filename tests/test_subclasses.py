"""Members of enumerations, and whatever else is a subclass of `str` or a number, are sent as the value they hold."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from letta_async import (
    CompactionSettings,
    InvalidArgumentError,
    Letta,
    OpenAIModelSettings,
    Recompile,
    UnknownModelSettings,
)
from letta_async._schema.json_values import to_builtin_scalar, to_builtins
from letta_async._utils.secret_strings import Secret
from letta_async.config import ClientConfig
from letta_async.testing import EmbeddedServer


class Odd(str):
    """String whose `str()` is another one."""

    def __str__(self) -> str:
        return "shown"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return "shown"


class OddInt(int):
    def __str__(self) -> str:
        return "shown"

    __repr__ = __str__


class OddFloat(float):
    def __str__(self) -> str:
        return "shown"

    __repr__ = __str__


def mixed(value: Any) -> Any:
    """Create a member of an `Enum` that is also an instance of the value's type; its `str()` is `C.A`."""
    members: Any = enum.Enum("C", {"A": value}, type=type(value))
    return members.A


def in_str_enum(value: str) -> Any:
    members: Any = enum.StrEnum("C", {"A": value})
    return members.A


Wrap = Callable[[str], Any]
WRAPS = [mixed, in_str_enum, Odd]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def letta(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url) as client:
        yield client


@pytest.fixture
def agent_id(letta: Letta) -> str:
    return letta.agents.create(model="letta/letta-free").id


@pytest.mark.parametrize("wrap", WRAPS)
def test_ids_in_paths_and_filters(letta: Letta, agent_id: str, wrap: Wrap) -> None:
    conversation = letta.conversations.create(agent_id=wrap(agent_id))
    listed = letta.conversations.list(agent_id=wrap(agent_id), order=wrap("asc"))
    assert [each.id for each in listed] == [conversation.id]
    assert list(letta.conversations.targets(agent_id=wrap(agent_id))) == [conversation.id]
    assert letta.conversations.retrieve(wrap(conversation.id)).id == conversation.id
    letta.conversations.recompile(wrap("default"), agent_id=wrap(agent_id))
    shown = letta.conversations.staleness(wrap(conversation.id)).conversation_id
    assert (shown, type(shown)) == (conversation.id, str)


@pytest.mark.parametrize("wrap", WRAPS)
def test_settings_and_bodies(letta: Letta, server: EmbeddedServer, agent_id: str, wrap: Wrap) -> None:
    schema = {wrap("title"): wrap("T"), "parts": [wrap("p"), {wrap("n"): mixed(1), "x": mixed(0.5)}]}
    settings = {
        wrap("mode"): wrap("all"),
        wrap("clip_chars"): mixed(5),
        "sliding_window_percentage": OddFloat(0.5),
        "model_settings": {
            wrap("provider_type"): wrap("openai"),
            "max_output_tokens": OddInt(7),
            "response_format": {"type": wrap("json_schema"), "json_schema": MappingProxyType(schema)},
        },
    }
    letta.conversations.recompile(
        "default",
        agent_id=agent_id,
        compaction_settings=settings,
        extra_body={wrap("z"): MappingProxyType({wrap("y"): wrap("x")})},
    )
    assert json.loads(server.requests[-1].body) == {
        "agent_id": agent_id,
        "compaction_settings": {
            "mode": "all",
            "clip_chars": 5,
            "sliding_window_percentage": 0.5,
            "model_settings": {
                "provider_type": "openai",
                "max_output_tokens": 7,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"title": "T", "parts": ["p", {"n": 1, "x": 0.5}]},
                },
            },
        },
        "z": {"y": "x"},
    }


@pytest.mark.parametrize("wrap", WRAPS)
def test_settings_as_instances(letta: Letta, server: EmbeddedServer, agent_id: str, wrap: Wrap) -> None:
    new = UnknownModelSettings(provider_type=wrap("new"), extra_fields=MappingProxyType({wrap("a"): {"b": wrap("c")}}))
    for model_settings, wire in (
        (OpenAIModelSettings(temperature=OddFloat(0.5)), {"provider_type": "openai", "temperature": 0.5}),
        (new, {"provider_type": "new", "a": {"b": "c"}}),
    ):
        given = CompactionSettings(mode=wrap("all"), model=wrap("a/b"), model_settings=model_settings)
        server.script("POST", "*/recompile", status=200, body="prompt")
        letta.conversations.recompile("default", agent_id=agent_id, compaction_settings=given)
        sent = json.loads(server.requests[-1].body)["compaction_settings"]
        assert sent == {"mode": "all", "model": "a/b", "model_settings": wire}


@pytest.mark.parametrize("wrap", WRAPS)
def test_what_a_client_is_told(server: EmbeddedServer, wrap: Wrap) -> None:
    with Letta(
        base_url=wrap(server.base_url),
        api_key=wrap("sk-1"),
        project=wrap("p"),
        project_id=wrap("i"),
        default_headers={wrap("X-A"): wrap("a")},
        default_query={wrap("q"): wrap("x")},
    ) as client:
        client.get(
            wrap("/v1/health/"),
            extra_headers={wrap("X-B"): wrap("b")},
            extra_query={wrap("r"): mixed(1), "s": OddInt(2), "t": OddFloat(0.5), "u": [wrap("y")]},
        )
        request = server.requests[-1]
        assert request.path == "/v1/health/"
        assert request.query == {"q": "x", "r": "1", "s": "2", "t": "0.5", "u": "y"}
        names = ("x-project", "x-project-id", "x-a", "x-b")
        assert [request.headers[name] for name in names] == ["p", "i", "a", "b"]
        assert client._config.headers["Authorization"] == "Bearer sk-1"
        again = client.with_options(base_url=wrap(server.base_url + "/"), api_key=wrap("sk-2"))
        assert again.base_url == server.base_url
        assert again._config.headers["Authorization"] == "Bearer sk-2"


@pytest.mark.parametrize("wrap", WRAPS)
def test_raw_bodies(letta: Letta, server: EmbeddedServer, agent_id: str, wrap: Wrap) -> None:
    letta.post("/v1/blocks/", body={wrap("label"): wrap("human"), "value": wrap("Ada")}, extra_body={"limit": mixed(9)})
    assert json.loads(server.requests[-1].body) == {"label": "human", "value": "Ada", "limit": 9}


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_header_whose_name_says_secret_is_masked(wrap: Wrap) -> None:
    config = ClientConfig(api_key=None, base_url="http://localhost", default_headers={wrap("X-Api-Key"): wrap("hush")})
    assert isinstance(config.default_headers["X-Api-Key"], Secret)
    assert config.headers["X-Api-Key"] == "hush"
    assert "hush" not in repr(config.headers) + repr(config.default_headers)


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_batch_and_its_journal(letta: Letta, agent_id: str, wrap: Wrap, tmp_path: Path) -> None:
    ids = [letta.conversations.create(agent_id=agent_id).id for _ in range(3)]
    journal = tmp_path / "journal"
    targets = [wrap(ids[0]), Recompile(conversation_id=wrap(ids[1])), ids[2]]
    outcomes = list(letta.conversations.recompile_many(targets, journal=wrap(str(journal))))
    assert [outcome.status for outcome in outcomes] == ["recompiled"] * 3
    assert {type(outcome.target) for outcome in outcomes} == {str, Recompile}
    written = journal.read_text()
    assert all(each in written for each in ids)
    with pytest.warns(UserWarning, match="nothing was checked"):
        again = list(letta.conversations.recompile_many(ids, journal=str(journal)))
    assert [outcome.status for outcome in again] == ["skipped"] * 3


def test_a_target_that_is_exact_is_handed_on_as_it_is(letta: Letta, agent_id: str) -> None:
    target = Recompile(conversation_id="default", agent_id=agent_id)
    (outcome,) = letta.conversations.recompile_many([target])
    assert outcome.target is target


def test_a_member_that_holds_no_string_is_refused(letta: Letta) -> None:
    members: Any = enum.Enum("C", {"A": "default"})
    with pytest.raises(InvalidArgumentError, match="is not a string"):
        letta.conversations.recompile(members.A)


@pytest.mark.parametrize("value", ["a", 1, 0.5, True, None, 2**70])
def test_exact_values_are_the_same_object(value: object) -> None:
    assert to_builtin_scalar(value) is value


@pytest.mark.parametrize("value", [mixed("a"), Odd("a"), mixed(1), OddInt(2), mixed(0.5), OddFloat(0.5)])
def test_exact_makes_equals(value: object) -> None:
    made = to_builtin_scalar(value)
    assert made == value
    assert type(made) in {str, int, float}


def test_plain_leaves_no_subclass_and_nothing_that_can_change() -> None:
    inner = {Odd("k"): [Odd("v"), (OddInt(1),)]}
    made = to_builtins(MappingProxyType(inner))
    assert json.dumps(made) == '{"k": ["v", [1]]}'
    inner.clear()
    assert made == {"k": ["v", [1]]}
