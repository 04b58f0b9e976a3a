"""Identities: the people and organizations that agents and blocks belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from letta_async._schema.fields import WireObject

__all__ = ["Identity", "IdentityProperty", "IdentityType"]

IdentityType = Literal["org", "user", "other"]
"""Kind of an identity."""


@attrs.frozen(kw_only=True)
class IdentityProperty(WireObject):
    """A property of an identity. Source: `IdentityProperty` in the OpenAPI description of Letta 0.16.8."""

    key: str
    """Name of the property."""
    value: str | float | bool | Mapping[str, Any] = attrs.field(hash=False)
    """Value of the property."""
    type: Literal["string", "number", "boolean", "json"]
    """Kind of the value."""


@attrs.frozen(kw_only=True)
class Identity(WireObject):
    """An identity. Source: `Identity` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`identity-<uuid4>`."""
    identifier_key: str | None = None
    """Key of the identity in the program that made it."""
    name: str | None = None
    """Name of the identity."""
    identity_type: str | None = None
    """Kind of the identity: `org`, `user` or `other`."""
    project_id: str | None = None
    """ID of the project that the identity belongs to; hosted API."""
    organization_id: str | None = None
    """ID of the organization that the identity belongs to."""
    agent_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the identity's agents, `agent-<uuid4>`."""
    block_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the identity's blocks, `block-<uuid4>`."""
    properties: list[IdentityProperty] | None = attrs.field(default=None, hash=False)
    """Properties of the identity."""
