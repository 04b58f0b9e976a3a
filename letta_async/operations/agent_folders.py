"""Calls under `/v1/agents/{agent_id}/folders`."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    AgentId,
    Endpoint,
    FolderId,
    InPath,
    InQuery,
    Operation,
    operation,
)
from letta_async.types.agent import AgentState
from letta_async.types.folder import Folder

__all__ = ["AttachFolder", "DetachFolder", "ListAgentFolders"]


@operation
class ListAgentFolders(CreationOrder, IdListing[Folder]):
    """List the folders of an agent.

    Letta 0.16.8 sorts them by age, but compares the IDs of `after` and `before` with theirs, so that these select
    folders at random. An iteration therefore requests longer and longer pages instead.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/folders")
    turns: ClassVar[bool] = False
    item: ClassVar[str] = "folder"
    default_limit: ClassVar[int] = 100

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    after: InQuery[FolderId | None] = UNSET
    """Start after the folder with this ID; on Letta 0.16.8, list folders with greater IDs."""
    before: InQuery[FolderId | None] = UNSET
    """End before the folder with this ID; on Letta 0.16.8, list folders with smaller IDs."""

    def following(self, page: list[Folder]) -> Mapping[str, Any]:
        """Return the parameter that requests a page of twice the length, if this one is full."""
        limit = self.limit or self.default_limit
        return {"limit": 2 * limit} if len(page) >= limit else {}

    def is_astray(self, page: list[Folder], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return false: a longer page may have nothing new."""
        return False


@operation
class AttachFolder(Operation[AgentState | None]):
    """Attach a folder to an agent. Attaching it again changes nothing.

    The agent gets tools that search and open files, and the files of the folder; files that are uploaded later are
    added as well. Prompts change when they are recompiled.

    Raises:
        NotFoundError: There is no such agent or folder.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/folders/attach/{folder_id}", body_required=False)

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class DetachFolder(Operation[AgentState | None]):
    """Detach a folder from an agent, with its files; the tools for files go with the last folder.

    A folder that is not attached, or does not exist, changes nothing on Letta 0.16.8.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/folders/detach/{folder_id}", body_required=False)

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
