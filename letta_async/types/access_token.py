"""Tokens for programs in browsers, which may do what their policy allows; hosted API."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.annotations import named_on_wire
from letta_async._schema.record import SECRET
from letta_async._schema.wire_object import WireObject

__all__ = ["AccessToken", "AccessTokenListResponse", "AccessTokenPolicy", "AgentPolicy"]


@attrs.frozen(kw_only=True)
class AgentPolicy(WireObject):
    """What a token may do with an agent."""

    type: Literal["agent"] = "agent"
    id: str
    """ID of the agent, `agent-<uuid4>`."""
    access: list[Literal["read_messages", "write_messages", "read_agent", "write_agent"]] = attrs.field(hash=False)
    """What is allowed."""


@attrs.frozen(kw_only=True)
class AccessTokenPolicy(WireObject):
    """What a token may do."""

    version: str | None = None
    """Version of the format, `1`."""
    data: list[AgentPolicy] | None = attrs.field(default=None, hash=False)
    """What the token may do with each agent."""


@attrs.frozen(kw_only=True)
class AccessToken(WireObject):
    """A token. The official client calls it `AccessTokenCreateResponse`, and in lists `Token`."""

    token: str | None = attrs.field(default=None, repr=False, metadata=SECRET)
    """The token; not in the `repr`, and masked in `to_dict`."""
    hostname: str | None = None
    """URL of the program that the token is for."""
    policy: AccessTokenPolicy | None = None
    """What the token may do."""
    expires_at: str | None = attrs.field(default=None, metadata=named_on_wire("expiresAt"))
    """Time at which the token expires."""


@attrs.frozen(kw_only=True)
class AccessTokenListResponse(WireObject):
    """A page of tokens."""

    tokens: list[AccessToken] | None = attrs.field(default=None, hash=False)
    """Tokens of the page."""
    has_next_page: bool | None = attrs.field(default=None, metadata=named_on_wire("hasNextPage"))
    """Whether there is a next page."""
