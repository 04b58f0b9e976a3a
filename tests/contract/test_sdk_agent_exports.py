"""Contract tests of the client for agents as files, and for what fills an agent's context."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    AgentFileSkill,
    AgentState,
    AsyncLetta,
    BadRequestError,
    ContextWindowOverview,
    InternalServerError,
    InvalidArgumentError,
    NotFoundError,
    UserMessage,
)
from tests.contract.conftest import EMBEDDING, MODEL, TALKING, Make
from tests.contract.wire import UNKNOWN, Http

NOBODY = f"agent-{UNKNOWN}"

Import = Callable[..., Awaitable[AgentState]]


@pytest.fixture
async def exported(sdk: AsyncLetta, make_agent: Make) -> dict[str, Any]:
    """Return an agent that has said something, with a block, a tag and a secret."""
    if not TALKING:
        pytest.skip("LETTA_TEST_MODEL is not set")
    agent = await make_agent(
        name="contract",
        model=TALKING,
        embedding=EMBEDDING,
        memory_blocks=[{"label": "human", "value": "Ada", "description": "About the user"}],
        tags=["a"],
        secrets={"KEY": "v4lue"},
        description="D",
    )
    await sdk.agents.messages.create(agent["id"], input="hello")
    return agent


@pytest.fixture
async def import_agent(sdk: AsyncLetta, http: Http) -> AsyncIterator[Import]:
    """Import a file with the client and return the agent; it is deleted after the test."""
    made: list[AgentState] = []

    async def import_agent(file: Any, **parameters: Any) -> AgentState:
        response = await sdk.agents.import_file(file=file, **parameters)
        assert not response.extra_fields
        (agent_id,) = response.agent_ids
        made.append(await sdk.agents.retrieve(agent_id, include=["agent.blocks", "agent.tags", "agent.secrets"]))
        return made[-1]

    yield import_agent
    for agent in made:
        await http.delete(f"/v1/agents/{agent.id}")
        for block in agent.blocks or ():
            await http.delete(f"/v1/blocks/{block.id}")


async def test_a_file_has_the_agent_without_its_secrets(sdk: AsyncLetta, exported: dict[str, Any]) -> None:
    text = await sdk.agents.export_file(exported["id"])
    assert isinstance(text, str)
    assert "v4lue" not in text
    file = json.loads(text)
    assert {"agents", "blocks", "tools", "files", "sources", "mcp_servers", "groups"} <= file.keys()
    (agent,), (block,) = file["agents"], file["blocks"]
    assert (agent["name"], agent["tags"], agent["secrets"]) == ("contract", ["a"], {"KEY": ""})
    assert (agent["block_ids"], block["id"], block["value"]) == (["block-0"], "block-0", "Ada")
    assert [message["role"] for message in agent["messages"]] == ["system", "user", "assistant"]
    assert agent["messages"][1]["content"] == [{"type": "text", "text": "hello", "signature": None}]
    assert agent["in_context_message_ids"] == ["message-0", "message-1", "message-2"]
    scrubbed = json.loads(await sdk.agents.export_file(exported["id"], scrub_messages=True, max_steps=5))
    assert scrubbed["agents"][0]["messages"] == []


async def test_a_file_can_have_the_messages_of_a_conversation(
    sdk: AsyncLetta, exported: dict[str, Any], make_conversation: Make
) -> None:
    conversation = await make_conversation(exported["id"])
    file = json.loads(await sdk.agents.export_file(exported["id"], conversation_id=conversation["id"]))
    assert [message["role"] for message in file["agents"][0]["messages"]] == ["system"]


async def test_a_file_can_have_skills(sdk: AsyncLetta, exported: dict[str, Any]) -> None:
    skills = [AgentFileSkill(name="a", files={"SKILL.md": "# A"}), {"name": "b", "source_url": "letta:b"}]
    given: Any = {"skills": skills, "scrub_messages": True}
    file = json.loads(await sdk.agents.export_file_with_skills(exported["id"], **given))
    assert file["agents"][0]["messages"] == []
    assert [(skill["name"], skill["files"]) for skill in file["skills"]] == [("a", {"SKILL.md": "# A"}), ("b", None)]
    assert file["skills"][1]["source_url"] == "letta:b"
    with pytest.raises(InvalidArgumentError, match=r"skills\[0\]: has to have files with 'SKILL.md', or a source_url"):
        await sdk.agents.export_file_with_skills(exported["id"], skills=[AgentFileSkill(name="c")])


async def test_an_agent_is_made_of_a_file(
    sdk: AsyncLetta, exported: dict[str, Any], import_agent: Import, tmp_path: Path
) -> None:
    path = tmp_path / "agent.af"
    path.write_text(await sdk.agents.export_file(exported["id"]), encoding="utf-8")
    agent = await import_agent(path)
    assert (agent.name, agent.tags, agent.description) == ("contract_copy", ["a"], "D")
    assert (agent.model, agent.embedding, agent.system) == (TALKING, EMBEDDING, "SYSTEM")
    assert [(block.label, block.value) for block in agent.blocks or ()] == [("human", "Ada")]
    assert len(agent.message_ids or ()) == 3
    messages = [each async for each in sdk.agents.messages.list(agent.id, order="asc")]
    assert [each.content for each in messages if isinstance(each, UserMessage)] == ["hello"]
    reply = await sdk.agents.messages.create(agent.id, input="again")
    assert "again" in reply.text


async def test_what_is_in_a_file_can_be_overridden(
    sdk: AsyncLetta, exported: dict[str, Any], import_agent: Import
) -> None:
    content = (await sdk.agents.export_file(exported["id"])).encode()
    secrets = {"KEY": "other", "NOT_IN_THE_FILE": "x"}
    agent = await import_agent(content, name="other", model=MODEL, secrets=secrets, override_existing_tools=False)
    assert (agent.name, agent.model, agent.embedding) == ("other", MODEL, EMBEDDING)
    assert [(secret.key, secret.value) for secret in agent.secrets or ()] == [("KEY", "other")]
    handle = io.BytesIO(content)
    agent = await import_agent(("a.af", handle), append_copy_suffix=False, x_override_embedding_model=MODEL)
    assert (agent.name, agent.embedding) == ("contract", MODEL)


async def test_files_that_are_none(sdk: AsyncLetta) -> None:
    with pytest.raises(BadRequestError, match="Corrupted agent file format"):
        await sdk.agents.import_file(file=b"{")
    with pytest.raises(BadRequestError, match="Legacy AgentSchema format is deprecated"):
        await sdk.agents.import_file(file=b"{}")
    with pytest.raises(InvalidArgumentError, match="secrets: the text is not a JSON object") as caught:
        await sdk.agents.import_file(file=b"{}", secrets="[s3cret]")
    assert "s3cret" not in str(caught.value)


async def test_agents_that_do_not_exist(base_url: str, exported: dict[str, Any]) -> None:
    async with AsyncLetta(base_url=base_url, max_retries=0) as sdk:
        with pytest.raises(BadRequestError, match="Legacy format is not supported"):
            await sdk.agents.export_file(exported["id"], use_legacy_format=True)
        with pytest.raises(NotFoundError):
            await sdk.agents.context.retrieve(NOBODY)
        with pytest.raises(InternalServerError, match="not found"):
            await sdk.agents.export_file(NOBODY)


async def test_what_fills_the_context(sdk: AsyncLetta, exported: dict[str, Any]) -> None:
    overview = await sdk.agents.context.retrieve(exported["id"])
    assert type(overview) is ContextWindowOverview
    assert not overview.extra_fields
    assert (overview.context_window_size_max, overview.num_messages) == (128000, 3)
    assert (overview.system_prompt, overview.num_archival_memory) == ("SYSTEM", 0)
    assert overview.core_memory is not None
    assert "Ada" in overview.core_memory
    assert overview.context_window_size_current is not None
    assert overview.context_window_size_current > 0
    messages = overview.messages or []
    assert [message.role for message in messages] == ["system", "user", "assistant"]
    assert [part.text for part in messages[1].content or ()] == ["hello"]  # type: ignore[union-attr]  # it is text
    assert not any(message.extra_fields for message in messages)
