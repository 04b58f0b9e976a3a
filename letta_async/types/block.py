"""Memory blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from letta_async._schema.fields import Count, WireObject
from letta_async._schema.unset import UNSET, Unset

__all__ = ["Block", "NewBlock"]


@attrs.frozen(kw_only=True)
class Block(WireObject):
    """A block of memory. Source: `BlockResponse` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`block-<uuid4>`."""
    value: str
    """Its text, as it stands in prompts."""
    label: str | None = None
    """Its name in prompts, such as `human` or `persona`; an agent has one block of a label."""
    description: str | None = None
    """What it is for; stands in prompts, too."""
    limit: int | None = None
    """How many characters it should hold; stands in prompts, too."""
    read_only: bool | None = None
    """Whether agents may only read it; stands in prompts, too."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Whatever its owner keeps with it."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Words to find it by."""
    hidden: bool | None = None
    """Whether lists leave it out."""
    is_template: bool | None = None
    """Whether it is a pattern for others rather than memory."""
    project_id: str | None = None
    """Project that it belongs to; hosted API."""
    created_by_id: str | None = None
    """Who made it."""
    last_updated_by_id: str | None = None
    """Who changed it last."""


@attrs.frozen(kw_only=True, slots=False)
class BlockFields:
    """Fields of a block to create, alone or with an agent."""

    label: str
    """Name of the block in prompts, such as `human`."""
    value: str
    """Text of the block."""
    description: str | Unset | None = UNSET
    """Description of the block's purpose; it appears in prompts, too. Server default: a text of its own for `human` and
    `persona`, else `None`."""
    limit: Count | Unset = UNSET
    """Maximum length of the text, in characters. Server default: 100000."""
    read_only: bool | Unset = UNSET
    """Agents may read the block but not edit it. Server default: `False`."""
    metadata: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """JSON object to store with the block."""
    tags: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Tags to find the block by."""
    hidden: bool | Unset | None = UNSET
    """Leave the block out of lists. Server default: it is listed."""
    project_id: str | Unset | None = UNSET
    """ID of the project that the block belongs to; hosted API."""


@attrs.frozen(kw_only=True)
class NewBlock(BlockFields, WireObject):
    """A block to create together with an agent: see `agents.create`."""
