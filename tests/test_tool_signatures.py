"""Functions as tools: what a model is told of their signatures and docstrings, and how its arguments are passed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from letta_async import ClientTool, InvalidArgumentError, client_tool
from letta_async._schema.unset import UNSET
from letta_async.function_tools.function_descriptions import describe_function
from tests.test_tool_schema import INTEGER, NULL, STRING

if TYPE_CHECKING:
    from fractions import Fraction


def search(query: str, /, limit: int = 5, *, tags: list[str] | None = None, near: Annotated[str, "A city"] = "") -> str:
    """Search the notes of this machine.

    Slow for more than 100 notes: ask for few.

    Args:
        query: Words to look for,
            in any order: all must occur.
        limit (int, optional): Maximum number of notes.
        near: Not this.
        *other: Nothing.

    Returns:
        The notes.

    """
    return f"{query} {limit} {tags} {near}"


def test_a_function_is_described_by_signature_and_docstring() -> None:
    assert client_tool(search) == ClientTool(
        name="search",
        description="Search the notes of this machine.\n\nSlow for more than 100 notes: ask for few.",
        parameters={
            "type": "object",
            "properties": {
                "query": {**STRING, "description": "Words to look for, in any order: all must occur."},
                "limit": {**INTEGER, "description": "Maximum number of notes."},
                "tags": {"anyOf": [{"type": "array", "items": STRING}, NULL]},
                "near": {**STRING, "description": "A city"},
            },
            "required": ["query"],
        },
    )
    renamed = client_tool(search, name="find", description="Find.")
    assert (renamed.name, renamed.description) == ("find", "Find.")


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({"query": "a"}, "a 5 None "),
        ({"query": "a", "near": "Rome"}, "a 5 None Rome"),
        ({"tags": ["x"], "limit": 1, "query": "a"}, "a 1 ['x'] "),
    ],
)
def test_arguments_are_given_by_position_and_keyword(arguments: dict[str, Any], result: str) -> None:
    bound = describe_function(search).bind(arguments)
    assert search(*bound.args, **bound.kwargs) == result


def test_all_problems_of_a_call_are_named_at_once() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        describe_function(search).bind({"limits": 1, "tags": "x"})
    assert [str(fault) for fault in caught.value.faults] == [
        "limits: is unknown; did you mean limit?",
        "query: is required",
        "tags: 'x' is not an array",
        "tags: 'x' is not null",
    ]


class Notes:
    """Notes of a user."""

    def read(self, number: int) -> str:
        """Read a note."""
        return f"note {number}"

    @classmethod
    def count(cls) -> int:
        return 1

    @staticmethod
    def clear(sure: bool) -> None: ...

    def __call__(self, number: int) -> str:
        return f"note {number}"


class Documented:
    def __call__(self, number: int) -> str:
        """Call it."""
        return ""


def fixed(key: str, number: int, *, style: str = "plain") -> str:
    """Do it with a key."""
    return f"{key} {number} {style}"


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


async def asynchronous(number: int) -> Fraction:
    """Wait."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "name", "description", "parameters"),
    [
        (Notes().read, "read", "Read a note.", ["number"]),
        (Notes.count, "count", UNSET, []),
        (Notes.clear, "clear", UNSET, ["sure"]),
        (Notes(), "Notes", "Notes of a user.", ["number"]),
        (Documented(), "Documented", "Call it.", ["number"]),
        (functools.partial(fixed, "secret"), "fixed", "Do it with a key.", ["number", "style"]),
        (functools.partial(fixed, key="secret"), "fixed", "Do it with a key.", ["number", "style"]),
        (functools.partial(functools.partial(fixed, "secret"), style="x"), "fixed", "Do it with a key.", ["number"]),
        (wrapped(fixed), "fixed", "Do it with a key.", ["key", "number", "style"]),
        (asynchronous, "asynchronous", "Wait.", ["number"]),
    ],
)
def test_every_kind_of_callable_is_described(
    function: Callable[..., Any], name: str, description: Any, parameters: list[str]
) -> None:
    tool = client_tool(function)
    assert (tool.name, tool.description) == (name, description)
    assert isinstance(tool.parameters, Mapping)
    assert list(tool.parameters["properties"]) == parameters


def test_a_partial_is_called_with_what_it_fixes() -> None:
    function = functools.partial(fixed, key="secret")
    bound = describe_function(function).bind({"number": 1})
    assert function(*bound.args, **bound.kwargs) == "secret 1 plain"


def test_a_class_of_the_surrounding_function_is_found_if_the_tool_uses_it() -> None:
    @dataclass
    class Local:
        a: int

    def tool(value: Local) -> bool:
        return isinstance(value, Local)

    assert describe_function(tool).bind({"value": {"a": 1}}).args == (Local(1),)


def untyped(a, b: int, *rest: int, c=1, **more: int):  # type: ignore[no-untyped-def]
    """Do what nobody knows."""


@pytest.mark.parametrize(
    ("function", "paths"),
    [
        (untyped, ["untyped.rest", "untyped.more", "untyped.a", "untyped.c"]),
        (lambda: None, ["name"]),
        (print, ["print.args"]),
        (dict, ["dict"]),
        ("search", ["function"]),
    ],
)
def test_what_is_no_tool_is_refused_with_all_its_problems(function: Any, paths: list[str]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client_tool(function)
    assert [fault.path for fault in caught.value.faults][: len(paths)] == paths


@pytest.mark.parametrize("name", ["", "a b", "a.b", "é", "x" * 65, 5])
def test_a_name_that_no_model_can_use_is_refused(name: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="name"):
        client_tool(search, name=name)


def test_docstrings_of_another_style_are_a_description_as_a_whole() -> None:
    def tool(a: int) -> None:
        """Do it.

        :param a: A number.
        """

    assert client_tool(tool).description == "Do it.\n\n:param a: A number."
