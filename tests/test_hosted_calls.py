"""Calls of the hosted API alone: the request, as it arrives at a server, and what becomes of the response."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from letta_async import (
    AccessToken,
    AccessTokenListResponse,
    AccessTokenPolicy,
    AgentPolicy,
    AsyncLetta,
    Environment,
    EnvironmentApproval,
    EnvironmentListResponse,
    EnvironmentMessage,
    EnvironmentMetadata,
    EnvironmentSendMessageResponse,
    EnvironmentToolReturn,
    InitialMessage,
    InvalidArgumentError,
    MessageCreate,
    OneTimeSchedule,
    RecurringSchedule,
    ScheduleCreateResponse,
    ScheduleDeleteResponse,
    ScheduledMessage,
    ScheduledTurn,
    ScheduleListResponse,
    Template,
    TemplateAgentCreateResponse,
    TemplateResult,
)
from letta_async.testing import EmbeddedServer
from tests.both_clients import sdk, server
from tests.ids import AGENT

__all__ = ["sdk", "server"]

TURN = {"messages": [{"content": "Hi", "role": "user"}], "max_steps": 3}
SCHEDULED = {"id": "s1", "agent_id": AGENT, "message": TURN, "schedule": {"type": "one-time", "scheduled_at": 5}}
SCHEDULED_READ = ScheduledMessage(
    id="s1",
    agent_id=AGENT,
    message=ScheduledTurn(messages=[MessageCreate(content="Hi", role="user")], max_steps=3),
    schedule=OneTimeSchedule(scheduled_at=5),
)
TEMPLATE = {"id": "t1", "name": "n", "latest_version": "2", "project_id": "p", "template_deployment_slug": "p/n:2"}
TEMPLATE_READ = Template(id="t1", name="n", latest_version="2", project_id="p", template_deployment_slug="p/n:2")
ENVIRONMENT = {
    "id": "e1",
    "deviceId": "d1",
    "connectionId": None,
    "connectionName": "laptop",
    "lastSeenAt": 1.5,
    "metadata": {"gitBranch": "main", "os": "linux", "shell": "zsh"},
}
ENVIRONMENT_READ = Environment(
    id="e1",
    device_id="d1",
    connection_name="laptop",
    last_seen_at=1.5,
    metadata=EnvironmentMetadata(git_branch="main", os="linux", extra_fields={"shell": "zsh"}),
)
POLICY = {"id": AGENT, "access": ["read_agent"], "type": "agent"}
TOKEN = {"token": "t0ken", "hostname": "https://a", "expiresAt": "soon", "policy": {"version": "1", "data": [POLICY]}}
TOKEN_READ = AccessToken(
    token="t0ken",
    hostname="https://a",
    expires_at="soon",
    policy=AccessTokenPolicy(version="1", data=[AgentPolicy(id=AGENT, access=["read_agent"])]),
)
SCHEDULE = f"/v1/agents/{AGENT}/schedule"
TOKENS = "/v1/client-side-access-tokens"
DONE = {"success": True, "message": "m"}
DONE_READ = TemplateResult(success=True, message="m")
SAVE = {
    "message": "m",
    "migrate_agents": True,
    "block_reconciliation_strategy": "reconcile-all",
    "preserve_core_memories_on_migration": True,
    "preserve_environment_variables_on_migration": False,
    "preserve_sources_on_migration": True,
}

CALLS: list[tuple[str, tuple[str, ...], dict[str, Any], str, dict[str, str], Any, Any, Any]] = [
    (
        "agents.schedule.create",
        (AGENT,),
        {
            "messages": [MessageCreate(role="user", content="Hi")],
            "schedule": {"scheduled_at": 5},
            "callback_url": "https://c",
            "include_return_message_types": ["assistant_message"],
            "max_steps": 3,
        },
        f"POST {SCHEDULE}",
        {},
        {
            "messages": [{"type": "message", "role": "user", "content": "Hi"}],
            "schedule": {"type": "one-time", "scheduled_at": 5},
            "callback_url": "https://c",
            "include_return_message_types": ["assistant_message"],
            "max_steps": 3,
        },
        {"id": "s1", "next_scheduled_at": "soon"},
        ScheduleCreateResponse(id="s1", next_scheduled_at="soon"),
    ),
    (
        "agents.schedule.create",
        (AGENT,),
        {"messages": [], "schedule": RecurringSchedule(cron_expression="0 9 * * 1")},
        f"POST {SCHEDULE}",
        {},
        {"messages": [], "schedule": {"type": "recurring", "cron_expression": "0 9 * * 1"}},
        {"id": "s1"},
        ScheduleCreateResponse(id="s1"),
    ),
    (
        "agents.schedule.retrieve",
        ("s 1",),
        {"agent_id": AGENT},
        f"GET {SCHEDULE}/s%201",
        {},
        None,
        SCHEDULED,
        SCHEDULED_READ,
    ),
    (
        "agents.schedule.list",
        (AGENT,),
        {"limit": "5", "after": "s0"},
        f"GET {SCHEDULE}",
        {"limit": "5", "after": "s0"},
        None,
        {"has_next_page": False, "scheduled_messages": [SCHEDULED]},
        ScheduleListResponse(has_next_page=False, scheduled_messages=[SCHEDULED_READ]),
    ),
    (
        "agents.schedule.delete",
        ("s1",),
        {"agent_id": AGENT},
        f"DELETE {SCHEDULE}/s1",
        {},
        None,
        {"success": True},
        ScheduleDeleteResponse(success=True),
    ),
    (
        "templates.create",
        (),
        {"type": "agent", "agent_id": AGENT, "name": "n"},
        "POST /v1/templates",
        {},
        {"type": "agent", "agent_id": AGENT, "name": "n"},
        TEMPLATE,
        TEMPLATE_READ,
    ),
    (
        "templates.create",
        (),
        {"type": "agent_file", "agent_file": {"agents": [None]}, "update_existing_tools": True},
        "POST /v1/templates",
        {},
        {"type": "agent_file", "agent_file": {"agents": [None]}, "update_existing_tools": True},
        TEMPLATE,
        TEMPLATE_READ,
    ),
    (
        "templates.update",
        ("n",),
        {"agent_file_json": {"a": 1}, "save_existing_changes": True, "update_existing_tools": False},
        "PATCH /v1/templates/n",
        {},
        {"agent_file_json": {"a": 1}, "save_existing_changes": True, "update_existing_tools": False},
        DONE,
        DONE_READ,
    ),
    ("templates.delete", ("n",), {}, "DELETE /v1/templates/n", {}, None, DONE, DONE_READ),
    (
        "templates.rollback",
        ("n",),
        {"version": "1"},
        "POST /v1/templates/n/rollback",
        {},
        {"version": "1"},
        DONE,
        DONE_READ,
    ),
    (
        "templates.save",
        ("n",),
        SAVE,
        "POST /v1/templates/n/save",
        {},
        SAVE,
        TEMPLATE,
        TEMPLATE_READ,
    ),
    (
        "templates.agents.create",
        ("n:latest",),
        {
            "agent_name": "a",
            "memory_variables": {"x": "1"},
            "tool_variables": {"y": "2"},
            "initial_message_sequence": [InitialMessage(role="user", content="c"), {"role": "system", "content": "d"}],
            "identity_ids": [AGENT.replace("agent", "identity")],
            "tags": ["t"],
        },
        "POST /v1/templates/n%3Alatest/agents",
        {},
        {
            "agent_name": "a",
            "memory_variables": {"x": "1"},
            "tool_variables": {"y": "2"},
            "initial_message_sequence": [{"role": "user", "content": "c"}, {"role": "system", "content": "d"}],
            "identity_ids": [AGENT.replace("agent", "identity")],
            "tags": ["t"],
        },
        {"agent_ids": [AGENT], "deployment_id": "d", "group_id": None},
        TemplateAgentCreateResponse(agent_ids=[AGENT], deployment_id="d"),
    ),
    (
        "environments.retrieve",
        ("d1",),
        {},
        "GET /v1/environments/d1",
        {},
        None,
        ENVIRONMENT,
        ENVIRONMENT_READ,
    ),
    (
        "environments.list",
        (),
        {"limit": 5, "after": "e0", "online_only": True, "source": "local", "user_id": "u"},
        "GET /v1/environments",
        {"limit": "5", "after": "e0", "onlineOnly": "true", "source": "local", "userId": "u"},
        None,
        {"connections": [ENVIRONMENT], "hasNextPage": True},
        EnvironmentListResponse(connections=[ENVIRONMENT_READ], has_next_page=True),
    ),
    (
        "environments.send_message",
        ("c1",),
        {
            "messages": [
                {"role": "user", "client_message_id": "m1", "content": [{"type": "text", "text": "Hi"}]},
                EnvironmentMessage(
                    type="approval",
                    approvals=[
                        EnvironmentApproval(tool_call_id="c", approve=True, updated_input={"a": 1}),
                        EnvironmentToolReturn(tool_call_id="d", tool_return="r", status="success"),
                    ],
                ),
            ],
            "agent_id": AGENT,
            "conversation_id": None,
        },
        "POST /v1/environments/c1/messages",
        {},
        {
            "messages": [
                {"role": "user", "client_message_id": "m1", "content": [{"type": "text", "text": "Hi"}]},
                {
                    "type": "approval",
                    "approvals": [
                        {"type": "approval", "tool_call_id": "c", "approve": True, "updated_input": {"a": 1}},
                        {"type": "tool", "tool_call_id": "d", "tool_return": "r", "status": "success"},
                    ],
                },
            ],
            "agentId": AGENT,
            "conversationId": None,
        },
        {"success": True, "message": "sent"},
        EnvironmentSendMessageResponse(success=True, message="sent"),
    ),
    (
        "access_tokens.create",
        (),
        {"hostname": "https://a", "policy": [AgentPolicy(id=AGENT, access=["read_agent"])], "expires_at": "soon"},
        f"POST {TOKENS}",
        {},
        {"hostname": "https://a", "policy": [POLICY], "expires_at": "soon"},
        TOKEN,
        TOKEN_READ,
    ),
    (
        "access_tokens.list",
        (),
        {"agent_id": AGENT, "limit": 5, "offset": 10},
        f"GET {TOKENS}",
        {"agentId": AGENT, "limit": "5", "offset": "10"},
        None,
        {"tokens": [TOKEN], "hasNextPage": False},
        AccessTokenListResponse(tokens=[TOKEN_READ], has_next_page=False),
    ),
    ("access_tokens.delete", ("t0ken",), {}, f"DELETE {TOKENS}/t0ken", {}, None, {"success": True}, None),
    ("access_tokens.delete", ("t0ken",), {"body": {}}, f"DELETE {TOKENS}/t0ken", {}, {}, {"success": True}, None),
]


def method_of(sdk: AsyncLetta, path: str) -> Any:
    part: Any = sdk
    for attribute in path.split("."):
        part = getattr(part, attribute)
    return part


@pytest.mark.parametrize(
    ("path", "positional", "named", "request_line", "query", "body", "response", "read"),
    CALLS,
    ids=[f"{call[0]}-{place}" for place, call in enumerate(CALLS)],
)
async def test_the_request_and_what_becomes_of_the_response(
    sdk: AsyncLetta,
    server: EmbeddedServer,
    path: str,
    positional: tuple[str, ...],
    named: dict[str, Any],
    request_line: str,
    query: dict[str, str],
    body: Any,
    response: Any,
    read: Any,
) -> None:
    verb, target = request_line.split(" ")
    server.script(verb, "/v1/*", body=response)
    assert await method_of(sdk, path)(*positional, **named) == read
    (request,) = server.requests
    assert (request.method, request.target.partition("?")[0]) == (verb, target)
    assert dict(parse_qsl(request.target.partition("?")[2])) == query
    assert request.json() == body


async def test_a_token_is_shown_nowhere(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("POST", "/v1/*", body=TOKEN)
    token = await sdk.access_tokens.create(hostname="https://a", policy=[])
    assert token.token == "t0ken"
    assert "t0ken" not in repr(token) + str(token.to_dict())


def test_fields_with_other_names_in_json_are_read_from_either() -> None:
    read = Environment.from_dict(ENVIRONMENT)
    assert read == ENVIRONMENT_READ
    assert Environment.from_dict(read.to_dict()) == read


@pytest.mark.parametrize(
    ("path", "positional", "named", "problem"),
    [
        ("templates.create", (), {"type": "agent"}, "agent_id: is required with type 'agent'"),
        ("templates.create", (), {"type": "agent_file"}, "agent_file: is required with type 'agent_file'"),
        (
            "templates.create",
            (),
            {"type": "agent", "agent_id": AGENT, "agent_file": {}, "update_existing_tools": True},
            "update_existing_tools: does not go with type 'agent'",
        ),
        (
            "environments.send_message",
            ("c",),
            {"messages": [{"role": "user", "client_message_id": "m"}]},
            "messages[0]: has to have content or approvals, and not both",
        ),
        ("access_tokens.delete", ("t",), {"body": {}, "extra_body": {"a": 1}}, "extra_body: does not go with"),
        ("agents.schedule.create", (AGENT,), {"messages": [], "schedule": {"type": "x"}}, "schedule.type: 'x' is"),
    ],
)
async def test_what_is_wrong_is_said_before_anything_is_sent(
    sdk: AsyncLetta, server: EmbeddedServer, path: str, positional: tuple[str, ...], named: Any, problem: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await method_of(sdk, path)(*positional, **named)
    assert problem in str(caught.value)
    assert not server.requests
