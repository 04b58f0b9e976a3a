"""Identities: whom agents and blocks belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from letta_async._schema.constraints import TextWithNul
from letta_async._schema.wire_object import WireObject

__all__ = ["Identity", "IdentityProperty", "IdentityPropertyType", "IdentityType"]

IdentityType = Literal["org", "user", "other"]
"""Kind of an identity."""
IdentityPropertyType = Literal["string", "number", "boolean", "json"]
"""Kind of the value of a property."""


@attrs.frozen(kw_only=True)
class IdentityProperty(WireObject):
    """A property of an identity. Source: `IdentityProperty` in the OpenAPI description of Letta 0.16.8."""

    key: TextWithNul
    """Name of the property."""
    value: TextWithNul | int | float | bool | Mapping[str, Any] = attrs.field(hash=False)
    """Value of the property."""
    type: IdentityPropertyType
    """Kind of the value; Letta 0.16.8 does not compare the value with it."""


@attrs.frozen(kw_only=True)
class Identity(WireObject):
    """A person or an organization that agents and blocks belong to.

    Source: `Identity` in the OpenAPI description of Letta 0.16.8.
    """

    id: str
    """`identity-<uuid4>`."""
    identifier_key: str | None = None
    """Key of the identity in the caller's own system; unique in a project."""
    name: str | None = None
    """Name of the identity."""
    identity_type: str | None = None
    """Kind of the identity: `org`, `user` or `other`."""
    properties: list[IdentityProperty] | None = attrs.field(default=None, hash=False)
    """Properties of the identity."""
    agent_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the agents of the identity, deprecated; Letta 0.16.8 returns none. See `identities.agents.list`."""
    block_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the blocks of the identity, deprecated; Letta 0.16.8 returns none. See `identities.blocks.list`."""
    project_id: str | None = None
    """ID of the project that the identity belongs to; hosted API."""
    organization_id: str | None = None
    """ID of the organization that the identity belongs to."""
