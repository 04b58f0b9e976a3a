"""Rows of the server's data: agents, blocks, conversations, messages, runs, and what collections store.

Rows are immutable: a changed row replaces the old one, so that the store knows which rows a request has changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import attrs

__all__ = ["Agent", "Block", "Conversation", "Message", "Record", "Role", "Run", "StoredRow"]


@attrs.frozen(kw_only=True)
class Record:
    """Base class of rows. `sequence` orders rows with the same time by their creation."""

    id: str
    sequence: int
    created_at: datetime


@attrs.frozen(kw_only=True)
class Block(Record):
    """A memory block. `written` is the sequence number of its last change: the database returns changed rows last."""

    fields: dict[str, Any]
    tags: tuple[str, ...] = ()
    written: int

    @property
    def label(self) -> str:
        """The block's name in the prompt."""
        label: str = self.fields["label"]
        return label

    @property
    def value(self) -> str:
        """The block's text."""
        value: str = self.fields["value"]
        return value

    @property
    def description(self) -> str | None:
        """The block's purpose."""
        description: str | None = self.fields["description"]
        return description

    @property
    def limit(self) -> int:
        """Maximum length of the value in characters, which is not enforced."""
        limit: int = self.fields["limit"]
        return limit

    @property
    def read_only(self) -> bool:
        """Whether the agent may only read the block."""
        read_only: bool = self.fields["read_only"]
        return read_only


Role = Literal["system", "user", "assistant", "tool", "approval"]
"""Role of a message; `approval` is both the request for one and the response to it."""


@attrs.frozen(kw_only=True)
class Message(Record):
    """A message. One with the role `tool` and no `returns` ends an agent's first message: its text is a call's ID."""

    agent_id: str
    conversation_id: str | None
    role: Role
    text: str
    deleted: bool = False
    parts: tuple[dict[str, Any], ...] = ()
    """Content in parts, where it is more than one text."""
    name: str | None = None
    sender_id: str | None = None
    otid: str | None = None
    step_id: str | None = None
    run_id: str | None = None
    reasoning: str = ""
    calls: tuple[dict[str, Any], ...] = ()
    """Tool calls: `name`, `arguments` and `tool_call_id`."""
    returns: tuple[dict[str, Any], ...] = ()
    """What tools returned."""
    decision: dict[str, Any] | None = None
    """Response to a request for an approval."""
    summary: bool = False
    """Whether it stands for earlier messages."""

    @property
    def is_approval_request(self) -> bool:
        """Whether it waits for an approval."""
        return self.role == "approval" and self.decision is None


@attrs.frozen(kw_only=True)
class Run(Record):
    """A run: what becomes of one turn."""

    agent_id: str
    conversation_id: str | None = None
    status: Literal["created", "running", "completed", "failed", "cancelled"] = "created"
    stop_reason: str | None = None
    completed_at: datetime | None = None
    background: bool = False
    metadata: dict[str, Any] = attrs.field(factory=dict[str, Any])
    request_config: dict[str, Any] = attrs.field(factory=dict[str, Any])
    callback_url: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in {"created", "running"}


@attrs.frozen(kw_only=True)
class Agent(Record):
    """An agent. `fields` has the fields that are only stored and returned."""

    updated_at: datetime
    system: str
    agent_type: str
    timezone: str
    message_ids: tuple[str, ...]
    block_ids: tuple[str, ...]
    tags: tuple[str, ...]
    llm_config: dict[str, Any]
    embedding_config: dict[str, Any] | None
    compaction_settings: dict[str, Any]
    secrets: tuple[dict[str, Any], ...]
    fields: dict[str, Any]
    tool_ids: tuple[str, ...] = ()
    folder_ids: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Conversation(Record):
    """A conversation. `message_ids` are in order, with the system message first."""

    agent_id: str
    updated_at: datetime
    summary: str | None
    model: str | None
    model_settings: dict[str, Any] | None
    last_message_at: datetime | None = None
    isolated_block_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    deleted: bool = False
    left: dict[str, int] = attrs.field(factory=dict[str, int])
    """Messages that were summarized, each with the place that it had."""


@attrs.frozen(kw_only=True)
class StoredRow(Record):
    """A row of a collection, whose fields are only stored and returned."""

    collection: str
    """Name of the collection, such as `archives`."""
    updated_at: datetime
    fields: dict[str, Any]
