"""Parameter of calls that return agents: which of their relations, in the API's earlier form."""

from __future__ import annotations

from letta_async._schema.unset import UNSET
from letta_async.operations._operation import InQuery, parameters

__all__ = ["Relationships"]


@parameters
class Relationships:
    """Parameter that `include` replaces."""

    include_relationships: InQuery[list[str] | None] = UNSET
    """Earlier form of `include`: `memory`, `tools`, `sources`, `tags` and so on."""
