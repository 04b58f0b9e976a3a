"""Annotations of tools: the JSON Schema that a model is told, and what becomes of the values that it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, NotRequired, Required, TypedDict
from uuid import UUID

import attrs
import pytest
from pydantic import BaseModel, Field

from letta_async import InvalidArgumentError, client_tool
from letta_async.function_tools.function_descriptions import describe_function

if TYPE_CHECKING:
    from fractions import Fraction

UserId = NewType("UserId", str)


class Color(Enum):
    """A color of the rainbow.

    Not of the sky.
    """

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Odd(Enum):
    BYTES = b"x"


class Place(TypedDict):
    city: Required[Annotated[str, "Name of the city"]]
    zip: NotRequired[str]
    country: str


class Partial(TypedDict, total=False):
    a: int
    b: Required[int]


@dataclass
class Point:
    x: int
    y: int = 0
    scale: InitVar[int] = 1
    norm: int = field(init=False, default=0)

    def __post_init__(self, scale: int) -> None:
        self.norm = (self.x + self.y) * scale


@dataclass
class Tree:
    """A tree."""

    name: str
    children: list[Tree] = field(default_factory=list)


@attrs.frozen
class Span:
    _start: int
    end: int = attrs.field(default=9)

    @end.validator  # type: ignore[untyped-decorator]
    def _check(self, attribute: object, value: int) -> None:
        if value < self._start:
            raise ValueError("ends before it starts")


@dataclass
class Unknown:
    share: Fraction


@dataclass(init=False)
class Handmade:
    a: int

    def __init__(self, text: str) -> None:
        self.a = int(text)


class Person(BaseModel):
    name: str
    age: int = Field(default=1, description="Age in years", ge=0)
    friend: Person | None = None


def schema_of(annotation: Any) -> dict[str, Any]:
    """Return the schema of a parameter with an annotation."""
    return dict(describe_function(taking(annotation)).schema["properties"]["value"])


def taking(annotation: Any) -> Callable[[Any], Any]:
    def tool(value: Any) -> Any:
        return value

    tool.__annotations__["value"] = annotation
    return tool


def converted(annotation: Any, value: Any) -> Any:
    """Return what a tool gets for a JSON value."""
    (made,) = describe_function(taking(annotation)).bind({"value": value}).args
    return made


STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}

TYPES: list[tuple[Any, dict[str, Any], list[tuple[Any, Any]], list[Any]]] = [
    # annotation, schema, (JSON value, what the tool gets), values that are refused
    (str, STRING, [("x", "x")], [1, None, ["x"]]),
    (int, INTEGER, [(1, 1), (2.0, 2)], ["1", 1.5, True, None]),
    (float, {"type": "number"}, [(1, 1.0), (0.5, 0.5)], ["1", False]),
    (bool, {"type": "boolean"}, [(True, True)], [1, "true"]),
    (None, NULL, [(None, None)], [0]),
    (Any, {}, [({"a": [1]}, {"a": [1]})], []),
    (int | None, {"anyOf": [INTEGER, NULL]}, [(1, 1), (None, None)], ["x"]),
    (int | UserId | str, {"anyOf": [INTEGER, STRING]}, [(1, 1), ("1", "1")], [[]]),
    (list, {"type": "array", "items": {}}, [([1, "a"], [1, "a"])], [{}, "ab"]),
    (list[int], {"type": "array", "items": INTEGER}, [([1], [1])], [["a"], [[1]]]),
    (Iterable[str], {"type": "array", "items": STRING}, [(["a"], ["a"])], ["a"]),
    (set[int], {"type": "array", "items": INTEGER, "uniqueItems": True}, [([1, 1], {1})], [["a"]]),
    (frozenset[Any], {"type": "array", "items": {}, "uniqueItems": True}, [([1], frozenset({1}))], [[[]]]),
    (AbstractSet[int], {"type": "array", "items": INTEGER, "uniqueItems": True}, [([1], {1})], [1]),
    (tuple[int, ...], {"type": "array", "items": INTEGER}, [([1, 2], (1, 2))], [["a"]]),
    (
        tuple[int, str],
        {"type": "array", "prefixItems": [INTEGER, STRING], "minItems": 2, "maxItems": 2},
        [([1, "a"], (1, "a"))],
        [[1], ["a", 1], "1a"],
    ),
    (dict, {"type": "object", "additionalProperties": True}, [({"a": 1}, {"a": 1})], [[]]),
    (Mapping[str, int], {"type": "object", "additionalProperties": INTEGER}, [({"a": 1}, {"a": 1})], [{"a": "b"}]),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}, [("a", "a")], ["c"]),
    (
        Literal[1, "a", None],
        {"type": ["integer", "string", "null"], "enum": [1, "a", None]},
        [(1, 1), (None, None)],
        [True, "1"],
    ),
    (Literal[Color.RED], {"type": "string", "enum": ["red"]}, [("red", Color.RED)], ["blue"]),
    (
        Color,
        {"description": "A color of the rainbow.", "type": "string", "enum": ["red", "blue"]},
        [("blue", Color.BLUE)],
        ["BLUE", None],
    ),
    (Level, {"type": "integer", "enum": [1, 2]}, [(2, Level.HIGH)], [3, True]),
    (UserId, STRING, [("u", "u")], [1]),
    (Annotated[int, "How many"], {**INTEGER, "description": "How many"}, [(1, 1)], []),
    (Annotated[int, object(), Field(description="How many")], {**INTEGER, "description": "How many"}, [], []),
    (Annotated[int, object()], INTEGER, [], []),
    (
        datetime,
        {**STRING, "format": "date-time"},
        [("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))],
        ["soon", 5],
    ),
    (date, {**STRING, "format": "date"}, [("2026-01-02", date(2026, 1, 2))], ["2026-13-02"]),
    (UUID, {**STRING, "format": "uuid"}, [("0" * 32, UUID(int=0))], ["x"]),
    (Decimal, STRING, [("1.10", Decimal("1.10"))], ["x", 1]),
    (Path, STRING, [("a/b", Path("a/b"))], [1]),
    (
        Place,
        {
            "type": "object",
            "properties": {"city": {**STRING, "description": "Name of the city"}, "zip": STRING, "country": STRING},
            "required": ["city", "country"],
        },
        [({"city": "Rome", "country": "IT"}, {"city": "Rome", "country": "IT"})],
        [{"city": "Rome"}, {"city": "Rome", "country": "IT", "zap": "1"}],
    ),
    (
        Partial,
        {"type": "object", "properties": {"a": INTEGER, "b": INTEGER}, "required": ["b"]},
        [({"b": 1}, {"b": 1})],
        [{"a": 1}],
    ),
    (
        Point,
        {"type": "object", "properties": {"x": INTEGER, "y": INTEGER, "scale": INTEGER}, "required": ["x"]},
        [({"x": 1}, Point(1)), ({"x": 1, "y": 2, "scale": 3}, Point(1, 2, 3))],
        [{}, {"x": 1, "norm": 2}, {"x": "1"}, [1]],
    ),
    (
        Span,
        {"type": "object", "properties": {"start": INTEGER, "end": INTEGER}, "required": ["start"]},
        [({"start": 1}, Span(1))],
        [{"start": 10}, {"_start": 1}],
    ),
]


@pytest.mark.parametrize(("annotation", "schema", "fitting", "refused"), TYPES, ids=[str(row[0]) for row in TYPES])
def test_an_annotation_is_a_schema_and_a_conversion(
    annotation: Any, schema: dict[str, Any], fitting: list[tuple[Any, Any]], refused: list[Any]
) -> None:
    assert schema_of(annotation) == schema
    for value, made in fitting:
        assert converted(annotation, value) == made
        assert type(converted(annotation, value)) is type(made)
    for value in refused:
        with pytest.raises(InvalidArgumentError, match="value"):
            converted(annotation, value)


def test_a_class_that_contains_itself_is_referred_to() -> None:
    described = describe_function(taking(list[Tree] | Tree))
    reference = {"$ref": "#/$defs/Tree"}
    assert described.schema["properties"]["value"] == {"anyOf": [{"type": "array", "items": reference}, reference]}
    children = {"type": "array", "items": reference}
    properties = {"name": STRING, "children": children}
    assert described.schema["$defs"] == {
        "Tree": {"description": "A tree.", "type": "object", "properties": properties, "required": ["name"]}
    }
    made = described.bind({"value": {"name": "a", "children": [{"name": "b"}]}})
    assert made.args == (Tree("a", [Tree("b")]),)
    with pytest.raises(InvalidArgumentError, match=r"value\.children\[0\]\.name: 1 \(int\) is not a string"):
        converted(Tree, {"name": "a", "children": [{"name": 1}]})


def test_a_model_describes_and_checks_itself() -> None:
    described = describe_function(taking(Person))
    assert described.schema["properties"]["value"] == {"$ref": "#/$defs/Person"}
    assert described.schema["$defs"]["Person"]["properties"]["age"]["description"] == "Age in years"
    made = described.bind({"value": {"name": "Ada", "friend": {"name": "Bob"}}})
    assert made.args == (Person(name="Ada", friend=Person(name="Bob")),)
    with pytest.raises(InvalidArgumentError, match="greater than or equal to 0"):
        described.bind({"value": {"name": "Ada", "age": -1}})


def test_two_classes_with_one_name_are_refused_where_they_are_referred_to() -> None:
    other = attrs.make_class("Tree", {"kids": attrs.field(type=list[Any])})
    other.__annotations__["kids"] = list[other]  # type: ignore[valid-type]

    def both(one: Any, two: Any) -> None: ...

    both.__annotations__ |= {"one": Tree, "two": other}
    with pytest.raises(InvalidArgumentError, match=r"both\.two: two classes are named Tree"):
        client_tool(both)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bytes, "bytes has no JSON Schema"),
        (Callable[[], int], "has no JSON Schema"),
        (dict[int, str], "names in JSON are strings"),
        (Odd, "b'x' has no form in JSON"),
        (list[bytes], "bytes has no JSON Schema"),
        (Unknown, "Unknown has a field with an annotation that is not known: name 'Fraction'"),
        (Handmade, "Handmade has a parameter text without an annotated field"),
        ("Fraction", "annotation 'Fraction', which is not known"),
    ],
)
def test_what_cannot_be_described_is_refused_by_name(annotation: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=rf"^tool\.value: .*{words}"):
        client_tool(taking(annotation))
