"""Contract tests of reading agents, one by its ID and many as a list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Make
from tests.contract.values import USER
from tests.contract.wire import UNKNOWN_AGENT, Http

VERSION_1 = {"User-Agent": "letta-client/1.12.1"}
OTHER = {"User-Agent": "something-else"}


# --- reading --------------------------------------------------------------------------------------------------------


async def test_an_unknown_agent_is_not_found(http: Http) -> None:
    answer = await http.get(f"/v1/agents/{UNKNOWN_AGENT}")
    assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


async def test_a_malformed_agent_is_a_wrong_path(http: Http) -> None:
    for method in ("GET", "DELETE"):
        answer = await http.call(method, "/v1/agents/malformed")
        assert answer.complaints == [("string_pattern_mismatch", "path.agent_id")]
        assert answer.json["examples"] == [UNKNOWN_AGENT]


@pytest.mark.parametrize(
    ("headers", "query", "blocks", "tags"),
    [
        (OTHER, "", 1, 1),
        ({"User-Agent": "letta-client/0.9.9"}, "", 1, 1),
        ({"User-Agent": "curl/8.1"}, "", 1, 1),
        (VERSION_1, "", 0, 0),
        ({"User-Agent": "@letta-ai/letta-client/1.0.0-alpha.2"}, "", 0, 0),
        (OTHER | {"X-Stainless-Package-Version": "1.12.1"}, "", 0, 0),
        (VERSION_1, "?include=agent.blocks", 1, 1),
        (VERSION_1, "?include=agent.tags", 0, 1),
        (VERSION_1, "?include=agent.tools&include=agent.tags", 0, 1),
        (VERSION_1, "?include_relationships=memory", 1, 1),
        (OTHER, "?include_relationships=tags", 0, 1),
        (OTHER, "?include=agent.tools", 0, 0),
        (OTHER, "?include=agent.tags&include_relationships=memory", 0, 1),
    ],
)
async def test_relations_are_shown_by_name_and_to_older_clients_all(
    http: Http, make_agent: Make, headers: dict[str, str], query: str, blocks: int, tags: int
) -> None:
    agent = await make_agent(tags=["a"], memory_blocks=[{"label": "notes"}])
    shown = (await http.get(f"/v1/agents/{agent['id']}{query}", headers=headers)).json
    assert (len(shown["blocks"]), len(shown["memory"]["blocks"]), len(shown["tags"])) == (blocks, blocks, tags)


@pytest.mark.parametrize(
    ("query", "secrets"),
    [
        ("", 1),
        ("?include_relationships=memory", 0),
        ("?include_relationships=tool_exec_environment_variables", 1),
        ("?include=agent.secrets", 1),
    ],
)
async def test_secrets_are_a_relation_with_two_names(http: Http, make_agent: Make, query: str, secrets: int) -> None:
    agent = await make_agent(secrets={"NAME": "value"})
    shown = (await http.get(f"/v1/agents/{agent['id']}{query}", headers=OTHER)).json
    assert (len(shown["secrets"]), len(shown["tool_exec_environment_variables"])) == (secrets, secrets)


async def test_the_blocks_of_an_agent_are_shown_without_their_tags(
    http: Http, make_agent: Make, make_block: Make
) -> None:
    block = await make_block(label="notes", tags=["a"])
    agent = await make_agent(block_ids=[block["id"]])
    assert (await http.get(f"/v1/blocks/{block['id']}")).json["tags"] == ["a"]
    shown = (await http.get(f"/v1/agents/{agent['id']}?include=agent.blocks")).json
    assert [each["tags"] for each in (*agent["blocks"], *shown["blocks"], *shown["memory"]["blocks"])] == [[], [], []]


async def test_an_unknown_relation_is_refused(http: Http) -> None:
    answer = await http.get(f"/v1/agents/{UNKNOWN_AGENT}?include=agent.blocks&include=blocks")
    assert answer.complaints == [("literal_error", "query.include.1")]


# --- listing --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def three(make_agent: Make) -> list[dict[str, Any]]:
    """Return three agents that share a unique tag, the oldest first."""
    first = await make_agent(name="zeta one", tags=["x"])
    tag = first["id"]
    agents = [await make_agent(name=f"zeta {name}", tags=[tag, name]) for name in ("One", "two", "three")]
    return [agent | {"tag": tag} for agent in agents]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "210"),
        ("&order=asc", "012"),
        ("&order=desc&limit=2", "21"),
        ("&limit=0", "210"),
        ("&after={1}", "0"),
        ("&before={1}", "2"),
        ("&order=asc&after={1}", "2"),
        ("&order=asc&before={1}", "0"),
        ("&after=unknown", "210"),
        ("&name=zeta%20two", "1"),
        ("&name=two", ""),
        ("&query_text=TWO", "1"),
        ("&query_text=zeta_t", "21"),
        ("&tags=two&match_all_tags=true", "1"),
        ("&tags=two&tags=three&match_all_tags=true", ""),
        ("&project_id=p", ""),
        (f"&created_by_id={USER}", "210"),
        ("&created_by_id=else", ""),
        ("&ascending=true", "210"),
    ],
)
async def test_agents_are_listed_newest_first_by_pages(
    http: Http, three: list[dict[str, Any]], query: str, expected: str
) -> None:
    ids = [agent["id"] for agent in three]
    answer = await http.get(f"/v1/agents/?tags={three[0]['tag']}{query.format(*ids)}")
    assert answer.status == 200, answer
    assert "".join(str(ids.index(agent["id"])) for agent in answer.json) == expected


async def test_hidden_agents_are_listed_when_asked_for(http: Http, make_agent: Make) -> None:
    first = await make_agent()
    hidden = await make_agent(tags=[first["id"]], hidden=True)
    assert (await http.get(f"/v1/agents/?tags={first['id']}")).json == []
    answer = await http.get(f"/v1/agents/?tags={first['id']}&show_hidden_agents=true")
    assert [agent["id"] for agent in answer.json] == [hidden["id"]]


async def test_a_wrong_query_is_refused_and_a_negative_limit_is_a_database_error(http: Http) -> None:
    answer = await http.get("/v1/agents/?limit=x&order=up&order_by=name&match_all_tags=7")
    assert [place for _, place in answer.complaints] == [
        "query.match_all_tags",
        "query.limit",
        "query.order",
        "query.order_by",
    ]
    answer = await http.get("/v1/agents/?limit=-1")
    assert (answer.status, answer.detail) == (500, "A database error occurred.")
