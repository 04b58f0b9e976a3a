"""Calls under `/v1/agents/{agent_id}/files`."""

from __future__ import annotations

from typing import ClassVar, Literal

from letta_async._schema.constraints import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, CursorListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    AgentId,
    Endpoint,
    FileId,
    InPath,
    InQuery,
    Operation,
    operation,
)
from letta_async.types.folder import AgentFileAttachment

__all__ = ["CloseAllFiles", "CloseFile", "ListAgentFiles", "OpenFile"]


@operation
class ListAgentFiles(CreationOrder, CursorListing[AgentFileAttachment]):
    """List the files of an agent's folders.

    Letta 0.16.8 lists them in the order of their ID, unless `after` or `before` is passed: then it sorts by age, but
    compares with the ID, so that files can be missing.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/files")
    items_in: ClassVar[str] = "files"
    cursor_in: ClassVar[str] = "next_cursor"
    more_in: ClassVar[str | None] = "has_more"

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of files per page. Server default: 100."""
    after: InQuery[str | None] = UNSET
    """Start after the file whose relation to the agent has this ID."""
    before: InQuery[str | None] = UNSET
    """End before the file whose relation to the agent has this ID. Only the first page can be fetched with it."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest; counts with `after` or `before`. Server default: `desc`."""
    cursor: InQuery[str | None] = UNSET
    """Start after the page that had this cursor; an iteration sets it by itself."""
    is_open: InQuery[bool | None] = UNSET
    """List only files that are open in the agent's context, or only others."""


@operation
class OpenFile(Operation[list[str]]):
    """Open a file in an agent's context.

    The agent then sees the file's text, cut at its limit of characters per file. If too many files are open, those that
    were used least recently are closed.

    Raises:
        NotFoundError: There is no such file.
        BadRequestError: There is no such agent.

    Returns:
        The names of the files that were closed for it.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/files/{file_id}/open", body_required=False)

    file_id: InPath[FileId]
    """`file-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class CloseFile(Operation[None]):
    """Close a file in an agent's context. Closing it again changes nothing.

    Raises:
        NotFoundError: The agent has no such file.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/files/{file_id}/close", body_required=False)

    file_id: InPath[FileId]
    """`file-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class CloseAllFiles(Operation[list[str]]):
    """Close all files that are open in an agent's context. Letta 0.16.8 closes none for an agent that does not exist.

    Returns:
        The names of the files that were closed.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/files/close-all", body_required=False)

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
