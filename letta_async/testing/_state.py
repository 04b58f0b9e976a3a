"""Data of the server: rows of agents, blocks, conversations and messages, in memory.

This module has only the data and its invariants; the handlers implement requests. Rows are immutable: a changed row
replaces the old one, so that the store knows which rows a request has changed.
"""

from __future__ import annotations

import math
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import attrs

from letta_async.testing._clock import system_clock
from letta_async.testing._context import is_array, is_object
from letta_async.testing._errors import database_error
from letta_async.testing._live import Live

__all__ = [
    "Agent",
    "AgentIndex",
    "Block",
    "Conversation",
    "Message",
    "Record",
    "Role",
    "Run",
    "Store",
    "StoredRow",
    "check_numbers",
    "check_stored",
    "checked_limit",
    "like",
    "new_id",
    "page",
]


def new_id(prefix: str) -> str:
    """Return a new ID: the prefix, a hyphen and a version 4 UUID."""
    return f"{prefix}-{uuid.uuid4()}"


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


@attrs.define
class AgentIndex:
    """Index of the messages and conversations of an agent, derived from their rows."""

    stored: int = 0
    """Number of the agent's messages, including deleted ones."""
    direct_ids: list[str] = attrs.field(factory=list[str])
    """IDs of messages that belong to no conversation."""
    shared_ids: set[str] = attrs.field(factory=set[str])
    """IDs of messages that a conversation has or had in `message_ids`."""
    message_ids: list[str] = attrs.field(factory=list[str])
    """IDs of all messages, the oldest first."""
    conversation_ids: list[str] = attrs.field(factory=list[str])


R = TypeVar("R", bound=Record)


_TABLES: Final[Mapping[type, str]] = {
    Agent: "agents",
    Block: "blocks",
    Conversation: "conversations",
    Message: "messages",
    Run: "runs",
    StoredRow: "rows",
}


@attrs.define
class Store:
    """All rows, by ID. `clock` returns the current time, with a timezone."""

    clock: Callable[[], datetime] = system_clock
    agents: dict[str, Agent] = attrs.field(factory=dict[str, Agent])
    blocks: dict[str, Block] = attrs.field(factory=dict[str, Block])
    conversations: dict[str, Conversation] = attrs.field(factory=dict[str, Conversation])
    messages: dict[str, Message] = attrs.field(factory=dict[str, Message])
    runs: dict[str, Run] = attrs.field(factory=dict[str, Run])
    rows: dict[str, StoredRow] = attrs.field(factory=dict[str, StoredRow])
    """Rows of the collections."""
    held: defaultdict[str, AgentIndex] = attrs.field(factory=lambda: defaultdict[str, AgentIndex](AgentIndex))
    """Index of each agent's rows, by the agent's ID."""
    changed: dict[str, Record | None] = attrs.field(factory=dict[str, Record | None])
    """Rows changed since this was last cleared, by ID; `None` for removed ones."""
    live: Live = attrs.field(factory=Live)
    """Turns and runs in progress, which are in no file."""
    _last: int = 0

    @classmethod
    def of(cls, rows: Iterable[Record], *, clock: Callable[[], datetime], live: Live | None = None) -> Store:
        """Create a store of existing rows."""
        store = cls(clock=clock, live=Live() if live is None else live)
        for row in sorted(rows, key=lambda row: row.sequence):
            store.put(row)
            written = row.written if isinstance(row, Block) else 0
            store._last = max(store._last, row.sequence, written)
        store.changed.clear()
        return store

    def next(self) -> int:
        """Return the next number of the sequence that orders all rows and changes."""
        self._last += 1
        return self._last

    def put(self, row: R) -> R:
        """Add a row, or replace the one with its ID; return it."""
        table = self._table(type(row))
        if row.id not in table:
            self._add_to_index(row)
        if isinstance(row, Conversation):
            self.held[row.agent_id].shared_ids.update(row.message_ids)
        table[row.id] = row
        self.changed[row.id] = row
        return row

    def remove(self, row: Record) -> None:
        """Remove a row, but not the rows that belong to it."""
        del self._table(type(row))[row.id]
        self.changed[row.id] = None

    def _table(self, kind: type[Record]) -> dict[str, Any]:
        table: dict[str, Any] = getattr(self, _TABLES[kind])
        return table

    def _add_to_index(self, row: Record) -> None:
        if isinstance(row, Conversation):
            self.held[row.agent_id].conversation_ids.append(row.id)
        elif isinstance(row, Message):
            held = self.held[row.agent_id]
            held.stored += 1
            held.message_ids.append(row.id)
            if row.conversation_id is None:
                held.direct_ids.append(row.id)

    def add_message(
        self,
        agent: Agent,
        role: Role,
        text: str,
        *,
        conversation: Conversation | None = None,
        **fields: Any,
    ) -> Message:
        """Add a message of an agent, in a conversation or in none; return it."""
        return self.put(
            Message(
                id=fields.pop("id", None) or new_id("message"),
                sequence=self.next(),
                created_at=self.clock(),
                agent_id=agent.id,
                conversation_id=None if conversation is None else conversation.id,
                role=role,
                text=text,
                **fields,
            )
        )

    def core_memory(self, agent: Agent) -> list[Block]:
        """Return the blocks of an agent, the last changed one last."""
        return sorted((self.blocks[block_id] for block_id in agent.block_ids), key=lambda block: block.written)

    def agents_with(self, block_id: str) -> list[Agent]:
        """Return the agents that a block is attached to."""
        return [agent for agent in self.agents.values() if block_id in agent.block_ids]

    def remove_block(self, block_id: str) -> None:
        """Remove a block, and detach it from every agent."""
        for agent in self.agents_with(block_id):
            self.put(attrs.evolve(agent, block_ids=tuple(each for each in agent.block_ids if each != block_id)))
        self.remove(self.blocks[block_id])

    def remove_agent(self, agent: Agent) -> None:
        """Remove an agent with its conversations and messages, but not its blocks."""
        held = self.held.pop(agent.id, AgentIndex())
        gone = set(held.direct_ids)
        for conversation_id in held.conversation_ids:
            conversation = self.conversations[conversation_id]
            gone.update(conversation.message_ids)
            self.remove(conversation)
        for message_id in gone & self.messages.keys():
            self.remove(self.messages[message_id])
        for run in [run for run in self.runs.values() if run.agent_id == agent.id]:
            self.remove(run)
        for row in [row for row in self.rows.values() if row.fields.get("agent_id") == agent.id]:
            self.remove(row)
        self.remove(agent)


