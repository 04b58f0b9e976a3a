"""What the requests look like: queries and bodies, as classes that the readers are made from.

Order of fields is the server's, for its messages list problems in that order. Fields whose type is `Any` are accepted
and play no part here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import attrs

from letta_async.models._fields import Range
from letta_async.models.compaction import CompactionSettings
from letta_async.models.providers import ModelSettings
from letta_async.testing import _facts
from letta_async.testing._errors import invalid_argument
from letta_async.testing._ids import IdentityId
from letta_async.testing._scalars import Text
from letta_async.testing._validation import After, Before, Enum, Undescribed

__all__ = [
    "BlockAgentsQuery",
    "BlocksQuery",
    "CompactionRequest",
    "ConversationsQuery",
    "CreateBlock",
    "CreateConversation",
    "CreateConversationQuery",
    "DirectQuery",
    "Included",
    "MessagesQuery",
    "ModelHandle",
    "Order",
    "PageLimit",
    "RecompileQuery",
    "UpdateBlock",
    "UpdateConversation",
]


Order = Literal["asc", "desc"]
PageLimit = Annotated[int, Range(minimum=0, maximum=2**63 - 1)]
_Stored = Annotated[int, Range(minimum=-(2**31), maximum=2**31 - 1)]
_Words = Annotated[str, Text(min_length=1, max_length=200)]
_Label = Annotated[str, Text(min_length=1, max_length=50, pattern=r"^[a-zA-Z0-9_/-]+$")]
_Name = Annotated[str, Text(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9 _-]+$")]
Included = Literal[
    "agent.blocks",
    "agent.identities",
    "agent.managed_group",
    "agent.pending_approval",
    "agent.secrets",
    "agent.sources",
    "agent.tags",
    "agent.tools",
]
MessageType = Annotated[
    Literal[
        "system_message",
        "user_message",
        "assistant_message",
        "reasoning_message",
        "hidden_reasoning_message",
        "tool_call_message",
        "tool_return_message",
        "approval_request_message",
        "approval_response_message",
        "summary_message",
        "event_message",
    ],
    Enum(),
]


# --- what fields are checked for ------------------------------------------------------------------------------------


def _check_model_handle(handle: str | None) -> None:
    if handle and not all(handle.partition("/")):
        raise invalid_argument("The model handle should be in the format provider/model-name")


def _without_nul(value: Any) -> Any:
    return value.replace("\x00", "") if isinstance(value, str) else value


ModelHandle = Annotated[str | None, After(_check_model_handle)]
_BlockValue = Annotated[str, Before(_without_nul)]


# --- blocks ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CreateBlock:
    """Body of creating a block, alone or with an agent."""

    value: _BlockValue
    limit: _Stored = _facts.BLOCK_LIMIT
    project_id: str | None = None
    template_name: str | None = None
    is_template: bool = False
    template_id: str | None = None
    base_template_id: str | None = None
    deployment_id: str | None = None
    entity_id: str | None = None
    preserve_on_migration: bool | None = False
    label: str
    read_only: bool = False
    description: str | None = None
    metadata: dict[str, Any] | None = attrs.field(factory=dict[str, Any])
    hidden: bool | None = None
    tags: list[str] | None = None

    @staticmethod
    def prepare(members: dict[str, Any]) -> dict[str, Any]:
        """Read a missing or null value as empty, in any object that is not empty itself."""
        return {**members, "value": ""} if members and members.get("value") is None else members


@attrs.frozen(kw_only=True)
class UpdateBlock:
    """Body of changing a block."""

    value: Annotated[str | None, Before(_without_nul)] = None
    limit: _Stored | None = None
    project_id: str | None = None
    template_name: str | None = None
    is_template: bool = False
    template_id: str | None = None
    base_template_id: str | None = None
    deployment_id: str | None = None
    entity_id: str | None = None
    preserve_on_migration: bool | None = False
    label: str | None = None
    read_only: bool = False
    description: str | None = None
    metadata: dict[str, Any] | None = None
    hidden: bool | None = None
    tags: list[str] | None = None


@attrs.frozen(kw_only=True)
class BlocksQuery:
    """Query of listing blocks."""

    label: _Label | None = None
    templates_only: bool = False
    name: _Name | None = None
    identity_id: IdentityId | None = None
    identifier_keys: list[str] | None = None
    project_id: str | None = None
    tags: list[str] | None = None
    match_all_tags: bool = False
    limit: PageLimit | None = 50
    before: str | None = None
    after: str | None = None
    order: Order = "asc"
    order_by: Literal["created_at"] = "created_at"
    label_search: _Label | None = None
    description_search: _Words | None = None
    value_search: _Words | None = None
    connected_to_agents_count_gt: int | None = None
    connected_to_agents_count_lt: int | None = None
    connected_to_agents_count_eq: list[int] | None = None
    show_hidden_blocks: Annotated[bool | None, Undescribed()] = False


@attrs.frozen(kw_only=True)
class BlockAgentsQuery:
    """Query of listing the agents that a block is attached to."""

    before: str | None = None
    after: str | None = None
    limit: PageLimit | None = 50
    order: Order = "desc"
    order_by: Literal["created_at"] = "created_at"
    include_relationships: list[str] | None = None
    include: list[Included] = attrs.field(factory=list[Included])


# --- conversations --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CreateConversation:
    """Body of creating a conversation."""

    summary: str | None = None
    isolated_block_labels: list[str] | None = None
    model: ModelHandle = None
    model_settings: ModelSettings | None = None


@attrs.frozen(kw_only=True)
class UpdateConversation:
    """Body of changing a conversation."""

    summary: str | None = None
    model: ModelHandle = None
    model_settings: ModelSettings | None = None
    last_message_at: datetime | None = None


@attrs.frozen(kw_only=True)
class CompactionRequest:
    """Body of recompiling and of compacting."""

    agent_id: str | None = None
    compaction_settings: CompactionSettings | None = None


@attrs.frozen(kw_only=True)
class CreateConversationQuery:
    """Query of creating a conversation."""

    agent_id: str


@attrs.frozen(kw_only=True)
class ConversationsQuery:
    """Query of listing conversations."""

    agent_id: str | None = None
    limit: PageLimit = 50
    after: str | None = None
    summary_search: str | None = None
    order: Order = "desc"
    order_by: Literal["created_at", "last_run_completion", "last_message_at"] = "created_at"


@attrs.frozen(kw_only=True)
class DirectQuery:
    """Query of forking and of cancelling."""

    agent_id: str | None = None


@attrs.frozen(kw_only=True)
class RecompileQuery:
    """Query of recompiling a conversation."""

    dry_run: bool = False


@attrs.frozen(kw_only=True)
class MessagesQuery:
    """Query of listing messages."""

    agent_id: str | None = None
    before: str | None = None
    after: str | None = None
    limit: PageLimit | None = 100
    order: Order = "desc"
    order_by: Literal["created_at"] = "created_at"
    group_id: str | None = None
    include_err: bool | None = None
    include_return_message_types: list[MessageType] | None = None
