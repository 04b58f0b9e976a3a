"""Calls that the embedded server has no code for: the request, as it arrives at the server, and the response."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

from letta_async import (
    AgentFileAttachment,
    AgentState,
    APIError,
    APIResponseValidationError,
    AsyncLetta,
    EmbeddingConfig,
    InvalidArgumentError,
    Letta,
    Run,
    Tool,
)
from letta_async.testing import EmbeddedServer, RecordedRequest
from tests.both_clients import sdk, server
from tests.ids import AGENT, CONVERSATION

__all__ = ["sdk", "server"]

RUN = "run-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"


def query(request: RecordedRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.target.partition("?")[2])


# --- values in paths, names on the wire -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("plain", "plain"),
        ("a/b", "a%2Fb"),
        ("../..", "..%2F.."),
        ("a b", "a%20b"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("é✓", "%C3%A9%E2%9C%93"),
        ("a+b&c;d", "a%2Bb%26c%3Bd"),
        ("...", "..."),
        ("\\", "%5C"),
    ],
)
async def test_a_name_in_the_path_stays_one_segment(
    sdk: AsyncLetta, server: EmbeddedServer, name: str, segment: str
) -> None:
    server.script("PATCH", f"/v1/agents/{AGENT}/tools/approval/*", body=None)
    assert await sdk.agents.tools.update_approval(name, agent_id=AGENT, body_requires_approval=True) is None
    (request,) = server.requests
    assert request.target == f"/v1/agents/{AGENT}/tools/approval/{segment}"
    assert unquote(segment) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a\tb", "a\nb", "\x00", "\x7f"])
async def test_a_name_that_no_path_can_hold_is_refused(sdk: AsyncLetta, server: EmbeddedServer, name: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await sdk.agents.tools.update_approval(name, agent_id=AGENT, body_requires_approval=True)
    assert [fault.path for fault in caught.value.faults] == ["tool_name"]
    assert len(server.requests) == 0


async def test_parameters_go_out_under_their_names_on_the_wire(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("PATCH", "/v1/agents/*", body={"id": AGENT, "tool_rules": []})
    agent = await sdk.agents.tools.update_approval(
        "roll", agent_id=AGENT, body_requires_approval=True, query_requires_approval=False
    )
    assert type(agent) is AgentState
    (request,) = server.requests
    assert query(request) == [("requires_approval", "false")]
    assert request.json() == {"requires_approval": True}


async def test_errors_name_the_parameter_as_it_is_written_in_python(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    wrong: Any = "yes"
    with pytest.raises(InvalidArgumentError) as caught:
        await sdk.agents.tools.update_approval(
            "roll", agent_id=AGENT, body_requires_approval=wrong, query_requires_approval=wrong
        )
    assert {fault.path for fault in caught.value.faults} == {"body_requires_approval", "query_requires_approval"}
    assert len(server.requests) == 0


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_tools_are_all_listed_although_the_server_compares_cursors_with_another_order(
    sdk: AsyncLetta, server: EmbeddedServer
) -> None:
    tools = [{"id": f"tool-{n}", "name": f"t{n}", "tags": ["a"], "new": n} for n in range(25)]
    for size in (10, 20, 25):
        server.script("GET", f"/v1/agents/{AGENT}/tools", body=tools[:size])
    listed = [tool async for tool in sdk.agents.tools.list(AGENT)]
    assert [tool.id for tool in listed] == [tool["id"] for tool in tools]
    assert listed[3] == Tool(id="tool-3", name="t3", tags=["a"], extra_fields={"new": 3})
    assert [request.target.partition("?")[2] for request in server.requests] == ["", "limit=20", "limit=40"]


async def test_runs_are_listed_with_every_filter(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    run = {"id": RUN, "agent_id": AGENT, "status": "completed", "created_at": "2026-01-01T00:00:00", "newer": 1}
    server.script("GET", "/v1/runs/", body=[run])
    (listed,) = await sdk.runs.list(
        limit=7,
        after=RUN,
        before=RUN,
        order="asc",
        order_by="created_at",
        agent_id=AGENT,
        agent_ids=[AGENT, AGENT],
        conversation_id=CONVERSATION,
        statuses=["created", "failed"],
        stop_reason="max_steps",
        background=False,
        active=True,
        ascending=True,
    )
    assert listed == Run(
        id=RUN,
        agent_id=AGENT,
        status="completed",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        extra_fields={"newer": 1},
    )
    assert query(server.requests[0]) == [
        ("limit", "7"),
        ("after", RUN),
        ("before", RUN),
        ("order", "asc"),
        ("order_by", "created_at"),
        ("agent_id", AGENT),
        ("agent_ids", AGENT),
        ("agent_ids", AGENT),
        ("conversation_id", CONVERSATION),
        ("statuses", "created"),
        ("statuses", "failed"),
        ("stop_reason", "max_steps"),
        ("background", "false"),
        ("active", "true"),
        ("ascending", "true"),
    ]


async def test_a_run_is_retrieved(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("GET", f"/v1/runs/{RUN}", body={"id": RUN, "agent_id": AGENT, "stop_reason": "newest"})
    assert (await sdk.runs.retrieve(RUN)).stop_reason == "newest"


async def test_a_folder_is_created_with_every_field(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    config = {"embedding_endpoint_type": "openai", "embedding_model": "m", "embedding_dim": 8, "batch_size": 4}
    server.script("POST", "/v1/folders/", body={"id": "source-1", "name": "f", "embedding_config": config, "new": 1})
    folder = await sdk.folders.create(
        name="f",
        embedding=None,
        embedding_config=config,
        embedding_chunk_size=5,
        description="D",
        instructions="I",
        metadata={"k": None},
    )
    assert (type(folder.embedding_config), folder.extra_fields) == (EmbeddingConfig, {"new": 1})
    assert server.requests[0].json() == {
        "name": "f",
        "embedding": None,
        "embedding_config": config,
        "embedding_chunk_size": 5,
        "description": "D",
        "instructions": "I",
        "metadata": {"k": None},
    }


# --- pages as objects, with a cursor ----------------------------------------------------------------------------------

FILES = f"/v1/agents/{AGENT}/files"


def a_file(n: int) -> dict[str, Any]:
    return {
        "id": f"file_agent-{n}",
        "file_id": f"file-{n}",
        "file_name": f"{n}.txt",
        "folder_id": "source-1",
        "folder_name": "f",
        "is_open": n == 1,
    }


def page_of(*numbers: int, cursor: object = None, more: object = False, **fields: object) -> dict[str, Any]:
    return {"files": [a_file(n) for n in numbers], "next_cursor": cursor, "has_more": more, **fields}


async def listed(sdk: AsyncLetta, **parameters: Any) -> list[str]:
    return [file.file_id async for file in sdk.agents.files.list(AGENT, **parameters)]


def cursors(server: EmbeddedServer) -> list[str]:
    return [request.target.partition("?")[2] for request in server.requests]


async def test_pages_are_gone_through_by_their_cursors(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    for page in (page_of(1, 2, cursor="a&b", more=True), page_of(3, cursor="c", more=True), page_of(4, cursor="d")):
        server.script("GET", FILES, body=page)
    assert await listed(sdk, limit=2, is_open=True) == ["file-1", "file-2", "file-3", "file-4"]
    assert cursors(server) == [f"limit=2{cursor}&is_open=true" for cursor in ("", "&cursor=a%26b", "&cursor=c")]


async def test_one_page_is_a_list_of_its_items(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("GET", FILES, body=page_of(1, 2, cursor="a", more=True))
    page = await sdk.agents.files.list(AGENT)
    assert isinstance(page, list)
    assert [(type(file), file.file_name, file.is_open) for file in page] == [
        (AgentFileAttachment, "1.txt", True),
        (AgentFileAttachment, "2.txt", False),
    ]


async def test_a_page_has_the_names_of_the_response(server: EmbeddedServer) -> None:
    server.script("GET", FILES, body=page_of(1, cursor="a", more=True), times=2)
    async with AsyncLetta(base_url=server.base_url) as client:
        page: Any = await client.agents.files.list(AGENT)
    with Letta(base_url=server.base_url) as client:
        other: Any = await asyncio.to_thread(client.agents.files.list, AGENT)
    for each in (page, other):
        assert (each.files, each.next_cursor, each.has_more) == (page.items, "a", True)
        assert not hasattr(each, "messages")


async def test_a_file_that_moved_to_the_next_page_is_given_once(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("GET", FILES, body=page_of(1, 2, cursor="a", more=True))
    server.script("GET", FILES, body=page_of(2, 3))
    assert await listed(sdk) == ["file-1", "file-2", "file-3"]


async def test_an_empty_page_between_others_is_passed(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    for page in (page_of(cursor="a", more=True), page_of(1, cursor="b", more=True), page_of()):
        server.script("GET", FILES, body=page)
    assert await listed(sdk) == ["file-1"]


async def test_a_cursor_that_is_set_leads_on_from_there(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    for name in ("cursor", "after"):
        server.requests.clear()
        server.script("GET", FILES, body=page_of(1, cursor="b", more=True))
        server.script("GET", FILES, body=page_of(2))
        assert await listed(sdk, **{name: "a"}) == ["file-1", "file-2"]
        assert cursors(server) == [f"{name}=a", f"{name}=b"]


@pytest.mark.parametrize(
    ("pages", "given"),
    [
        ([page_of(1, cursor=None, more=True)], 0),
        ([page_of(1, cursor="a", more=True), page_of(1, cursor="a", more=True)], 1),
        ([page_of(1, cursor="a", more=True), page_of(2, cursor="a", more=True)], 1),
        ([page_of(1, cursor="a", more=True), page_of(2, 1, cursor="b", more=True)], 1),
        ([page_of(cursor="a", more=True), page_of(cursor="a", more=True)], 0),
    ],
    ids=["no cursor", "the same page", "the same cursor", "back to the beginning", "empty for ever"],
)
async def test_a_server_that_does_not_lead_on_is_found_out(
    sdk: AsyncLetta, server: EmbeddedServer, pages: list[Any], given: int
) -> None:
    for page in pages:
        server.script("GET", FILES, body=page)
    found: list[str] = []
    with pytest.raises(APIError, match="the server does not lead on from"):
        async for file in sdk.agents.files.list(AGENT):
            found.append(file.file_id)
    assert len(found) == given


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "an object was promised, not an array"),
        (None, "an object was promised, not null"),
        ({}, "an object with files was promised, not one without"),
        ({"files": {}}, "an array was promised, not an object"),
        ({"files": None}, "an array was promised, not null"),
        ({"files": [{"id": "x"}]}, "AgentFileAttachment was promised, not an object without file_id"),
        ({"files": ["x"]}, "AgentFileAttachment was promised, not a JSON string"),
        (page_of(1, cursor=5), "next_cursor was promised as a JSON string, not as a number"),
        (page_of(1, cursor="a", more="yes"), "has_more was promised as a boolean, not as a JSON string"),
    ],
)
async def test_a_page_of_the_wrong_form_is_refused(
    sdk: AsyncLetta, server: EmbeddedServer, body: Any, words: str
) -> None:
    server.script("GET", FILES, body=body)
    with pytest.raises(APIResponseValidationError, match=words):
        await sdk.agents.files.list(AGENT)
