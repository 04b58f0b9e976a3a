"""Parameter of calls that return agents: which of their relations, in the API's earlier form."""

from __future__ import annotations

import attrs

from letta_async._schema.unset import UNSET
from letta_async.operations._operation import InQuery

__all__ = ["Relationships"]


@attrs.frozen(kw_only=True, slots=False)
class Relationships:
    """Parameter that `include` replaces."""

    include_relationships: InQuery[list[str] | None] = UNSET
    """Earlier form of `include`: `memory`, `tools`, `sources`, `tags` and so on."""
