"""Functions that become tools of the server: what is sent, and what is refused before anything is."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, List, Literal  # noqa: UP035 - as above

import pytest
from pydantic import BaseModel, Field

from letta_async import BaseTool, InvalidArgumentError, Letta, ToolReturnMessage
from letta_async.function_tools.server_tools import parameters_of_function
from letta_async.testing import EmbeddedServer

FACTOR = 3


def made(func: object, **given: Any) -> dict[str, Any]:
    """Return what is sent of a function."""
    named = ("name", "args_schema", "description", "json_schema", "source_type")
    return parameters_of_function(func, **{name: given.get(name) for name in named})


def refusal(func: object, **given: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        made(func, **given)
    return str(caught.value)


def roll(sides: int, times: int = 1, mode: Literal["sum", "max"] = "sum", names: list[str] | None = None) -> int:
    """Roll dice.

    All at once.

    Args:
        sides: Number of sides.
        times: How often.

    Returns:
        The result.

    """
    import random

    rolled: list[int] = [random.randint(1, sides) for _ in range(times)]
    return (sum if mode == "sum" else max)(rolled)


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_source_and_schema_of_a_function() -> None:
    sent = made(roll)
    assert sent["source_code"].startswith("def roll(sides: int")
    assert sent["source_code"].endswith("(rolled)\n")
    assert sent["source_type"] == "python"
    assert sent.keys() == {"source_code", "source_type", "json_schema"}
    assert sent["json_schema"] == {
        "name": "roll",
        "description": "Roll dice.\n\nAll at once.",
        "parameters": {
            "type": "object",
            "properties": {
                "sides": {"type": "integer", "description": "Number of sides."},
                "times": {"type": "integer", "description": "How often."},
                "mode": {"type": "string", "enum": ["sum", "max"]},
                "names": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["sides"],
        },
    }


def test_a_description_is_what_models_read() -> None:
    sent = made(roll, description="Throw.")
    assert (sent["description"], sent["json_schema"]["description"]) == ("Throw.", "Throw.")


def test_a_function_in_a_function_is_not_indented() -> None:
    def greet() -> str:
        """Greet."""
        return "hi"

    async def wait(seconds: float) -> None:
        """Wait."""
        import asyncio

        await asyncio.sleep(seconds)

    assert made(greet)["source_code"] == 'def greet() -> str:\n    """Greet."""\n    return "hi"\n'
    assert made(greet)["json_schema"]["parameters"] == {"type": "object", "properties": {}, "required": []}
    assert made(wait)["source_code"].startswith("async def wait(")


def test_a_function_within_is_not_the_tool() -> None:
    def outer(a: str) -> str:
        """Be outside."""

        def inner(b: str) -> str:
            """Be inside."""
            return b

        return inner(a)

    assert made(outer)["json_schema"]["name"] == "outer"


def test_another_name_is_in_the_source() -> None:
    sent = made(roll, name="throw")
    assert sent["source_code"].startswith("def throw(sides: int")
    assert sent["json_schema"]["name"] == "throw"


def test_what_the_server_fills_is_not_shown_to_models() -> None:
    def where(agent_state: AgentState, agent_id: str, what: str) -> str:  # type: ignore[name-defined]  # noqa: F821
        """Find."""
        return f"{agent_id}: {agent_state} {what}"

    with pytest.raises(InvalidArgumentError, match="AgentState"):
        made(where)

    def here(agent_id: str, what: str, agent_state: Any = None) -> str:
        """Find."""
        return f"{agent_id}: {agent_state} {what}"

    assert list(made(here)["json_schema"]["parameters"]["properties"]) == ["what"]


class Item(BaseModel):
    """An item."""

    sku: str = Field(description="Number")


class Entry(BaseModel):
    item: Item
    count: int = 1
    kind: Literal["in", "out"] = "in"


class Sides:
    """A model of pydantic 1, as far as it matters."""

    @staticmethod
    def schema() -> dict[str, Any]:
        return {"title": "Sides", "type": "object", "properties": {"sides": {"type": "integer"}}, "required": ["sides"]}


def book(item: Item, count: int = 1, kind: str = "in") -> str:
    return f"{count} {Item(sku=item.sku)} {kind}"


def test_the_schema_of_arguments_is_a_model() -> None:
    sent = made(book, args_schema=Entry)
    assert sent["args_json_schema"] == Entry.model_json_schema()
    assert sent["json_schema"]["parameters"] == Entry.model_json_schema()
    assert sent["json_schema"]["description"] == "The book tool"

    class Old:
        @staticmethod
        def schema() -> dict[str, Any]:
            return {"title": "Old", "type": "object", "properties": {name: {} for name in ("item", "count", "kind")}}

    with pytest.raises(InvalidArgumentError, match="Item"):
        made(book, args_schema=Old)
    sent = made(roll, args_schema=Sides)
    assert sent["args_json_schema"] == Sides.schema()
    assert sent["json_schema"]["description"] == "Roll dice.\n\nAll at once."


def test_a_schema_of_ones_own_is_sent_as_it_is() -> None:
    schema = {"name": "plain", "description": "D", "parameters": {"type": "object", "properties": {}}}

    def plain(a):  # type: ignore[no-untyped-def]
        return a

    assert made(plain, json_schema=schema)["json_schema"] is schema
    assert "'other' is not the name of the tool" in refusal(plain, json_schema={**schema, "name": "other"})


# --- what is refused --------------------------------------------------------------------------------------------------


class Sayer:
    def say(self) -> str:
        """Say."""
        return f"{self}"


def unannotated(a) -> None:  # type: ignore[no-untyped-def]
    """Do it."""
    del a


def undescribed() -> None:
    pass


def everything(*args: int, **kwargs: int) -> None:
    """Do it."""


def positional(a: int, /) -> None:
    """Do it."""


def several(a: int | str) -> str:
    """Do it."""
    return f"{a}"


def anything(a: Any) -> str:
    """Do it."""
    return f"{a}"


def constant(a: int) -> int:
    """Do it."""
    return a * FACTOR


def cached(a: List[int]) -> int:  # noqa: UP006 - a name of typing, which is there
    """Do it."""
    return functools.reduce(int.__add__, a)


def dated(day: datetime) -> str:
    """Do it."""
    return f"{day}"


def quoted(day: "datetime") -> str:  # noqa: UP037 - what is tested
    """Do it."""
    return f"{day}"


def default(a: int = FACTOR) -> int:
    """Do it."""
    return a


@pytest.fixture
def unknown() -> None:
    """Do it."""


def recursive(n: int) -> int:
    """Count down."""
    return recursive(n - 1) if n else 0


def closing() -> Callable[[], int]:
    number = FACTOR

    def close() -> int:
        """Do it."""
        return number

    return close


EXECUTED: dict[str, Any] = {}
exec('def typed() -> None:\n    """Do it."""\n', EXECUTED)


def yielding(x: int) -> str:  # type: ignore[misc]
    """Yield."""
    yield x


@pytest.mark.parametrize(
    ("func", "said"),
    [
        (lambda: 1, "is a lambda"),
        (yielding, "is a generator"),
        (print, "is not a Python function"),
        (Sayer, "is a class"),
        (Sayer().say, "is a method"),
        (3, "is not a Python function"),
        (EXECUTED["typed"], "has no source code that can be read"),
        (unannotated, "unannotated.a: has no annotation"),
        (undescribed, "has no docstring"),
        (everything, "cannot be described to a model"),
        (positional, "is positional only"),
        (several, "func.a: is not of one type"),
        (anything, "func.a: is not of one type"),
        (constant, "uses 'FACTOR'"),
        (cached, "func: uses 'functools', which its own source code does not define"),
        (default, "uses 'FACTOR'"),
        (dated, "uses 'datetime'"),
        (quoted, "uses 'datetime'"),
        (closing(), "uses number of the function or class around it"),
        (unknown, "is not a Python function"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_a_tool_is_refused(func: object, said: str) -> None:
    assert said in refusal(func)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "no name"}, "cannot be the name of a Python function"),
        ({"name": "class"}, "cannot be the name of a Python function"),
        ({"name": "é"}, "not a name of 1 to 64 letters"),
        ({"name": "n" * 49}, "is longer than 48 characters"),
        ({"name": 3}, "is not a string"),
        ({"description": 3}, "is not a string"),
        ({"source_type": "typescript"}, "is not 'python'"),
        ({"args_schema": Entry(item=Item(sku="1"))}, "is not a model class"),
        ({"args_schema": dict}, "is not a model class"),
        ({"args_schema": Entry}, "has no field for the parameter 'sides'"),
    ],
)
def test_what_goes_with_a_function_is_checked(given: dict[str, Any], said: str) -> None:
    assert said in refusal(roll, **given)


def test_a_function_that_calls_itself_keeps_its_name() -> None:
    assert made(recursive)["json_schema"]["name"] == "recursive"
    assert "refers to 'recursive', its own name" in refusal(recursive, name="other")


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        for method in ("POST", "PUT"):
            server.script(method, "/v1/tools/", body={"id": "tool-1"}, times=5)
        yield server


class Greeter(BaseTool):
    name = "greet"

    def run(self, who: str) -> str:
        """Greet somebody."""
        return f"Hi {who}"


def test_requests_have_what_was_given(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url) as client:
        client.tools.upsert_from_function(func=roll, tags=["a"], return_char_limit=5, default_requires_approval=False)
        client.tools.create_from_function(func=roll, pip_requirements=[{"name": "six"}])
        client.tools.add(tool=Greeter())
        with pytest.raises(InvalidArgumentError, match="uses 'FACTOR'"):
            client.tools.upsert_from_function(func=constant)
    requests = [(request.method, json.loads(request.body)) for request in server.requests]
    assert [method for method, _ in requests] == ["PUT", "POST", "PUT"]
    assert requests[0][1].items() >= {"tags": ["a"], "return_char_limit": 5, "default_requires_approval": False}.items()
    assert requests[1][1]["pip_requirements"] == [{"name": "six"}]
    assert requests[2][1]["json_schema"]["name"] == "greet"


def test_the_embedded_server_runs_a_function_that_a_test_names() -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        tool = client.tools.upsert_from_function(func=recursive)
        agent = client.agents.create(model="openai-proxy/gpt-4o-mini", tool_ids=[tool.id])
        server.model.reply(server.model.call("recursive", {"n": 2}))
        response = client.agents.messages.create(agent.id, input="Go")
        assert 'server.model.tool("recursive", ...)' in response.to_json().replace("\\", "")
        server.model.tool("recursive", recursive)
        server.model.reply(server.model.call("recursive", {"n": 2}))
        response = client.agents.messages.create(agent.id, input="Go")
        returns = [each for each in response.messages if isinstance(each, ToolReturnMessage)]
        assert [(each.status, each.tool_return) for each in returns] == [("success", "0")]
