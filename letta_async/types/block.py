"""Memory blocks, as the server returns them and as fields to create one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from letta_async._schema.constraints import SmallCount, TextWithNul
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = ["Block", "NewBlock"]


@attrs.frozen(kw_only=True)
class Block(WireObject):
    """A memory block. Source: `BlockResponse` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """ID of the block, `block-<uuid4>`."""
    value: str
    """Text of the block, as it appears in prompts."""
    label: str | None = None
    """Name of the block in prompts, such as `human` or `persona`; an agent has one block per label."""
    description: str | None = None
    """Description of the block's purpose; it appears in prompts, too."""
    limit: int | None = None
    """Maximum length of the text, in characters; it appears in prompts, too."""
    read_only: bool | None = None
    """Whether agents may read the block but not edit it; it appears in prompts, too."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the block."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags to find the block by."""
    hidden: bool | None = None
    """Whether the block is left out of lists."""
    is_template: bool | None = None
    """Whether the block is a template for other blocks rather than memory."""
    project_id: str | None = None
    """ID of the project that the block belongs to; hosted API."""
    template_name: str | None = None
    """Name of the block as a template."""
    template_id: str | None = None
    """ID of the template."""
    base_template_id: str | None = None
    """ID of the template that the block was made from."""
    deployment_id: str | None = None
    """ID of the deployment."""
    entity_id: str | None = None
    """ID of the block within its template."""
    preserve_on_migration: bool | None = None
    """Whether the block is kept when its template is migrated."""
    created_by_id: str | None = None
    """ID of the user who created the block."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the block last."""


@attrs.frozen(kw_only=True, slots=False)
class NewBlockFields:
    """Fields of a block to create, alone or with an agent."""

    label: str
    """Name of the block in prompts, such as `human`."""
    value: TextWithNul
    """Text of the block."""
    description: str | Unset | None = UNSET
    """Description of the block's purpose; it appears in prompts, too. Server default: a text of its own for `human` and
    `persona`, else `None`."""
    limit: SmallCount | Unset = UNSET
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
    is_template: bool | Unset = UNSET
    """The block is a template rather than memory. Server default: `False`."""
    template_name: str | Unset | None = UNSET
    """Name of the block as a template."""
    template_id: str | Unset | None = UNSET
    """ID of the template."""
    base_template_id: str | Unset | None = UNSET
    """ID of the template that the block was made from."""
    deployment_id: str | Unset | None = UNSET
    """ID of the deployment."""
    entity_id: str | Unset | None = UNSET
    """ID of the block within its template."""
    preserve_on_migration: bool | Unset | None = UNSET
    """Keep the block when its template is migrated. Server default: `False`."""


@attrs.frozen(kw_only=True)
class NewBlock(NewBlockFields, WireObject):
    """Block to create together with an agent, in the `memory_blocks` of `agents.create`."""

    copied_from: ClassVar[tuple[type, ...]] = (Block,)
