"""What type checkers infer of the tools of a server: checked, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, assert_type

from letta_async import (
    AgentState,
    AsyncLetta,
    AsyncPaginator,
    BaseTool,
    Letta,
    Page,
    PipRequirement,
    Tool,
    ToolExecutionResult,
    ToolReturnMessage,
    ToolSearchResult,
)


def roll(sides: int) -> int:
    """Roll a die."""
    return sides


class Roll(BaseTool):
    """A tool as a class."""

    name = "roll"
    tags = ["dice"]  # noqa: RUF012 - as programs write it

    def run(self: Roll, sides: int) -> int:
        """Roll a die."""
        return sides


async def tools(client: AsyncLetta) -> None:
    """Show what is created, listed and attached, and what is refused."""
    schema: dict[str, Any] = {"name": "roll", "parameters": {}}
    made = await client.tools.create(source_code="…", json_schema=schema, pip_requirements=[PipRequirement(name="six")])
    assert_type(made, Tool)
    assert_type(await client.tools.upsert(source_code="…", pip_requirements=[{"name": "six"}], tags=("a",)), Tool)
    await client.tools.create()  # type: ignore[call-arg]
    assert_type(client.tools.list(name="roll", tool_types=["custom"]), AsyncPaginator[Tool])
    client.tools.list(tool_types=["costum"])  # type: ignore[list-item]
    assert_type(await client.tools.count(exclude_letta_tools=True), int)
    assert_type(await client.tools.search(query="dice", search_mode="fts"), list[ToolSearchResult])
    assert_type(await client.tools.retrieve("tool-…"), Tool)
    assert_type(await client.tools.update("tool-…", tags=[], metadata={"k": 1}), Tool)
    await client.tools.delete("tool-…")
    assert_type(await client.tools.upsert_base_tools(), list[Tool])
    assert_type(await client.tools.upsert_from_function(func=roll, tags=["dice"]), Tool)
    assert_type(await client.tools.create_from_function(func=roll, args_schema=Roll), Tool)
    await client.tools.upsert_from_function(func=3)  # type: ignore[arg-type]
    assert_type(await client.tools.add(tool=Roll()), Tool)
    run = await client.tools.run_tool_from_source(source_code="…", args={"sides": 6}, env_vars={"KEY": "v"})
    assert_type(run, ToolReturnMessage)


async def of_agents(client: AsyncLetta) -> None:
    """Show what is attached and run."""
    assert_type(await client.agents.tools.attach("tool-…", agent_id="agent-…"), AgentState | None)
    assert_type(await client.agents.tools.detach("tool-…", agent_id="agent-…"), AgentState | None)
    ran = await client.agents.tools.run("roll", agent_id="agent-…", args={"sides": 6})
    assert_type(ran, ToolExecutionResult)


def waiting(client: Letta) -> None:
    """Show the same without `await`."""
    assert_type(client.tools.create(source_code="…"), Tool)
    assert_type(client.tools.list(search="roll"), Page[Tool])
    assert_type(client.tools.upsert_from_function(func=roll), Tool)
    assert_type(client.tools.add(tool=Roll), Tool)
    assert_type(client.agents.tools.run("roll", agent_id="agent-…"), ToolExecutionResult)
