"""Files with agents."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = ["AgentFileSkill", "AgentImportFileResponse"]


@attrs.frozen(kw_only=True)
class AgentImportFileResponse(WireObject):
    """Agents that were created from a file. Source: `ImportedAgentsResponse` in the OpenAPI description."""

    agent_ids: list[str] = attrs.field(hash=False)
    """IDs of the agents."""


@attrs.frozen(kw_only=True)
class AgentFileSkill(WireObject):
    """A skill of Letta Code for a file with an agent: its files, or where it comes from. Source: `SkillSchema`."""

    name: str
    """Name of the skill."""
    files: Mapping[str, str] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Texts of the skill's files by their paths, with `SKILL.md`."""
    source_url: str | Unset | None = UNSET
    """Where the skill comes from, such as `letta:slack`."""