def check_stored(*values: Any) -> None:
    """Raise a refusal for strings that the database refuses: with NUL characters or lone surrogates."""
    for value in values:
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                raise database_error() from None
            if "\x00" in value:
                raise database_error()


def check_numbers(*values: Any) -> None:
    """Raise a refusal for JSON with non-finite numbers, as the database does; a `response_format` may have some."""
    for value in values:
        if isinstance(value, float) and not math.isfinite(value):
            raise database_error()
        if is_object(value):
            check_numbers(*(each for name, each in value.items() if name != "response_format"))
        elif is_array(value):
            check_numbers(*value)


# --- shared by handlers of lists --------------------------------------------------------------------------------------


def checked_limit(limit: int) -> int:
    """Return the limit, or raise a refusal if the database refuses it."""
    if not 0 <= limit < 2**63:
        raise database_error()
    return limit


def page(
    rows: Iterable[R],
    key: Callable[[R], tuple[Any, ...]],
    *,
    ascending: bool,
    limit: int | None,
    after: R | None = None,
    before: R | None = None,
) -> list[R]:
    """Return a sorted page of rows; `after` and `before` are rows that enclose it, in the requested order."""
    first, last = (after, before) if ascending else (before, after)
    kept = [row for row in rows if (first is None or key(row) > key(first)) and (last is None or key(row) < key(last))]
    return sorted(kept, key=key, reverse=not ascending)[:limit]


def like(pattern: str, *, ignore_case: bool) -> Callable[[str | None], bool]:
    """Return a predicate on texts that contain a pattern, in which `%`, `_` and the backslash are as in SQL's LIKE."""
    wildcards = {"%": ".*", "_": "."}
    parts = (wildcards.get(part) or re.escape(part[-1]) for part in re.findall(r"\\.|.", f"%{pattern}%", re.DOTALL))
    compiled = re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))
    return lambda text: text is not None and compiled.fullmatch(text) is not None
