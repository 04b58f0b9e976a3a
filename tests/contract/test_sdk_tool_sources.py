"""Contract tests of tools that are made of Python functions and classes, to the end: an agent calls them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from letta_async import APIStatusError, AsyncLetta, BaseTool, LettaResponse, Tool, ToolReturnMessage
from tests.contract.conftest import EMBEDDING, REAL, TALKING, Make
from tests.contract.test_sdk_tools import named
from tests.contract.wire import Http


def repeat(text: str, times: int = 2, mode: Literal["plain", "loud"] = "plain", more: list[str] | None = None) -> str:
    """Repeat a text."""

    def joined(parts: list[str]) -> str:
        """Join parts."""
        return " ".join(parts)

    result = joined([text] * times + (more or []))
    return result.upper() if mode == "loud" else result


async def wait(seconds: float) -> str:
    """Wait a moment.

    Args:
        seconds: How long.
    """
    import asyncio

    await asyncio.sleep(seconds)
    return f"waited {seconds}"


def place(agent_id: str, word: str) -> str:
    """Say which agent this is.

    Args:
        word: A word.
    """
    return f"{word} {agent_id}"


class Item(BaseModel):
    """An item."""

    sku: str = Field(description="Number")
    price: float | None = None


class Entry(BaseModel):
    """An entry in the book."""

    item: Item
    count: int = 1


def book(item: Item, count: int = 1) -> str:
    """Book an item."""
    return f"{count} {item.sku} {type(item).__name__}"


class Booking(BaseTool):
    """A tool that books."""

    name: str = "to_be_renamed"
    description: str = "Book it."
    args_schema: type[BaseModel] = Entry
    tags: list[str] = ["books"]  # noqa: RUF012 - as programs write it

    def run(self, item: Item, count: int = 1) -> str:
        return f"{count} {item.sku}"


@pytest.fixture
async def made(http: Http) -> AsyncIterator[list[Tool]]:
    """Return a list of tools, which are deleted after the test."""
    tools: list[Tool] = []
    yield tools
    for tool in tools:
        await http.delete(f"/v1/tools/{tool.id}")


async def talk(sdk: AsyncLetta, make_agent: Make, tool: Tool, arguments: str) -> LettaResponse:
    """Attach a tool to an agent, whose model calls it."""
    agent = await make_agent(model=TALKING, embedding=EMBEDDING)
    await sdk.agents.tools.attach(tool.id, agent_id=agent["id"])
    return await sdk.agents.messages.create(agent["id"], input=f"!call {tool.name} {arguments}\n!then\n!say Done.")


async def test_a_function_is_stored_with_its_schema(sdk: AsyncLetta, made: list[Tool]) -> None:
    name = named()
    for method in (sdk.tools.create_from_function, sdk.tools.upsert_from_function):
        made.append(await method(func=repeat, name=name, tags=["t"], return_char_limit=100, pip_requirements=[]))
    first, tool = made
    assert (first.id, tool.name, tool.description, tool.tags) == (tool.id, name, "Repeat a text.", ["t"])
    assert (tool.tool_type, tool.source_type, tool.return_char_limit) == ("custom", "python", 100)
    assert (tool.source_code or "").startswith(f"def {name}(text: str")
    parameters = (tool.json_schema or {})["parameters"]
    assert parameters["properties"]["mode"] == {"type": "string", "enum": ["plain", "loud"]}
    assert parameters["required"] == ["text"]


async def test_a_class_is_stored_with_its_schema(sdk: AsyncLetta, made: list[Tool]) -> None:
    name = named()
    made.append(await sdk.tools.add(tool=Booking(name=name, default_requires_approval=True)))
    tool = made[0]
    assert (tool.name, tool.description, tool.tags) == (name, "Book it.", ["books"])
    assert (tool.default_requires_approval, tool.args_json_schema) == (True, Entry.model_json_schema())
    assert (tool.source_code or "").startswith(f"def {name}(item: Item, count: int = 1) -> str:\n")
    assert (tool.json_schema or {})["parameters"]["properties"].keys() == {"item", "count"}


@pytest.mark.parametrize(
    ("func", "more", "arguments", "returned"),
    [
        (repeat, {}, '{"text": "ho", "mode": "loud", "more": ["x"]}', "HO HO X"),
        (wait, {}, '{"seconds": 0.01}', "waited 0.01"),
        (book, {"args_schema": Entry}, '{"item": {"sku": "s1"}, "count": 2}', "2 s1 Item"),
        (place, {}, '{"word": "here"}', "here agent-"),
    ],
    ids=["function", "async", "pydantic", "agent_id"],
)
async def test_an_agent_calls_what_a_function_was(
    base_url: str, make_agent: Make, made: list[Tool], func: Any, more: dict[str, Any], arguments: str, returned: str
) -> None:
    if not TALKING:
        pytest.skip("LETTA_TEST_MODEL is not set")
    async with AsyncLetta(base_url=base_url) as sdk:  # alone, as each run on the real server takes some seconds
        made.append(await sdk.tools.upsert_from_function(func=func, name=named(), **more))
        response = await talk(sdk, make_agent, made[0], arguments)
    returns = [each for each in response.messages if isinstance(each, ToolReturnMessage)]
    assert len(returns) == 1
    if REAL:
        assert (returns[0].status, response.text) == ("success", "Done.")
        assert (returns[0].tool_return or "").startswith(returned)
    else:
        assert returns[0].status == "error"
        assert "model.tool(" in (returns[0].tool_return or "")


async def test_a_tool_of_a_class_runs(sdk: AsyncLetta, make_agent: Make, made: list[Tool]) -> None:
    made.append(await sdk.tools.add(tool=Booking(name=named())))
    agent = await make_agent(tool_ids=[made[0].id])
    arguments = {"item": {"sku": "s1", "price": 1.5}, "count": 3}
    if not REAL:
        with pytest.raises(APIStatusError, match=r"script\("):
            await sdk.agents.tools.run(f"{made[0].name}", agent_id=agent["id"], args=arguments)
        return
    result = await sdk.agents.tools.run(f"{made[0].name}", agent_id=agent["id"], args=arguments)
    assert (result.status, result.func_return) == ("success", "3 s1")
