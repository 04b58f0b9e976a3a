"""Instances that are made of JSON by generated code: the same as those that `__init__` makes, in every respect."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import attrs
import pytest

from letta_async import AgentState, AssistantMessage, Block, TextContent, Tool, UserMessage
from letta_async._schema.annotations import named_on_wire
from letta_async._schema.converter import read, reader_of
from letta_async._schema.pages import CursorPage, ObjectPage
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
from letta_async.types import Message
from tests.ids import AGENT

AT = "2026-11-27T02:33:30.658891Z"
MOMENT = datetime(2026, 11, 27, 2, 33, 30, 658891, UTC)


@attrs.frozen(kw_only=True)
class Bare(WireObject):
    pass


@attrs.frozen(kw_only=True)
class Part(WireObject):
    word: str


@attrs.frozen(kw_only=True)
class Whole(WireObject):
    kind: Literal["whole"] = "whole"
    since: datetime
    until: datetime | Unset | None = UNSET
    part: Part | Unset | None = UNSET
    parts: list[Part] | None = None
    from_: str | None = attrs.field(default=None, metadata=named_on_wire("from"))


@attrs.frozen(kw_only=True)
class Fresh(WireObject):
    """A class of which no other test makes an instance."""

    word: str
    since: datetime | None = None
    part: Part | None = None


def agent() -> dict[str, Any]:
    return {
        "id": AGENT,
        "blocks": [{"id": "block-x", "value": "Ada", "tags": []}],
        "tools": [{"id": "tool-x", "name": "roll", "newer": 1}],
        "created_at": AT,
    }


def made_agent() -> AgentState:
    return AgentState(
        id=AGENT,
        blocks=[Block(id="block-x", value="Ada", tags=[])],
        tools=[Tool(id="tool-x", name="roll", extra_fields={"newer": 1})],
        created_at=MOMENT,
    )


SAME: dict[str, Callable[[AgentState], object]] = {
    "equality": lambda each: each,
    "hash": hash,
    "repr": repr,
    "dict": dict,
    "pickle": lambda each: pickle.loads(pickle.dumps(each)),
    "pickle, oldest": lambda each: pickle.loads(pickle.dumps(each, 2)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "evolve": lambda each: attrs.evolve(each, name="other"),
    "asdict": attrs.asdict,
    "astuple": attrs.astuple,
    "model_dump": lambda each: each.model_dump(),
    "model_copy": lambda each: each.model_copy(update={"name": "other"}),
    "state": lambda each: each.__getstate__(),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("what", SAME)
def test_it_is_what_init_makes(what: str) -> None:
    assert SAME[what](read(AgentState, agent())) == SAME[what](made_agent())


def test_it_is_of_the_class_and_frozen() -> None:
    found = read(AgentState, agent())
    assert type(found) is found.__class__ is AgentState
    assert not hasattr(found, "__dict__")
    for change in (lambda: setattr(found, "name", "x"), lambda: delattr(found, "name")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            change()


def test_fields_that_are_not_declared_are_made_on_first_use_and_kept() -> None:
    found, other = read(Part, {"word": "a"}), read(Part, {"word": "a"})
    assert found.extra_fields == {}
    assert found.extra_fields is found.extra_fields
    assert found.extra_fields is not other.extra_fields
    assert found == other
    with pytest.raises(AttributeError, match="'Part' object has no attribute 'newer'"):
        _ = read(Part, {"word": "a"}).newer
    assert read(Part, {"word": "a", "newer": None}).newer is None


def test_every_form_of_a_field_is_read() -> None:
    found = read(Whole, {"since": AT, "until": AT, "part": {"word": "a"}, "parts": [{"word": "b"}, 5], "from": "x"})
    assert found == Whole(
        since=MOMENT,
        until=MOMENT,
        part=Part(word="a"),
        parts=[Part(word="b"), 5],  # type: ignore[list-item]
        from_="x",
    )
    assert read(Whole, {"since": AT}) == Whole(since=MOMENT)
    odd = read(Whole, {"since": 5, "until": None, "part": {"wordless": 1}, "parts": {"word": "b"}})
    assert (odd.since, odd.until, odd.part, odd.parts) == (5, None, {"wordless": 1}, {"word": "b"})
    naive = read(Whole, {"since": "2026-11-27T02:33:30.658891"})
    assert naive.since == MOMENT


def test_a_class_without_fields_is_read() -> None:
    assert read(Bare, {}) == Bare()
    assert read(Bare, {"newer": 1}) == Bare(extra_fields={"newer": 1})


def test_items_take_the_place_of_what_they_are_made_of() -> None:
    value = [{"id": "message-x", "message_type": "user_message", "content": "Hello"} for _ in range(3)]
    found = read(list[Message], value)
    assert found is value
    assert found == [UserMessage(id="message-x", content="Hello")] * 3
    page = read(ObjectPage(list[Part], "items", "cursor", None), {"items": [{"word": "a"}], "cursor": None})
    assert isinstance(page, CursorPage)
    assert page == [Part(word="a")]


def test_what_a_program_passes_is_left_as_it_is() -> None:
    data = agent()
    assert AgentState.from_dict(data) == made_agent()
    assert data == agent()


def test_the_parts_of_a_content_are_read_and_its_text_is_kept() -> None:
    text = {"id": "message-x", "message_type": "assistant_message", "content": "Hello"}
    parts = text | {"content": [{"type": "text", "text": "Hello"}]}
    assert read(Message, text) == AssistantMessage(id="message-x", content="Hello")
    assert read(Message, parts) == AssistantMessage(id="message-x", content=[TextContent(text="Hello")])


def test_threads_that_meet_a_class_first_at_once_all_read_it() -> None:
    read_fresh, found = reader_of(Fresh), list[Any]()
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        found.extend(read_fresh({"word": "a", "since": AT, "part": {"word": "b"}}) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Fresh(word="a", since=MOMENT, part=Part(word="b"))] * 160
    assert {type(each) for each in found} == {Fresh}


def test_values_are_freed_with_their_instance() -> None:
    class Marked(str):
        __slots__ = ("__weakref__",)

    import weakref

    word = Marked("a")
    gone = weakref.ref(word)
    found = read(Part, {"word": word})
    del word
    assert gone() is not None
    del found
    gc.collect()
    assert gone() is None
