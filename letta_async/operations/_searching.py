"""Parameters that searches share."""

from __future__ import annotations

from typing import Annotated, Literal

from letta_async._schema.constraints import Range
from letta_async._schema.unset import UNSET
from letta_async.operations._operation import InBody, parameters

__all__ = ["SearchParameters", "SearchSize"]

SearchSize = Annotated[int, Range(minimum=1, maximum=100)]
"""Maximum number of results of a search."""


@parameters
class SearchParameters:
    """How to search, and how much to return."""

    search_mode: InBody[Literal["vector", "fts", "hybrid"]] = UNSET
    """Search by meaning, by words, or both. Server default: `hybrid`."""
    limit: InBody[SearchSize] = UNSET
    """Maximum number of results, 1 to 100. Server default: 50."""
