"""Files with agents."""

from __future__ import annotations

import attrs

from letta_async._schema.fields import WireObject

__all__ = ["AgentImportFileResponse"]


@attrs.frozen(kw_only=True)
class AgentImportFileResponse(WireObject):
    """Agents that were created from a file. Source: `ImportedAgentsResponse` in the OpenAPI description."""

    agent_ids: list[str] = attrs.field(hash=False)
    """IDs of the agents."""
