"""What the server remembers: agents, blocks, conversations and messages, in memory.

Only data and the rules that keep it whole; what a request means stands with its handler.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import attrs

from letta_async.testing._errors import database_error

__all__ = [
    "Agent",
    "Block",
    "Conversation",
    "Message",
    "Record",
    "Store",
    "check_stored",
    "checked_limit",
    "like",
    "new_id",
    "page",
]


def new_id(prefix: str) -> str:
    """Make an id: the prefix, a hyphen and a version 4 UUID."""
    return f"{prefix}-{uuid.uuid4()}"


@attrs.define(kw_only=True)
class Record:
    """What every row has. `sequence` orders rows of the same moment by their making."""

    id: str
    sequence: int
    created_at: datetime


@attrs.define(kw_only=True)
class Block(Record):
    """A block of memory. `written` grows with each change: the database hands changed rows out last."""

    fields: dict[str, Any]
    tags: list[str] = attrs.field(factory=list[str])
    written: int

    @property
    def label(self) -> str:
        """The name it has in the prompt."""
        label: str = self.fields["label"]
        return label

    @property
    def value(self) -> str:
        """Its text."""
        value: str = self.fields["value"]
        return value

    @property
    def description(self) -> str | None:
        """What it is for."""
        description: str | None = self.fields["description"]
        return description

    @property
    def limit(self) -> int:
        """How many characters it should hold."""
        limit: int = self.fields["limit"]
        return limit

    @property
    def read_only(self) -> bool:
        """Whether the agent may not change it."""
        read_only: bool = self.fields["read_only"]
        return read_only


@attrs.define(kw_only=True)
class Message(Record):
    """A message. The text of a tool's return is the id of the call."""

    agent_id: str
    conversation_id: str | None
    role: Literal["system", "user", "assistant", "tool"]
    text: str
    deleted: bool = False


@attrs.define(kw_only=True)
class Agent(Record):
    """An agent. `fields` holds what is only stored and shown; `stored` counts its messages, deleted ones included."""

    updated_at: datetime
    system: str
    agent_type: str
    timezone: str
    message_ids: list[str]
    block_ids: list[str]
    tags: list[str]
    llm_config: dict[str, Any]
    embedding_config: dict[str, Any] | None
    compaction_settings: dict[str, Any]
    secrets: list[dict[str, Any]]
    fields: dict[str, Any]
    stored: int = 0
    direct_ids: list[str] = attrs.field(factory=list[str])
    """Messages that belong to no conversation."""
    shared_ids: set[str] = attrs.field(factory=set[str])
    """Messages that some conversation has, or had, in its list."""
    conversation_ids: list[str] = attrs.field(factory=list[str])


@attrs.define(kw_only=True)
class Conversation(Record):
    """A conversation; `message_ids` in their order, the system message first."""

    agent_id: str
    updated_at: datetime
    summary: str | None
    model: str | None
    model_settings: dict[str, Any] | None
    last_message_at: datetime | None = None
    isolated_block_ids: list[str] = attrs.field(factory=list[str])
    message_ids: list[str] = attrs.field(factory=list[str])
    deleted: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.define
class Store:
    """All rows, by id. `clock` tells the time, which must be aware of its timezone."""

    clock: Callable[[], datetime] = _now
    agents: dict[str, Agent] = attrs.field(factory=dict[str, Agent])
    blocks: dict[str, Block] = attrs.field(factory=dict[str, Block])
    conversations: dict[str, Conversation] = attrs.field(factory=dict[str, Conversation])
    messages: dict[str, Message] = attrs.field(factory=dict[str, Message])
    _count: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), alias="count")

    def next(self) -> int:
        """Give the next number of the one sequence that orders everything."""
        return next(self._count)

    def add_message(
        self,
        agent: Agent,
        role: Literal["system", "user", "assistant", "tool"],
        text: str,
        *,
        conversation: Conversation | None = None,
    ) -> Message:
        """Store a message of the agent, in the conversation or in none."""
        message = Message(
            id=new_id("message"),
            sequence=self.next(),
            created_at=self.clock(),
            agent_id=agent.id,
            conversation_id=None if conversation is None else conversation.id,
            role=role,
            text=text,
        )
        self.messages[message.id] = message
        agent.stored += 1
        if conversation is None:
            agent.direct_ids.append(message.id)
        return message

    def core_memory(self, agent: Agent) -> list[Block]:
        """Give the blocks of an agent, those changed last at the end."""
        return sorted((self.blocks[block_id] for block_id in agent.block_ids), key=lambda block: block.written)

    def agents_with(self, block_id: str) -> list[Agent]:
        """Give the agents that a block is attached to."""
        return [agent for agent in self.agents.values() if block_id in agent.block_ids]

    def remove_block(self, block_id: str) -> None:
        """Delete a block and take it from every agent."""
        for agent in self.agents_with(block_id):
            agent.block_ids.remove(block_id)
        del self.blocks[block_id]

    def remove_agent(self, agent: Agent) -> None:
        """Delete an agent with its conversations and messages; its blocks stay."""
        gone = set(agent.direct_ids)
        for conversation_id in agent.conversation_ids:
            gone.update(self.conversations.pop(conversation_id).message_ids)
        for message_id in gone:
            self.messages.pop(message_id, None)
        del self.agents[agent.id]


def check_stored(*values: Any) -> None:
    """Refuse texts that the database would: with NUL characters or half a surrogate pair."""
    for value in values:
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                raise database_error() from None
            if "\x00" in value:
                raise database_error()


# --- what lists have in common --------------------------------------------------------------------------------------

R = TypeVar("R", bound=Record)


def checked_limit(limit: int | None) -> int | None:
    """Give the limit back, unless the database would refuse it."""
    if limit is not None and not 0 <= limit < 2**63:
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
    """Sort rows and cut the page between two of them out; `after` and `before` mean the order that was asked for."""
    first, last = (after, before) if ascending else (before, after)
    kept = [row for row in rows if (first is None or key(row) > key(first)) and (last is None or key(row) < key(last))]
    return sorted(kept, key=key, reverse=not ascending)[:limit]


def like(pattern: str, *, ignore_case: bool) -> Callable[[str | None], bool]:
    """Make a test for texts that contain the pattern, in which `%`, `_` and the backslash mean what they do in SQL."""
    wildcards = {"%": ".*", "_": "."}
    parts = (wildcards.get(part) or re.escape(part[-1]) for part in re.findall(r"\\.|.", f"%{pattern}%", re.DOTALL))
    compiled = re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))
    return lambda text: text is not None and compiled.fullmatch(text) is not None
