"""Tests of the differences of the embedded server to the real one, which docs/testing.md lists.

On the real server these tests pass. On the embedded one they must fail: if one passes, the difference is gone, and its
mark and its line in the document must be removed.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.contract.conftest import EMBEDDING, MODEL, REAL, Make
from tests.contract.wire import Http

pytestmark = pytest.mark.xfail(not REAL, reason="a difference that docs/testing.md lists", strict=True)


async def test_the_usual_tools_are_described(make_agent: Make) -> None:
    agent = await make_agent(include_base_tools=True)
    assert all(tool["description"] and tool["json_schema"]["parameters"]["properties"] for tool in agent["tools"])


async def test_agents_of_older_types_have_the_usual_rules(make_agent: Make) -> None:
    agent = await make_agent(include_base_tools=True, agent_type="memgpt_v2_agent")
    assert "send_message" in [rule["tool_name"] for rule in agent["tool_rules"]]


async def test_tools_are_run(make_agent: Make, http: Http) -> None:
    agent = await make_agent(include_base_tools=True)
    answer = await http.post(f"/v1/agents/{agent['id']}/tools/conversation_search/run", {"args": {"query": "x"}})
    assert answer.status == 200


async def test_agents_without_a_name_are_given_names_of_their_own(make_agent: Make, http: Http) -> None:
    made = [(await http.post("/v1/agents/", {"model": MODEL, "include_base_tools": False})).json for _ in range(2)]
    for agent in made:
        await http.delete(f"/v1/agents/{agent['id']}")
    assert made[0]["name"] != made[1]["name"]


async def test_an_agent_without_a_system_prompt_is_given_a_long_one(make_agent: Make) -> None:
    assert len((await make_agent(system=None))["system"]) > 500


async def test_agents_of_older_types_begin_with_a_greeting(make_agent: Make) -> None:
    agent = await make_agent(agent_type="memgpt_agent")
    assert len(agent["message_ids"]) > 1


async def test_the_name_of_a_model_decides_on_its_settings(make_agent: Make) -> None:
    config = {"model": "gpt-5.2", "model_endpoint_type": "openai", "context_window": 8000}
    agent = await make_agent(model=None, llm_config=config)
    assert agent["llm_config"]["max_tokens"] == 128_000
    config = {"model": "some-model", "model_endpoint_type": "anthropic", "context_window": 8000}
    agent = await make_agent(model=None, llm_config=config)
    assert agent["model_settings"]["provider_type"] == "anthropic"


async def test_a_conflict_shows_the_sql(http: Http, make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "one", "value": ""}, {"label": "two", "value": ""}])
    (one,) = [block["id"] for block in agent["blocks"] if block["label"] == "one"]
    answer = await http.patch(f"/v1/blocks/{one}", {"label": "two"})
    assert answer.status == 409
    assert "[SQL: " in answer.detail


async def test_a_context_that_is_too_long_is_summarized_within_the_turn(http: Http, talker: str) -> None:
    response = await http.post(f"/v1/agents/{talker}/messages", {"input": "!status 413"})
    assert response.status == 200


async def test_passages_have_embeddings(http: Http, make_agent: Make) -> None:
    agent = await make_agent(embedding=EMBEDDING)
    (passage,) = (await http.post(f"/v1/agents/{agent['id']}/archival-memory", {"text": "x"})).json
    await http.delete(f"/v1/archives/{passage['archive_id']}")
    assert passage["embedding"]


async def test_a_folder_is_in_the_prompt(http: Http, make_agent: Make) -> None:
    folder = await http.post("/v1/folders/", {"name": f"contract {uuid.uuid4()}", "embedding": MODEL})
    agent = await make_agent(folder_ids=[folder.json["id"]])
    prompt = await http.post(f"/v1/agents/{agent['id']}/recompile", {})
    await http.delete(f"/v1/folders/{folder.json['id']}")
    assert f'<directory name="{folder.json["name"]}">' in prompt.json


async def test_it_has_a_page_that_describes_it(http: Http) -> None:
    answer = await http.get("/docs")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_pages_of_certain_origins_may_ask_it(http: Http) -> None:
    headers: dict[str, Any] = {"Origin": "http://localhost:3000"}
    answer = await http.get("/v1/health/", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
