"""Calls under `/v1/tags`."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, ClassVar, Literal

from letta_async._schema.constraints import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import Listing
from letta_async.operations._operation import GET, Endpoint, InQuery, operation

__all__ = ["ListTags"]


@operation
class ListTags(Listing[str]):
    """List the tags of all agents and blocks, each once."""

    http: ClassVar[Endpoint] = GET("/v1/tags/")
    turns = False
    limit_is_total = True

    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of tags in total, not per page. Default: all, 50 per page."""
    after: InQuery[str | None] = UNSET
    """Start after this tag, in the order of the list."""
    before: InQuery[str | None] = UNSET
    """End before this tag, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` for alphabetical order, `desc` for the reverse. Server default: `asc`."""
    order_by: InQuery[Literal["name"]] = UNSET
    """Field that the order goes by. Server default: `name`."""
    name: InQuery[str | None] = UNSET
    """List tags that contain this text, in upper or lower case."""
    query_text: InQuery[str | None] = UNSET
    """Earlier name of `name`, deprecated."""

    def mark(self, item: str) -> int | None:
        """Return a 64-bit integer that identifies a tag."""
        return hash(item)

    def following(self, page: list[str]) -> Mapping[str, Any]:
        """Return the tag that the next page starts after."""
        return {"after": page[-1]} if self.is_full(page) else {}

    def is_astray(self, page: list[str], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return whether a page ends with a known tag and leads to itself."""
        return bool(page) and self.mark(page[-1]) in known and self.following(page) == following
