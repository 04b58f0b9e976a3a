"""Store of the server: all rows, in memory, and what handlers of lists share.

This module has only the store and its invariants; the handlers implement requests.
"""

from __future__ import annotations

import math
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import attrs

from letta_async.testing._clock import system_clock
from letta_async.testing._context import is_array, is_object
from letta_async.testing._errors import database_error
from letta_async.testing._live import Live
from letta_async.testing._rows import Agent, Block, Conversation, Message, Record, Role, Run, StoredRow

__all__ = [
    "AgentIndex",
    "Store",
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
