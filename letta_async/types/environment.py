"""Computers on which Letta Code runs tools for agents; hosted API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from letta_async._schema.annotations import named_on_wire
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
from letta_async.types.content import TextContent

__all__ = [
    "Environment",
    "EnvironmentApproval",
    "EnvironmentListResponse",
    "EnvironmentMessage",
    "EnvironmentMetadata",
    "EnvironmentSendMessageResponse",
    "EnvironmentToolReturn",
]


# --- responses --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class EnvironmentMetadata(WireObject):
    """What an environment tells of itself."""

    os: str | None = None
    """Operating system."""
    node_version: str | None = attrs.field(default=None, metadata=named_on_wire("nodeVersion"))
    """Version of Node.js."""
    letta_code_version: str | None = attrs.field(default=None, metadata=named_on_wire("lettaCodeVersion"))
    """Version of Letta Code."""
    working_directory: str | None = attrs.field(default=None, metadata=named_on_wire("workingDirectory"))
    """Directory in which it works."""
    git_branch: str | None = attrs.field(default=None, metadata=named_on_wire("gitBranch"))
    """Branch that is checked out there."""


@attrs.frozen(kw_only=True)
class Environment(WireObject):
    """An environment. The official client calls it `EnvironmentRetrieveResponse`, and in lists `Connection`."""

    id: str
    """ID of the environment."""
    device_id: str | None = attrs.field(default=None, metadata=named_on_wire("deviceId"))
    """ID of the computer, by which the environment is retrieved."""
    connection_id: str | None = attrs.field(default=None, metadata=named_on_wire("connectionId"))
    """ID of its connection, to which messages are sent; `None` while it is offline."""
    connection_name: str | None = attrs.field(default=None, metadata=named_on_wire("connectionName"))
    """Name of the environment."""
    organization_id: str | None = attrs.field(default=None, metadata=named_on_wire("organizationId"))
    """ID of the organization that the environment belongs to."""
    user_id: str | None = attrs.field(default=None, metadata=named_on_wire("userId"))
    """ID of the user."""
    api_key_owner: str | None = attrs.field(default=None, metadata=named_on_wire("apiKeyOwner"))
    """Owner of the API key that it is connected with."""
    pod_id: str | None = attrs.field(default=None, metadata=named_on_wire("podId"))
    """ID of the pod that it is connected to; `None` while it is offline."""
    current_mode: str | None = attrs.field(default=None, metadata=named_on_wire("currentMode"))
    """Mode in which tools are approved, such as `default` or `acceptEdits`."""
    metadata: EnvironmentMetadata | None = None
    """What the environment tells of itself."""
    first_seen_at: float | None = attrs.field(default=None, metadata=named_on_wire("firstSeenAt"))
    """Time of the first connection, in milliseconds since 1970."""
    last_seen_at: float | None = attrs.field(default=None, metadata=named_on_wire("lastSeenAt"))
    """Time when the environment was last seen, in milliseconds since 1970."""
    connected_at: float | None = attrs.field(default=None, metadata=named_on_wire("connectedAt"))
    """Time of the connection, in milliseconds since 1970; `None` while it is offline."""
    last_heartbeat: float | None = attrs.field(default=None, metadata=named_on_wire("lastHeartbeat"))
    """Time of the last sign of life, in milliseconds since 1970; `None` while it is offline."""


@attrs.frozen(kw_only=True)
class EnvironmentListResponse(WireObject):
    """A page of environments."""

    connections: list[Environment] | None = attrs.field(default=None, hash=False)
    """Environments of the page."""
    has_next_page: bool | None = attrs.field(default=None, metadata=named_on_wire("hasNextPage"))
    """Whether there is a next page, which begins after the ID of the last environment of this one."""


@attrs.frozen(kw_only=True)
class EnvironmentSendMessageResponse(WireObject):
    """Result of sending messages to an environment."""

    success: bool | None = None
    """Whether the messages were sent."""
    message: str | None = None
    """Words about the result."""


# --- messages ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class EnvironmentToolReturn(WireObject):
    """Return of a tool that the client ran."""

    type: Literal["tool"] = "tool"
    tool_call_id: str
    """ID of the call."""
    tool_return: str | list[TextContent] = attrs.field(hash=False)
    """What the tool returned, as text or texts."""
    status: Literal["success", "error"]
    """Whether the tool succeeded."""
    stdout: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Lines that the tool printed."""
    stderr: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Lines that the tool printed as errors."""


@attrs.frozen(kw_only=True)
class EnvironmentApproval(WireObject):
    """Decision about a tool call that needs approval."""

    type: Literal["approval"] = "approval"
    tool_call_id: str
    """ID of the call."""
    approve: bool
    """Whether the tool may be used."""
    reason: str | Unset | None = UNSET
    """Reason for the decision; the agent reads it."""
    updated_input: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Arguments to use instead of those of the call."""


@attrs.frozen(kw_only=True)
class EnvironmentMessage(WireObject):
    """A message to an environment: that of a user, or decisions about tool calls.

    That of a user has `role`, `content` and `client_message_id`; decisions have `type` and `approvals`.
    """

    role: Literal["user"] | Unset = UNSET
    """Role of the participant."""
    content: str | list[TextContent] | Unset = attrs.field(default=UNSET, hash=False)
    """Text, or texts."""
    client_message_id: str | Unset = UNSET
    """ID of the message, made by the client."""
    otid: str | Unset = UNSET
    """Offline threading ID of the message."""
    type: Literal["approval"] | Unset = UNSET
    """Type of decisions."""
    approvals: list[EnvironmentApproval | EnvironmentToolReturn] | Unset = attrs.field(default=UNSET, hash=False)
    """Decision about each call, or the return of the tool where the client ran it."""
