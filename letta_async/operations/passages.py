"""Calls about the passages of agents, and the search of archives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from letta_async._schema.constraints import PageSize, Range, TextWithNul
from letta_async._schema.unset import UNSET
from letta_async.operations._operation import (
    DELETE,
    GET,
    POST,
    AgentId,
    ArchiveId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    PassageId,
    Segment,
    operation,
    parameters,
)
from letta_async.operations._passage_listing import PassageListing
from letta_async.types.archive import Passage, PassageSearchResponse, PassageSearchResponseItem

__all__ = [
    "CreateAgentPassage",
    "DeleteAgentPassage",
    "ListAgentPassages",
    "PassageFields",
    "SearchAgentPassages",
    "SearchPassages",
]

SearchSize = Annotated[int, Range(minimum=1, maximum=100)]
"""Maximum number of results of a search."""


@parameters
class PassageFields:
    """Parameters of a passage to create."""

    text: InBody[TextWithNul]
    """Text of the passage."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to find the passage by."""
    created_at: InBody[datetime | None] = UNSET
    """Time of creation. Server default: now."""


@operation
class CreateAgentPassage(PassageFields, Operation[list[Passage]]):
    """Create a passage in the archive of an agent. The first one creates the archive.

    Returns:
        The passages that were made of the text; Letta 0.16.8 makes one.

    Raises:
        NotFoundError: There is no such agent.
        BadRequestError: The text is too long: of more than 8192 tokens, unless the server has another limit.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/archival-memory", body_required=True)

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class ListAgentPassages(PassageListing[Passage]):
    """List the passages in the archive of an agent. Letta 0.16.8 lists none for an agent that does not exist."""

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/archival-memory")
    limit_is_total = True

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of passages in total, not per page. Default: all, 100 per page."""
    after: InQuery[PassageId | None] = UNSET
    """List passages that are newer than the one with this ID, in either order."""
    before: InQuery[PassageId | None] = UNSET
    """List passages that are older than the one with this ID, in either order."""
    ascending: InQuery[bool | None] = UNSET
    """List the oldest first rather than the newest. Server default: `True`."""
    search: InQuery[str | None] = UNSET
    """List passages whose text contains this text, in upper or lower case; `%` and `_` are wildcards."""

    @property
    def is_ascending(self) -> bool:
        """Whether the oldest passages come first."""
        return self.ascending is not False


@operation
class DeleteAgentPassage(Operation[None]):
    """Delete a passage of an agent.

    Letta 0.16.8 deletes the passage whichever archive it is in, and does not read the agent.

    Raises:
        NotFoundError: There is no such passage, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/agents/{agent_id}/archival-memory/{memory_id}")

    memory_id: InPath[Segment]
    """ID of the passage, `passage-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class SearchAgentPassages(Operation[PassageSearchResponse]):
    """Search the passages in the archive of an agent by meaning, or by words if the agent has no embedding model.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/archival-memory/search")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    query: InQuery[str]
    """Text to search for; a blank one finds nothing."""
    tags: InQuery[list[str] | None] = UNSET
    """Find passages with these tags. Letta 0.16.8 looks for them in the `top_k` most similar passages alone."""
    tag_match_mode: InQuery[Literal["any", "all"]] = UNSET
    """Find passages with `any` or with `all` of the tags. Server default: `any`."""
    top_k: InQuery[PageSize | None] = UNSET
    """Maximum number of results. Server default: 5."""
    start_datetime: InQuery[datetime | None] = UNSET
    """Find passages created at this time or later."""
    end_datetime: InQuery[datetime | None] = UNSET
    """Find passages created at this time or earlier."""


@operation
class SearchPassages(Operation[list[PassageSearchResponseItem]]):
    """Search the passages of an archive, of an agent, or of all archives.

    The search is by meaning if the agent or the archive has an embedding model; it is by words if that has none. If
    neither is passed, Letta 0.16.8 uses the model of any agent.

    Returns:
        The passages that were found, the most similar first; without a `query`, the oldest first.

    Raises:
        NotFoundError: There is no such agent or archive, and `query` is passed.

    """

    http: ClassVar[Endpoint] = POST("/v1/passages/search", repeatable=True, body_required=True)

    query: InBody[str | None] = UNSET
    """Text to search for. Default: none, all passages."""
    agent_id: InBody[AgentId | None] = UNSET
    """Search the archive of this agent, `agent-<uuid4>`. Letta 0.16.8 ignores `archive_id` beside it."""
    archive_id: InBody[ArchiveId | None] = UNSET
    """Search this archive, `archive-<uuid4>`."""
    tags: InBody[list[str] | None] = UNSET
    """Find passages with these tags. Letta 0.16.8 looks for them in the `limit` most similar passages alone."""
    tag_match_mode: InBody[Literal["any", "all"]] = UNSET
    """Find passages with `any` or with `all` of the tags. Server default: `any`."""
    limit: InBody[SearchSize] = UNSET
    """Maximum number of passages to find, 1 to 100. Server default: 50."""
    start_date: InBody[datetime | None] = UNSET
    """Find passages created at this time or later."""
    end_date: InBody[datetime | None] = UNSET
    """Find passages created at this time or earlier."""
