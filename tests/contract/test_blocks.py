"""Contract tests of blocks: create, read, list, change and delete, and the agents that use them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import Make, Story
from tests.contract.wire import ID_TAIL, UNKNOWN_BLOCK, Http

DATABASE_ERROR = (500, b'{"detail":"A database error occurred."}')
DEFAULTS: dict[str, Any] = {
    "value": "",
    "limit": 100000,
    "project_id": None,
    "template_name": None,
    "is_template": False,
    "template_id": None,
    "base_template_id": None,
    "deployment_id": None,
    "entity_id": None,
    "preserve_on_migration": False,
    "label": "notes",
    "read_only": False,
    "description": None,
    "metadata": {},
    "hidden": None,
    "created_by_id": None,
    "last_updated_by_id": None,
    "tags": [],
}


async def test_a_new_block_in_full(http: Http, make_block: Make) -> None:
    block = await make_block(label="notes")
    assert re.fullmatch(f"block-{ID_TAIL}", block["id"])
    assert block == DEFAULTS | {"id": block["id"]}
    assert (await http.get(f"/v1/blocks/{block['id']}")).json == block


async def test_every_field_is_kept(http: Http, make_block: Make) -> None:
    fields = {
        "value": "Ä",
        "limit": 7,
        "project_id": "p",
        "template_name": "t",
        "is_template": True,
        "label": "any label! /",
        "read_only": True,
        "description": "d",
        "metadata": {"k": [None, {"a": 1.5}]},
        "hidden": True,
        "tags": ["one"],
    }
    block = await make_block(**fields, unknown=1, id="block-mine", created_by_id="me")
    assert block == DEFAULTS | fields | {"id": block["id"]}
    assert (await http.get(f"/v1/blocks/{block['id']}")).json == block


@pytest.mark.parametrize("given", [{}, {"value": None}])
async def test_a_missing_or_null_value_is_empty(http: Http, given: dict[str, Any]) -> None:
    answer = await http.post("/v1/blocks/", {"label": "notes", **given})
    assert (answer.status, answer.json["value"]) == (200, "")
    await http.delete(f"/v1/blocks/{answer.json['id']}")


async def test_null_metadata_is_empty_and_numbers_may_be_text(make_block: Make) -> None:
    block = await make_block(metadata=None, preserve_on_migration=None, limit="7", read_only="yes")
    assert (block["metadata"], block["preserve_on_migration"]) == ({}, False)
    assert (block["limit"], block["read_only"]) == (7, True)


async def test_nul_characters_are_taken_out_of_the_value(http: Http, make_block: Make) -> None:
    block = await make_block(value="a\x00b")
    assert block["value"] == "ab"
    assert (await http.patch(f"/v1/blocks/{block['id']}", {"value": "\x00c\x00"})).json["value"] == "c"


async def test_a_value_may_be_longer_than_its_limit(http: Http, make_block: Make) -> None:
    block = await make_block(value="longer", limit=3)
    assert block["value"] == "longer"
    assert (await http.patch(f"/v1/blocks/{block['id']}", {"limit": -1})).json["limit"] == -1


@pytest.mark.parametrize("label", ["human", "persona", "system/human"])
async def test_a_usual_label_shows_a_description_that_is_not_kept(http: Http, make_block: Make, label: str) -> None:
    block = await make_block(label=label)
    assert block["description"].startswith(f"The {label.removeprefix('system/')} block: Stores ")
    assert (await http.get(f"/v1/blocks/{block['id']}")).json == block | {"description": None}


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ({}, [("missing", "body.value"), ("missing", "body.label")]),
        ({"label": 5}, [("string_type", "body.label")]),
        ({"value": "v"}, [("missing", "body.label")]),
        ({"label": None}, [("string_type", "body.label")]),
        ({"label": "n", "value": 5}, [("string_type", "body.value")]),
        ({"label": "n", "limit": "x", "tags": "t"}, [("int_parsing", "body.limit"), ("list_type", "body.tags")]),
        (
            {"label": "n", "limit": None, "is_template": None},
            [("int_type", "body.limit"), ("bool_type", "body.is_template")],
        ),
        (
            {"label": "n", "metadata": [1], "hidden": "x"},
            [("dict_type", "body.metadata"), ("bool_parsing", "body.hidden")],
        ),
        ({"label": "n", "tags": ["a", 5, None]}, [("string_type", "body.tags.1"), ("string_type", "body.tags.2")]),
    ],
)
async def test_a_wrong_block_is_refused(http: Http, body: object, complaints: list[tuple[str, str]]) -> None:
    answer = await http.post("/v1/blocks/", body)
    assert answer.complaints == complaints


async def test_a_number_that_the_database_cannot_hold_is_a_database_error(http: Http, make_block: Make) -> None:
    metadata = {"a": [1, {"b": float("nan")}]}
    block = await make_block(label="n")
    for answer in (
        await http.post("/v1/blocks/", {"label": "n", "metadata": metadata}),
        await http.patch(f"/v1/blocks/{block['id']}", {"metadata": metadata}),
    ):
        assert (answer.status, answer.detail) == (500, "A database error occurred.")


async def test_what_is_missing_is_told_with_what_was_there(http: Http) -> None:
    (problem,) = (await http.post("/v1/blocks/", {"x": 1})).problems
    assert problem == {
        "type": "missing",
        "loc": ("body", "label"),
        "msg": "Field required",
        "input": {"x": 1, "value": ""},
    }


@pytest.mark.parametrize(
    "fields",
    [{"label": "\x00"}, {"description": "\ud800"}, {"value": "\ud800"}, {"limit": 2**31}, {"limit": -(2**31) - 1}],
)
async def test_what_the_database_cannot_hold_is_a_database_error(
    http: Http, make_block: Make, fields: dict[str, Any]
) -> None:
    answer = await http.post("/v1/blocks/", {"label": "n", **fields})
    assert (answer.status, answer.body) == DATABASE_ERROR
    block = await make_block(label="n")
    answer = await http.patch(f"/v1/blocks/{block['id']}", fields)
    assert (answer.status, answer.body) == DATABASE_ERROR


async def test_an_unknown_block_is_not_found(http: Http) -> None:
    answer = await http.get(f"/v1/blocks/{UNKNOWN_BLOCK}")
    assert (answer.status, answer.detail) == (404, f"Block with id '{UNKNOWN_BLOCK}' not found")
    for answer in (
        await http.patch(f"/v1/blocks/{UNKNOWN_BLOCK}", {"value": "v"}),
        await http.delete(f"/v1/blocks/{UNKNOWN_BLOCK}"),
    ):
        assert answer.status == 404
        assert answer.detail.startswith(
            f"Block not found with id='['{UNKNOWN_BLOCK}']', access level in ['read'] for actor='"
        )
        assert answer.detail.endswith(" is_deleted=False'")


@pytest.mark.parametrize(
    "block_id", ["malformed", UNKNOWN_BLOCK.upper(), UNKNOWN_BLOCK + "0", f"agent-{UNKNOWN_BLOCK[6:]}"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_malformed_block_is_a_wrong_path_with_an_example(http: Http, method: str, block_id: str) -> None:
    answer = await http.call(method, f"/v1/blocks/{block_id}")
    (problem,) = answer.problems
    assert (problem["type"], problem["msg"]) == (
        "string_pattern_mismatch",
        "String should match pattern 'block-{uuid4}'",
    )
    assert answer.json["examples"] == [UNKNOWN_BLOCK]


# --- changing and deleting ------------------------------------------------------------------------------------------


async def test_a_change_touches_what_it_names_and_is_not_null(http: Http, make_block: Make) -> None:
    block = await make_block(label="notes", value="v", tags=["t"])
    changed = await http.patch(
        f"/v1/blocks/{block['id']}", {"value": "w", "label": "n", "metadata": {"a": 1}, "unknown": 1}
    )
    assert changed.json == block | {"value": "w", "label": "n", "metadata": {"a": 1}}
    nulls = dict.fromkeys(("value", "limit", "label", "description", "metadata", "hidden", "tags"))
    assert (await http.patch(f"/v1/blocks/{block['id']}", nulls)).json == changed.json
    assert (await http.patch(f"/v1/blocks/{block['id']}", {})).json == changed.json
    assert (await http.get(f"/v1/blocks/{block['id']}")).json == changed.json


async def test_tags_are_replaced(http: Http, make_block: Make) -> None:
    block = await make_block(tags=["a", "b"])
    assert (await http.patch(f"/v1/blocks/{block['id']}", {"tags": ["c"]})).json["tags"] == ["c"]
    assert (await http.patch(f"/v1/blocks/{block['id']}", {"tags": []})).json["tags"] == []


async def test_a_label_that_another_block_of_the_agent_has_is_a_conflict(http: Http, make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "one"}, {"label": "two"}])
    ids = {block["label"]: block["id"] for block in agent["blocks"]}
    answer = await http.patch(f"/v1/blocks/{ids['two']}", {"label": "one", "value": "v"})
    assert answer.status == 409
    assert answer.detail.startswith("A unique constraint was violated for Block. Check your input for duplicates: (")
    assert 'violates unique constraint "unique_label_per_agent"' in answer.detail
    assert f"Key (agent_id, block_label)=({agent['id']}, one) already exists." in answer.detail
    assert "Retry-After" not in answer.headers
    block = (await http.get(f"/v1/blocks/{ids['two']}")).json
    assert (block["label"], block["value"]) == ("two", "")


async def test_a_wrong_change_is_refused(http: Http) -> None:
    answer = await http.patch(
        f"/v1/blocks/{UNKNOWN_BLOCK}", {"value": 5, "limit": "x", "read_only": None, "is_template": None}
    )
    assert answer.complaints == [
        ("string_type", "body.value"),
        ("int_parsing", "body.limit"),
        ("bool_type", "body.is_template"),
        ("bool_type", "body.read_only"),
    ]


async def test_a_deleted_block_is_gone_from_its_agents(http: Http, story: Story) -> None:
    answer = await http.delete(f"/v1/blocks/{story.block_id}")
    assert (answer.status, answer.body) == (200, b"null")
    assert (await http.get(f"/v1/blocks/{story.block_id}")).status == 404
    assert (await http.get(f"/v1/agents/{story.agent_id}")).json["blocks"] == []


# --- who uses it ----------------------------------------------------------------------------------------------------


async def test_the_agents_of_a_block_are_listed_newest_first_without_relations(
    http: Http, make_agent: Make, make_block: Make
) -> None:
    block = await make_block(label="notes")
    first, second = [await make_agent(block_ids=[block["id"]]) for _ in range(2)]

    async def listed(query: str = "") -> list[str]:
        return [agent["id"] for agent in (await http.get(f"/v1/blocks/{block['id']}/agents{query}")).json]

    assert await listed() == [second["id"], first["id"]]
    assert await listed("?order=asc") == [first["id"], second["id"]]
    assert await listed("?limit=1") == [second["id"]]
    assert await listed("?limit=0") == [second["id"], first["id"]]
    assert await listed(f"?after={second['id']}") == [first["id"]]
    assert await listed(f"?order=asc&before={second['id']}") == [first["id"]]
    assert await listed("?after=unknown") == [second["id"], first["id"]]
    shown = (await http.get(f"/v1/blocks/{block['id']}/agents")).json
    assert [agent["blocks"] for agent in shown] == [[], []]
    shown = (await http.get(f"/v1/blocks/{block['id']}/agents?include=agent.blocks")).json
    assert [agent["blocks"][0]["id"] for agent in shown] == [block["id"]] * 2


async def test_an_unknown_block_has_no_agents(http: Http) -> None:
    answer = await http.get(f"/v1/blocks/{UNKNOWN_BLOCK}/agents")
    assert (answer.status, answer.json) == (200, [])


# --- listing --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def three(make_block: Make) -> list[dict[str, Any]]:
    """Return three blocks that share a unique label, the oldest first."""
    seed = await make_block(label="seed")
    label = seed["id"].removeprefix("block-")
    return [
        await make_block(label=label, value="Alpha", description="one", tags=["a"]),
        await make_block(label=label, value="beta_x", project_id="p", tags=["a", "b"]),
        await make_block(label=label, value="betaax", template_name="a name"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "012"),
        ("&order=desc", "210"),
        ("&limit=2", "01"),
        ("&limit=0", "012"),
        ("&after={1}", "2"),
        ("&before={1}", "0"),
        ("&order=desc&after={1}", "0"),
        ("&order=desc&before={1}", "2"),
        ("&after=unknown", "012"),
        ("&value_search=ALPHA", "0"),
        ("&value_search=a_x", "12"),
        ("&value_search=a%5C_x", "1"),
        ("&value_search=%25a%25x", "12"),
        ("&description_search=ON", "0"),
        ("&project_id=p", "1"),
        ("&name=a%20name", "2"),
        ("&tags=a", "01"),
        ("&tags=a&tags=b&match_all_tags=true", "1"),
        ("&tags=b&tags=c", "1"),
        ("&templates_only=true", ""),
        ("&connected_to_agents_count_gt=0", ""),
        ("&connected_to_agents_count_gt=-1", ""),
        ("&connected_to_agents_count_eq=1", ""),
        ("&identity_id=identity-123e4567-e89b-42d3-8456-426614174000", ""),
        ("&identifier_keys=k", ""),
    ],
)
async def test_blocks_are_listed_oldest_first_by_pages(
    http: Http, three: list[dict[str, Any]], query: str, expected: str
) -> None:
    ids = [block["id"] for block in three]
    answer = await http.get(f"/v1/blocks/?label={three[0]['label']}{query.format(*ids)}")
    assert answer.status == 200, answer
    assert "".join(str(ids.index(block["id"])) for block in answer.json) == expected


async def test_asked_for_by_their_use_blocks_come_in_the_order_of_their_ids(
    http: Http, three: list[dict[str, Any]], make_agent: Make
) -> None:
    await make_agent(block_ids=[three[1]["id"]])
    label, ids = three[0]["label"], sorted(block["id"] for block in three)

    async def listed(query: str) -> list[str]:
        return [
            block["id"]
            for block in (await http.get(f"/v1/blocks/?label={label}&connected_to_agents_count_{query}")).json
        ]

    assert await listed("lt=5") == ids
    assert await listed("lt=5&order=desc") == ids[::-1]
    assert await listed("lt=5&limit=2") == ids[:2]
    assert await listed("gt=0") == [three[1]["id"]]
    assert await listed("eq=0") == [each for each in ids if each != three[1]["id"]]
    assert await listed("eq=0&connected_to_agents_count_eq=1") == ids


async def test_hidden_blocks_and_templates_are_listed_when_asked_for(http: Http, make_block: Make) -> None:
    seed = await make_block(label="seed")
    label = seed["id"].removeprefix("block-")
    hidden = await make_block(label=label, hidden=True)
    template = await make_block(label=label, is_template=True)
    assert (await http.get(f"/v1/blocks/?label={label}")).json == []
    for query, block in (("show_hidden_blocks=true", hidden), ("templates_only=true", template)):
        answer = await http.get(f"/v1/blocks/?label={label}&{query}")
        assert [each["id"] for each in answer.json] == [block["id"]]


async def test_a_label_is_found_by_a_part_of_it(http: Http, three: list[dict[str, Any]]) -> None:
    part = three[0]["label"][3:].upper()
    answer = await http.get(f"/v1/blocks/?label_search={part}")
    assert [block["id"] for block in answer.json] == [block["id"] for block in three]


async def test_a_wrong_query_is_refused_in_the_servers_order(http: Http) -> None:
    query = (
        "limit=x&order=up&name=%21&order_by=name&label=&label_search=%20&value_search=&connected_to_agents_count_eq=q"
    )
    assert (await http.get(f"/v1/blocks/?{query}")).complaints == [
        ("string_too_short", "query.label"),
        ("string_pattern_mismatch", "query.name"),
        ("int_parsing", "query.limit"),
        ("literal_error", "query.order"),
        ("literal_error", "query.order_by"),
        ("string_pattern_mismatch", "query.label_search"),
        ("string_too_short", "query.value_search"),
        ("int_parsing", "query.connected_to_agents_count_eq.0"),
    ]


@pytest.mark.parametrize("query", ["limit=-1", f"limit={2**63}", "project_id=%00"])
async def test_a_query_that_the_database_refuses_is_a_database_error(http: Http, query: str) -> None:
    answer = await http.get(f"/v1/blocks/?{query}")
    assert (answer.status, answer.body) == DATABASE_ERROR
