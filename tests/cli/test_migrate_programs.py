"""Codemod: whole programs, as tutorials of the official client and programs of before 1.0 have them."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from tests.cli.migrating import migrated, notes_of

CHAT = '''
    """A chat."""
    import os
    from letta_client import Letta, NotFoundError

    client = Letta(
        api_key=os.environ.get("LETTA_API_KEY"),  # the default
        base_url="http://localhost:8283",
    )

    agent = client.agents.create(
        model="openai/gpt-4o-mini",
        embedding="openai/text-embedding-3-small",
        memory_blocks=[{"label": "human", "value": "Ada"}],
    )
    try:
        response = client.agents.messages.create(
            agent_id=agent.id,
            messages=[{"role": "user", "content": "Hello"}],
        )
    except NotFoundError as error:
        print(error.status_code)
    for message in response.messages:
        if message.message_type == "assistant_message":
            print(message.content)
    for block in client.agents.blocks.list(agent.id):
        print(block.label)
'''

SERVICE = '''
    import asyncio
    import letta_client
    from letta_client import AsyncLetta
    from letta_client.types import AgentState, MessageCreateParam
    from typing import Any


    class Service:
        """Everything about agents."""

        def __init__(self, client: AsyncLetta | None = None, **options: Any) -> None:
            self._client = client or AsyncLetta(**options)

        async def agent(self, name: str) -> AgentState:
            async for agent in self._client.agents.list(name=name):
                return agent
            return await self._client.agents.create(name=name)

        async def say(self, agent_id: str, words: str) -> None:
            message: MessageCreateParam = {"role": "user", "content": words}
            try:
                stream = await self._client.agents.messages.stream(agent_id=agent_id, messages=[message])
                async for chunk in stream:
                    print(chunk)
            except letta_client.APIStatusError as error:
                print(error.status_code, error.response)
            except (letta_client.APIConnectionError, letta_client.APITimeoutError):
                raise


    asyncio.run(Service().say("agent", "Hello"))
'''

BEFORE_1 = """
    from letta_client import Letta, CreateBlock
    from letta_client.core.api_error import ApiError
    from letta_client.client import RESTClient

    client = Letta(token="t", base_url="http://localhost:8283")

    def roll(sides: int) -> int:
        from letta_client import Letta
        return Letta(token="t").agents.modify("a")

    tool = client.tools.upsert_from_function(func=roll)
    agent = client.agents.create(memory_blocks=[CreateBlock(label="human", value="Ada")], tool_ids=[tool.id])
    client.agents.tools.attach(agent.id, tool.id)
    client.agents.modify(agent_id=agent.id, name="b")
    block = client.agents.core_memory.retrieve_block(agent_id=agent.id, block_label="human")
    old = client.agents.core_memory.retrieve_block(agent.id, "human")
    client.blocks.modify(block.id, value=old.value)

    def ask(client, words):
        for chunk in client.agents.messages.create_stream(agent_id=agent.id, messages=words):
            yield chunk
"""


@pytest.mark.parametrize("program", [CHAT, SERVICE], ids=["chat", "service"])
def test_of_a_program_of_today_only_the_imports_change(program: str) -> None:
    old = dedent(program).lstrip()
    new = migrated(program)
    changed = [pair for pair in zip(old.split("\n"), new.split("\n"), strict=True) if pair[0] != pair[1]]
    assert changed
    assert all("letta_client" in before and "letta_async" in after for before, after in changed)
    assert "letta_client" not in new
    assert {type(node).__name__ for node in ast.walk(ast.parse(new))} == {
        type(node).__name__ for node in ast.walk(ast.parse(old))
    }


def test_a_program_of_before_1_is_brought_up_to_date() -> None:
    new = migrated(BEFORE_1)
    for line in (
        "from letta_async import APIStatusError as ApiError",
        'client = Letta(api_key="t", base_url="http://localhost:8283")',
        'client.agents.update(agent_id=agent.id, name="b")',
        'old = client.agents.blocks.retrieve(agent_id=agent.id, block_label="human")',
        'block = client.agents.blocks.retrieve(agent_id=agent.id, block_label="human")',
        "client.blocks.update(block.id, value=old.value)",
        '    return Letta(token="t").agents.modify("a")',
        "    for chunk in client.agents.messages.create_stream(agent_id=agent.id, messages=words):",
    ):
        assert f"{line}\n" in new
    notes = notes_of(BEFORE_1)
    assert "3: letta_async has no RESTClient (of letta_client.client)" in notes
    assert any(note.startswith("7: roll is uploaded as a tool") for note in notes)
    assert any(note.startswith("20: agents.messages.create_stream, of what may be a client") for note in notes)
