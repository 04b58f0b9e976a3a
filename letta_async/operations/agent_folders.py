"""Calls under `/v1/agents/{agent_id}/folders`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from letta_async._schema.fields import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import Listing
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
class ListAgentFolders(Listing[Folder]):
    """List the folders of an agent.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/folders")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of folders per page. Server default: 100."""
    after: InQuery[FolderId | None] = UNSET
    """Start after the folder with this ID, in the order of the list; in ascending order, Letta 0.16.8 has `after` and
    `before` reversed. An unknown ID is ignored."""
    before: InQuery[FolderId | None] = UNSET
    """End before the folder with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""

    def following(self, page: list[Folder]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `before` in ascending order."""
        following = super().following(page)
        return {"before": following["after"]} if following and self.order == "asc" else following


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
