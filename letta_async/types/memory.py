"""An agent's memory in the form that `blocks` replaces."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.block import Block

__all__ = ["FileBlock", "Memory"]


@attrs.frozen(kw_only=True)
class FileBlock(WireObject):
    """Part of a file that an agent has open. Source: `FileBlock` in the OpenAPI description of Letta 0.16.8."""

    value: str
    """Text of the part."""
    file_id: str
    """ID of the file, `file-<uuid4>`."""
    source_id: str
    """ID of the folder, `source-<uuid4>`."""
    is_open: bool
    """Whether the agent has the file open."""
    last_accessed_at: datetime | None = None
    """Time at which the agent last used the file."""
    id: str | None = None
    """ID of the part, `block-<uuid4>`."""
    label: str | None = None
    """Name of the file in prompts."""
    description: str | None = None
    """Description of the file."""
    limit: int | None = None
    """Maximum length of the text, in characters."""
    read_only: bool | None = None
    """Whether agents may read the text but not edit it."""


@attrs.frozen(kw_only=True)
class Memory(WireObject):
    """Memory of an agent. Source: `Memory` in the OpenAPI description of Letta 0.16.8."""

    blocks: list[Block] = attrs.field(hash=False)
    """Memory blocks of the agent; empty unless the call includes `agent.blocks`."""
    file_blocks: list[FileBlock] | None = attrs.field(default=None, hash=False)
    """Parts of files that the agent has open."""
    prompt_template: str | None = None
    """Template of the memory in prompts; Letta 0.16.8 ignores it."""
    agent_type: str | None = None
    """Kind of the agent, such as `letta_v1_agent`."""
    git_enabled: bool | None = None
    """Whether the memory is kept in a Git repository."""
