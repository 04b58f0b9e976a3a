"""Parameters that take several forms, told apart by the kind of the JSON value, and mappings with typed values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import attrs
import pytest

from letta_async import UNSET, InvalidArgumentError, Unset
from letta_async._schema.converter import read, write
from letta_async._schema.placement import Hidden, Pattern
from letta_async._schema.validation import check
from letta_async._schema.wire_object import WireObject


@attrs.frozen(kw_only=True)
class TextPart(WireObject):
    text: str
    type: Literal["text"] = "text"


@attrs.frozen(kw_only=True)
class ImagePart(WireObject):
    url: str
    type: Literal["image"] = "image"


Part = TextPart | ImagePart


@attrs.frozen(kw_only=True)
class Sample(WireObject):
    content: str | list[Part] | Unset = UNSET
    number: int | str | Unset = UNSET
    ratio: float | Literal["auto"] | Unset | None = UNSET
    choice: str | TextPart | ImagePart | Unset = UNSET
    label: bool | Annotated[str, Pattern("[a-z]+", "lower-case letters")] | Unset = UNSET
    start: datetime | int | Unset = UNSET
    anything: Mapping[str, Any] | list[int] | Unset = UNSET
    words: Mapping[str, str] | Unset = UNSET
    parts: Mapping[str, Part] | Unset | None = UNSET
    samples: Mapping[str, list[int] | str] | Unset = UNSET
    secrets: Mapping[str, Annotated[str, Hidden()]] | Unset = UNSET


def faults(**values: object) -> dict[str, str]:
    with pytest.raises(InvalidArgumentError) as caught:
        check(Sample, values)
    return {fault.path: fault.problem for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("name", "value", "checked"),
    [
        ("content", "hello", "hello"),
        ("content", [{"type": "text", "text": "a"}], [TextPart(text="a")]),
        ("content", (TextPart(text="a"), {"type": "image", "url": "b"}), [TextPart(text="a"), ImagePart(url="b")]),
        ("content", [], []),
        ("number", 1, 1),
        ("number", "1", "1"),
        ("ratio", 1, 1),
        ("ratio", 0.5, 0.5),
        ("ratio", "auto", "auto"),
        ("ratio", None, None),
        ("choice", "auto", "auto"),
        ("choice", {"type": "image", "url": "b"}, ImagePart(url="b")),
        ("choice", TextPart(text="a"), TextPart(text="a")),
        ("label", True, True),
        ("label", "abc", "abc"),
        ("start", 3, 3),
        ("start", "2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("start", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("anything", {"a": [None]}, {"a": [None]}),
        ("anything", [1, 2], [1, 2]),
        ("words", {"A": "b"}, {"A": "b"}),
        ("words", {}, {}),
        ("parts", None, None),
        ("parts", {"a": {"type": "text", "text": "b"}}, {"a": TextPart(text="b")}),
        ("parts", {"a": ImagePart(url="b")}, {"a": ImagePart(url="b")}),
        ("samples", {"a": [1], "b": "x"}, {"a": [1], "b": "x"}),
    ],
)
def test_each_form_is_accepted_and_survives_the_way_to_json_and_back(name: str, value: Any, checked: object) -> None:
    sample = check(Sample, {name: value})
    assert getattr(sample, name) == checked
    assert type(getattr(sample, name)) is type(checked)
    wire = write(sample)
    assert read(Sample, wire) == sample
    assert write(read(Sample, wire)) == wire


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("content", 5, "5 (int) is of no form that is allowed; allowed: a string, a list"),
        ("content", {"type": "text", "text": "a"}, "allowed: a string, a list"),
        ("content", None, "None is of no form that is allowed; allowed: a string, a list"),
        ("content", b"x", "allowed: a string, a list"),
        ("number", True, "True (bool) is of no form that is allowed; allowed: a whole number, a string"),
        ("number", 1.5, "allowed: a whole number, a string"),
        ("ratio", "automatic", "unknown; allowed: 'auto'"),
        ("ratio", float("nan"), "not a finite number"),
        ("ratio", [], "allowed: a number, one of 'auto'"),
        ("choice", 1, "allowed: a mapping or one of TextPart, ImagePart, a string"),
        ("label", "ABC", "malformed; expected lower-case letters"),
        ("label", 1, "allowed: True or False, a string"),
        ("start", datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), "says not in which time zone"),
        ("start", "yesterday", "not a time in the form of ISO 8601"),
        ("words", "A=b", "not a mapping"),
        ("words", [("A", "b")], "not a mapping"),
    ],
)
def test_a_value_of_no_form_is_refused_with_the_forms_that_are_allowed(name: str, value: Any, words: str) -> None:
    assert words in faults(**{name: value})[name]


def test_faults_in_a_form_have_the_path_of_that_form_alone() -> None:
    assert faults(content=["a", {"type": "txt", "text": "a"}, {"type": "text"}, {"type": "text", "text": 1}]) == {
        "content[0]": "'a' is neither a mapping nor one of TextPart, ImagePart",
        "content[1].type": "'txt' is unknown; allowed: 'text', 'image'; did you mean text?",
        "content[2].text": "is required",
        "content[3].text": "1 (int) is not a string",
    }
    assert faults(choice={"type": "text", "txt": "a"}) == {
        "choice.text": "is required",
        "choice.txt": "is not a field of type 'text'; did you mean text?",
    }


def test_every_value_of_a_mapping_is_checked_and_faults_name_its_key() -> None:
    assert faults(
        words={"A": 1, "B": "b", "C": None}, parts={"x": {"type": "text", "text": 2}}, samples={"n": ["1"]}
    ) == {
        "words.A": "1 (int) is not a string",
        "words.C": "None is not a string",
        "parts.x.text": "2 (int) is not a string",
        "samples.n[0]": "'1' is not a whole number",
    }
    assert faults(words={1: "a"}) == {"words": "the key 1 (int) is not a string"}


def test_no_message_shows_a_value_that_is_hidden() -> None:
    assert faults(secrets={"KEY": 123456, "OTHER": ["hunter2"]}) == {
        "secrets.KEY": "a value of type int is not a string",
        "secrets.OTHER": "a value of type list is not a string",
    }


def test_reading_keeps_what_is_of_no_known_form() -> None:
    wire = {"content": 5, "choice": {"type": "new"}, "words": ["a"], "parts": {"a": {"type": "new"}, "b": 3}}
    assert write(read(Sample, wire)) == wire
    assert read(Sample, {"parts": {"a": {"type": "text", "text": "t"}}}).parts == {"a": TextPart(text="t")}


def test_members_that_no_json_value_tells_apart_are_refused_when_declared() -> None:
    @attrs.frozen(kw_only=True)
    class Ambiguous(WireObject):
        value: list[int] | list[str] | Unset = UNSET

    with pytest.raises(TypeError, match="of one kind of JSON value"):
        check(Ambiguous, {"value": [1]})
