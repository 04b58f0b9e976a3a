"""What differs between the clients on purpose, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from unittest.mock import ANY

if TYPE_CHECKING:
    from tests.conformance.calls import Call
    from tests.conformance.server import Request

__all__ = ["CHANGES", "DECODED", "JSON_TEXTS", "RAISED", "VALUES", "rewritten"]

_UUID: Final = "123e4567-e89b-42d3-8456-426614174000"
_ID: Final = "letta_async checks the form of an ID before it sends it"
_ENUM: Final = "letta_async knows the values of parameters, and rejects others"
_FORM: Final = "letta_async checks that a text is a time, or JSON"
_TIME: Final = "2026-01-02T03:04:05+00:00"
_COUNT: Final = "letta_async rejects what the server rejects or cannot mean: none of something"

VALUES: Final[tuple[tuple[str, object, object, str], ...]] = (
    ("agent_id", "agent_id", f"agent-{_UUID}", _ID),
    ("agent_ids", "string", f"agent-{_UUID}", _ID),
    ("agent_id", "agentId", f"agent-{_UUID}", _ID),
    ("conversation_id", "conversation_id", f"conv-{_UUID}", _ID),
    ("run_id", "run_id", f"run-{_UUID}", _ID),
    ("run_ids", "string", f"run-{_UUID}", _ID),
    ("path_run_id", "run_id", f"run-{_UUID}", _ID),
    ("body_run_id", "run_id", f"run-{_UUID}", _ID),
    ("archive_id", "archive_id", f"archive-{_UUID}", _ID),
    ("identity_id", "identity_id", f"identity-{_UUID}", _ID),
    ("identity_ids", "string", f"identity-{_UUID}", _ID),
    ("mcp_server_id", "mcp_server_id", f"mcp_server-{_UUID}", _ID),
    ("tool_id", "tool_id", f"tool-{_UUID}", _ID),
    ("tool_ids", "string", f"tool-{_UUID}", _ID),
    ("statuses", "string", "running", _ENUM),
    ("tool_types", "string", "custom", _ENUM),
    ("exclude_tool_types", "string", "custom", _ENUM),
    ("created_at", "created_at", _TIME, _FORM),
    ("start_date", "start_date", _TIME, _FORM),
    ("end_date", "end_date", _TIME, _FORM),
    ("env_vars_json", "env_vars_json", "{}", _FORM),
    ("secrets", "secrets", "{}", _FORM),
    ("batch_size", 0, 1, _COUNT),
    ("max_steps", 0, 1, _COUNT),
    ("top_k", 0, 1, _COUNT),
    ("json_schema", {"foo": "bar"}, {"name": "text"}, "a tool is called by the name in its schema"),
)
"""Values in the official tests that letta_async rejects: parameter or member, value, what both send instead, why."""

_MESSAGE: Final[list[dict[str, object]]] = [{"messages": [{"role": "user", "content": "text"}]}]
"""A turn needs messages or an input."""
_ONE_OF_BOTH: Final[list[dict[str, object]]] = [{"input": None}, {"messages": None}]
"""It takes one of them."""
_TAGGED: Final[list[dict[str, object]]] = [
    {
        "messages": [{"type": "message", "role": "user", "content": [{"type": "text", "text": "text"}]}],
        "schedule": {"type": "one-time", "scheduled_at": 0},
    }
]
"""letta_async adds the `type` of an object where it is the default."""
_NO_STREAM: Final[dict[str, object]] = {"stream_tokens": None, "background": None}
"""What is said of a stream goes with `streaming=True`."""


def _between(kind: str) -> list[dict[str, object]]:
    """Return valid IDs in place of those that a list begins after, and ends before."""
    return [{"after": f"{kind}-{_UUID}", "before": f"{kind}-{_UUID}"}]


CHANGES: Final[dict[tuple[str, str], list[dict[str, object]]]] = {
    ("agents.list", "list_with_all_params"): _between("agent"),
    ("agents.schedule.create", "create"): _TAGGED,
    ("agents.passages.list", "list_with_all_params"): _between("passage"),
    ("agents.messages.create", "create_overload_1"): _MESSAGE,
    ("agents.messages.create", "create_overload_2"): _MESSAGE,
    ("agents.messages.create", "create_with_all_params_overload_1"): [_NO_STREAM | form for form in _ONE_OF_BOTH],
    ("agents.messages.create", "create_with_all_params_overload_2"): _ONE_OF_BOTH,
    ("agents.messages.create_async", "create_async"): _MESSAGE,
    ("agents.messages.create_async", "create_async_with_all_params"): _ONE_OF_BOTH,
    ("agents.messages.stream", "stream"): _MESSAGE,
    ("agents.messages.stream", "stream_with_all_params"): _ONE_OF_BOTH,
    ("conversations.messages.create", "create"): _MESSAGE,
    ("conversations.messages.create", "create_with_all_params"): _ONE_OF_BOTH,
}
"""Calls that letta_async rejects as a whole, by method and official test: parameters to add, or to leave out if they
are `None`; one entry for each form that is made instead."""

JSON_TEXTS: Final[dict[str, object]] = {"agents.export_file": {"agents": [1, "two"]}}
"""Calls that return an object as its text, and such an object: for the official client promises a text."""

RAISED: Final = "error_message"
"""Type of an event that the official client returns, and letta_async raises as a `StreamError`."""

DECODED: Final = frozenset({"agents.recompile", "conversations.recompile"})
"""Calls whose response is a JSON string: the official client returns it with the quotes, letta_async decodes it."""

_EMPTY_BODY: Final = frozenset(
    {
        "agents.tools.run",
        "agents.messages.cancel",
        "agents.messages.compact",
        "conversations.create",
        "conversations.messages.compact",
        "conversations.recompile",
        "mcp_servers.tools.run",
        "templates.save",
    }
)
"""Calls whose body is optional: where it has no member, the official client sends `{}`, letta_async sends none."""


_TURNS: Final = frozenset(
    {
        "agents.messages.create",
        "agents.messages.create_async",
        "agents.messages.stream",
        "conversations.messages.create",
    }
)


def rewritten(call: Call, theirs: Request) -> Request:
    """Return the request of letta_async, from that of the official client, where they differ on purpose."""
    if call.method in _EMPTY_BODY and theirs.body == {}:
        return replace(theirs, body=None, content_type="")
    if call.method not in _TURNS:
        return theirs
    body = dict(theirs.body)
    path = theirs.path
    if call.method == "agents.messages.create" and body.get("streaming"):
        path += "/stream"  # Letta 0.16.8 answers 422 at the other one: see `operations._turn`
    if body.get("messages"):
        # A message without a type is one by its default.
        body["messages"] = [{"type": "message", **message} for message in body["messages"]]
    elif body.get("background"):
        # A stream is found again by the `otid` of a message, which an input cannot have.
        message = {"type": "message", "role": "user", "content": body.pop("input"), "otid": ANY}
        body["messages"] = [message]
    return replace(theirs, path=path, body=body)
