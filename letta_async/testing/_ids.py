"""Types of IDs, with the length and pattern that the server checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from letta_async.testing._errors import uuid_pattern
from letta_async.testing._scalars import Text

__all__ = ["BlockId", "IdentityId", "MessageId", "SourceId", "ToolId", "path_parameter"]


def _id_text(prefix: str) -> Text:
    length = len(prefix) + 1 + 36
    return Text(min_length=length, max_length=length, pattern=uuid_pattern(prefix))


AgentId = Annotated[str, _id_text("agent")]
BlockId = Annotated[str, _id_text("block")]
FileId = Annotated[str, _id_text("file")]
ConversationId = Annotated[str, _id_text("conv")]
MessageId = Annotated[str, _id_text("message")]
IdentityId = Annotated[str, _id_text("identity")]
ArchiveId = Annotated[str, _id_text("archive")]
GroupId = Annotated[str, _id_text("group")]
PassageId = Annotated[str, _id_text("passage")]
SourceId = Annotated[str, _id_text("source")]
ToolId = Annotated[str, _id_text("tool")]
_ANY_ID: Final = "|".join(("default", uuid_pattern("conv")[1:-1], uuid_pattern("agent")[1:-1]))
ConversationOrDefault = Annotated[str, Text(min_length=1, max_length=42, pattern=f"^({_ANY_ID})$")]

_PATH_PARAMETERS: Final[Mapping[str, tuple[str, Any]]] = {
    "agent_id": ("agent_id", AgentId),
    "block_id": ("block_id", BlockId),
    "conversation_id": ("conversation_id", ConversationId),
    "file_id": ("file_id", FileId),
    "folder_id": ("folder_id", SourceId),
    "message_id": ("message_id", MessageId),
    "archive_id": ("archive_id", ArchiveId),
    "group_id": ("group_id", GroupId),
    "identity_id": ("identity_id", IdentityId),
    "passage_id": ("passage_id", PassageId),
    "tool_id": ("tool_id", ToolId),
    "conversation_or_default": ("conversation_id", ConversationOrDefault),
}


def path_parameter(name: str) -> tuple[str, Any]:
    """Return the server's name of a parameter in a route's path, and its annotation: `str` unless it is validated."""
    return _PATH_PARAMETERS.get(name, (name, str))
