"""Tools made of functions and classes whose own code raises when they are looked at."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from pydantic import BaseModel

from letta_async import BaseTool, InvalidArgumentError, client_tool
from letta_async.function_tools.local_tools import read_tools
from letta_async.function_tools.server_tools import parameters_of_class, parameters_of_function


class Mine(Exception):
    """Exception of the program."""


def fail(*_: object) -> Any:
    raise Mine("why")


class Wordless(Exception):
    def __str__(self) -> str:
        raise Mine


def annotated() -> Callable[..., Any]:
    def look(what: "fail()") -> str:  # type: ignore[valid-type]  # noqa: UP037 - as a program writes it
        """Look."""
        return what

    return look


def divided() -> Callable[..., Any]:
    def look(what: "1 / 0") -> str:  # type: ignore[valid-type]  # noqa: UP037 - as a program writes it
        """Look."""
        return f"{what}"

    return look


def of_odd_class() -> Callable[..., Any]:
    class Meta(type):
        model_json_schema: Any = property(fail)

    class Odd(metaclass=Meta):
        pass

    def look(what: Odd) -> str:
        """Look."""
        return f"{what}"

    look.__annotations__["what"] = Odd
    return look


def of_odd_field() -> Callable[..., Any]:
    @attrs.frozen
    class Odd:
        field: "fail()"  # type: ignore[valid-type]  # noqa: UP037 - as a program writes it

    def look(what: Odd) -> str:
        """Look."""
        return f"{what}"

    look.__annotations__["what"] = Odd
    return look


def wrapped_in_itself() -> Callable[..., Any]:
    def look(what: str) -> str:
        """Look."""
        return what

    look.__wrapped__ = look  # type: ignore[attr-defined]
    return look


class OddObject:
    """An object that can be called."""

    def __call__(self, what: str) -> str:
        """Look."""
        return what

    @property
    def __wrapped__(self) -> Any:
        raise Wordless


def odd_name() -> Callable[..., Any]:
    class Odd(OddObject):
        __name__ = property(fail)  # type: ignore[assignment]

    return Odd()


LOCAL: list[Callable[[], Callable[..., Any]]] = [
    annotated,
    divided,
    of_odd_class,
    of_odd_field,
    wrapped_in_itself,
    OddObject,
    odd_name,
    lambda: functools.partial(OddObject()),
]


@pytest.mark.parametrize("make", LOCAL)
def test_a_function_that_cannot_be_described_is_an_invalid_argument(make: Callable[[], Callable[..., Any]]) -> None:
    for describe in (client_tool, lambda each: read_tools([each])):
        with pytest.raises(InvalidArgumentError) as caught:
            describe(make())
        str(caught.value)


def test_the_exception_is_the_cause_and_named_with_its_place() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client_tool(divided())
    assert str(caught.value) == "look.what: cannot be examined, its own code raises ZeroDivisionError: division by zero"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("make", LOCAL)
def test_a_function_that_cannot_be_uploaded_is_an_invalid_argument(make: Callable[[], Callable[..., Any]]) -> None:
    with pytest.raises(InvalidArgumentError):
        parameters_of_function(
            make(), name=None, args_schema=None, description=None, json_schema=None, source_type=None
        )


class Look(BaseTool):
    name: str = "look"
    description: str = "Look."

    def run(self, what: str) -> str:
        """Look."""
        return what


class OddSchema(Look):
    args_schema = property(fail)  # type: ignore[assignment]


class SchemaThatRaises(BaseModel):
    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        raise Mine("why")


class OddModel(Look):
    args_schema: Any = SchemaThatRaises


class OddTags(Look):
    tags = property(fail)  # type: ignore[assignment]


class Unmade(Look):
    def __new__(cls) -> Any:
        raise Mine("why")


class OddName(Look):
    name = property(fail)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("tool", "path"),
    [
        (OddSchema, "tool.args_schema"),
        (OddModel, "args_schema"),
        (OddTags, "tool"),
        (Unmade, "tool"),
        (OddName, "tool"),
    ],
)
def test_a_class_that_cannot_be_uploaded_is_an_invalid_argument(tool: type[Any], path: str) -> None:
    with pytest.raises(InvalidArgumentError, match="its own code raises Mine: why") as caught:
        parameters_of_class(tool)
    assert [fault.path for fault in caught.value.faults] == [path]
    assert isinstance(caught.value.__cause__, Mine)
