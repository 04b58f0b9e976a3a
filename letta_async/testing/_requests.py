"""What the requests look like: queries and bodies, as classes that the readers are made from.

A class names the models' call that it belongs to, and takes from there the types of those fields that it says none for.
Order and defaults are the server's, and its messages list problems in that order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import attrs

from letta_async._schema.annotations import members_by_tag, value_members
from letta_async.operations import agent_blocks, blocks, conversation_messages, conversations
from letta_async.testing import _facts
from letta_async.testing._errors import invalid_argument
from letta_async.testing._ids import IdentityId
from letta_async.testing._request_classes import REQUIRED, reads
from letta_async.testing._scalars import Text
from letta_async.testing._validation import After, Before, Enum, SchemaHint, Undescribed, known_members
from letta_async.types import message

__all__ = [
    "AgentBlocksQuery",
    "BlockAgentsQuery",
    "BlocksQuery",
    "CompactionRequest",
    "ConversationsQuery",
    "CreateBlock",
    "CreateConversation",
    "CreateConversationQuery",
    "DirectQuery",
    "MessageType",
    "MessagesQuery",
    "ModelHandle",
    "Order",
    "PageLimit",
    "RecompileQuery",
    "UpdateBlock",
    "UpdateConversation",
]


Order = Literal["asc", "desc"]
PageLimit = Annotated[int, SchemaHint(lambda: {"minimum": 0, "maximum": 2**63 - 1})]
_Stored = Annotated[int, SchemaHint(lambda: {"minimum": -(2**31), "maximum": 2**31 - 1})]
_Words = Annotated[str, Text(min_length=1, max_length=200)]
_Label = Annotated[str, Text(min_length=1, max_length=50, pattern=r"^[a-zA-Z0-9_/-]+$")]
_Name = Annotated[str, Text(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9 _-]+$")]
MessageType = Annotated[str, Enum(words=tuple(members_by_tag(known_members(value_members(message.Message)))[1]))]


# --- what fields are checked for ------------------------------------------------------------------------------------


def _check_model_handle(handle: str | None) -> None:
    if handle and not all(handle.partition("/")):
        raise invalid_argument("The model handle should be in the format provider/model-name")


def _without_nul(value: Any) -> Any:
    return value.replace("\x00", "") if isinstance(value, str) else value


ModelHandle = Annotated[str | None, After(_check_model_handle)]
_BlockValue = Annotated[str, Before(_without_nul)]


# --- blocks ---------------------------------------------------------------------------------------------------------


@reads(blocks.CreateBlock)
class CreateBlock:
    """Body of creating a block, alone or with an agent."""

    value: _BlockValue = REQUIRED
    limit: _Stored = _facts.BLOCK_LIMIT
    project_id = None
    template_name: str | None = None
    is_template: bool = False
    template_id: str | None = None
    base_template_id: str | None = None
    deployment_id: str | None = None
    entity_id: str | None = None
    preserve_on_migration: bool | None = False
    label = REQUIRED
    read_only = False
    description = None
    metadata = attrs.field(factory=dict[str, Any])
    hidden = None
    tags = None

    @staticmethod
    def prepare(members: dict[str, Any]) -> dict[str, Any]:
        """Read a missing or null value as empty, in any object that is not empty itself."""
        return {**members, "value": ""} if members and members.get("value") is None else members


@reads(blocks.UpdateBlock)
class UpdateBlock:
    """Body of changing a block."""

    value: Annotated[str | None, Before(_without_nul)] = None
    limit: _Stored | None = None
    project_id = None
    template_name: str | None = None
    is_template: bool = False
    template_id: str | None = None
    base_template_id: str | None = None
    deployment_id: str | None = None
    entity_id: str | None = None
    preserve_on_migration: bool | None = False
    label = None
    read_only = False
    description = None
    metadata = None
    hidden = None
    tags = None


@reads(blocks.ListBlocks)
class BlocksQuery:
    """Query of listing blocks."""

    label: _Label | None = None
    templates_only = False
    name: _Name | None = None
    identity_id: IdentityId | None = None
    identifier_keys: list[str] | None = None
    project_id = None
    tags = None
    match_all_tags = False
    limit: PageLimit | None = 50
    before = None
    after = None
    order = "asc"
    order_by: Literal["created_at"] = "created_at"
    label_search: _Label | None = None
    description_search: _Words | None = None
    value_search: _Words | None = None
    connected_to_agents_count_gt: int | None = None
    connected_to_agents_count_lt: int | None = None
    connected_to_agents_count_eq: list[int] | None = None
    show_hidden_blocks: Annotated[bool | None, Undescribed()] = False


@reads(blocks.ListBlockAgents)
class BlockAgentsQuery:
    """Query of listing the agents that a block is attached to."""

    before = None
    after = None
    limit: PageLimit | None = 50
    order = "desc"
    order_by: Literal["created_at"] = "created_at"
    include_relationships: list[str] | None = None
    include = attrs.field(factory=list[str])


@reads(agent_blocks.ListAgentBlocks)
class AgentBlocksQuery:
    """Query of listing the blocks of an agent."""

    before = None
    after = None
    limit: PageLimit | None = 100
    order = "desc"
    order_by = "created_at"


# --- conversations --------------------------------------------------------------------------------------------------


@reads(conversations.CreateConversation)
class CreateConversation:
    """Body of creating a conversation."""

    summary = None
    isolated_block_labels = None
    model: ModelHandle = None
    model_settings = None


@reads(conversations.UpdateConversation)
class UpdateConversation:
    """Body of changing a conversation."""

    summary = None
    model: ModelHandle = None
    model_settings = None
    last_message_at = None


@reads(conversations.Recompile)
class CompactionRequest:
    """Body of recompiling and of compacting."""

    agent_id = None
    compaction_settings = None


@reads(conversations.CreateConversation)
class CreateConversationQuery:
    """Query of creating a conversation."""

    agent_id = REQUIRED


@reads(conversations.ListConversations)
class ConversationsQuery:
    """Query of listing conversations."""

    agent_id = None
    limit: PageLimit = 50
    after = None
    summary_search = None
    order = "desc"
    order_by = "created_at"


@reads(conversations.ForkConversation)
class DirectQuery:
    """Query of forking and of cancelling."""

    agent_id = None


@reads(conversations.Recompile)
class RecompileQuery:
    """Query of recompiling a conversation."""

    dry_run = False


@reads(conversation_messages.ListMessages)
class MessagesQuery:
    """Query of listing messages."""

    agent_id = None
    before = None
    after = None
    limit: PageLimit | None = 100
    order = "desc"
    order_by: Literal["created_at"] = "created_at"
    group_id = None
    include_err = None
    include_return_message_types: list[MessageType] | None = None
