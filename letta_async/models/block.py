"""Blocks of memory: what agents know, and the calls about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs

from letta_async._unset import UNSET, Unset
from letta_async.models._fields import Count, PageSize, WireObject
from letta_async.models._listing import Listing
from letta_async.models._operation import PATH, QUERY, BlockId, Operation

__all__ = ["Block", "CreateBlock", "DeleteBlock", "ListBlocks", "NewBlock", "RetrieveBlock", "UpdateBlock"]


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
class _Described:
    """What a new block is told to be."""

    label: str
    """Its name in prompts, such as `human`."""
    value: str
    """Its text."""
    description: str | Unset | None = UNSET
    """What it is for. Server default: a text of its own for `human` and `persona`, else `None`."""
    limit: Count | Unset = UNSET
    """How many characters it should hold. Server default: 100000."""
    read_only: bool | Unset = UNSET
    """Whether agents may only read it. Server default: `False`."""
    metadata: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Whatever is to be kept with it."""
    tags: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Words to find it by."""
    hidden: bool | Unset | None = UNSET
    """Whether lists leave it out."""
    project_id: str | Unset | None = UNSET
    """Project that it belongs to; hosted API."""


@attrs.frozen(kw_only=True)
class NewBlock(_Described, WireObject):
    """A block that is made together with an agent: see `agents.create`."""


@attrs.frozen(kw_only=True)
class CreateBlock(_Described, Operation[Block]):
    """Make a block."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/blocks/"
    repeatable: ClassVar[bool] = False
    answer: ClassVar[Any] = Block
    body_required: ClassVar[bool] = True


@attrs.frozen(kw_only=True)
class ListBlocks(Listing[Block]):
    """List blocks."""

    path: ClassVar[str] = "/v1/blocks/"
    answer: ClassVar[Any] = list[Block]

    limit: PageSize | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    after: BlockId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    before: BlockId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    order: Literal["asc", "desc"] | Unset = attrs.field(default=UNSET, metadata=QUERY)
    label: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    label_search: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    description_search: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    value_search: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    tags: list[str] | Unset | None = attrs.field(default=UNSET, metadata=QUERY, hash=False)
    match_all_tags: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    templates_only: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    project_id: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)


@attrs.frozen(kw_only=True)
class RetrieveBlock(Operation[Block]):
    """Show a block."""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/blocks/{block_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = Block

    block_id: BlockId = attrs.field(metadata=PATH)


@attrs.frozen(kw_only=True)
class UpdateBlock(Operation[Block]):
    """Change a block."""

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/v1/blocks/{block_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = Block
    body_required: ClassVar[bool] = True

    block_id: BlockId = attrs.field(metadata=PATH)
    value: str | Unset | None = UNSET
    label: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    limit: Count | Unset | None = UNSET
    read_only: bool | Unset = UNSET
    metadata: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    tags: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    hidden: bool | Unset | None = UNSET
    project_id: str | Unset | None = UNSET


@attrs.frozen(kw_only=True)
class DeleteBlock(Operation[object]):
    """Delete a block."""

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/v1/blocks/{block_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = object

    block_id: BlockId = attrs.field(metadata=PATH)
