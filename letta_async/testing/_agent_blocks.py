"""Handlers of an agent's blocks: read and change them by label, attach and detach them by ID."""

from __future__ import annotations

from typing import Any

import attrs

from letta_async.testing import _blocks, _facts, _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, duplicate, no_record, not_found
from letta_async.testing._recompile import rebuild
from letta_async.testing._rows import Agent, Block
from letta_async.testing._state import Store, check_stored, checked_limit

__all__ = ["attach", "attach_to", "detach", "list_blocks", "retrieve", "update"]


def list_blocks(store: Store, call: Call) -> Any:
    """Return the blocks of an agent in the order of their IDs, to which the cursors also refer."""
    agent, query = _agent(store, call), call.query
    limit = checked_limit(query["limit"] or 0) or None
    check_stored(query["after"], query["before"])
    ascending = query["order"] == "asc"
    first, last = (query["after"], query["before"]) if ascending else (query["before"], query["after"])
    ids = [
        block_id
        for block_id in sorted(agent.block_ids, reverse=not ascending)
        if (not first or block_id > first) and (not last or block_id < last)
    ]
    return [_wire.block(store.blocks[block_id]) for block_id in ids[:limit]]


def retrieve(store: Store, call: Call) -> Any:
    """Return the block with a label."""
    return _wire.block(_block_with_label(store, _agent(store, call), call))


def update(store: Store, call: Call) -> Any:
    """Change the block with a label, then recompile only the agent's own prompt. Tags fail after the rest is stored."""
    agent, body = _agent(store, call), call.body
    block, _ = _blocks.change(store, _block_with_label(store, agent, call), body)
    if body["tags"]:
        raise _tags_refusal(block, body["tags"])
    if body["tags"] is not None:
        block = store.put(attrs.evolve(block, tags=()))
    rebuild(store, agent, update_timestamp=False, dry_run=False)
    return _wire.block(block)


def attach(store: Store, call: Call) -> Any:
    """Attach a block, if it is not attached; no prompt is recompiled."""
    agent, block_id = _agent(store, call), call.path["block_id"]
    block = store.blocks.get(block_id)
    if block is None:
        raise no_record("Block", block_id)
    return _wire.agent(attach_to(store, agent, block), store)


def attach_to(store: Store, agent: Agent, block: Block) -> Agent:
    """Attach a block to an agent, if it is not attached; return the agent."""
    if block.id not in agent.block_ids:
        if any(store.blocks[each].label == block.label for each in agent.block_ids):
            raise duplicate("Block", "unique_label_per_agent", f"(agent_id, block_label)=({agent.id}, {block.label})")
        agent = _with_blocks(store, agent, (*agent.block_ids, block.id))
    return agent


def detach(store: Store, call: Call) -> Any:
    """Detach a block, without deleting it; no prompt is recompiled."""
    agent, block_id = _agent(store, call), call.path["block_id"]
    if block_id not in agent.block_ids:
        raise not_found(f"No block with id '{block_id}' found for agent '{agent.id}' with actor id: '{_facts.USER_ID}'")
    agent = _with_blocks(store, agent, tuple(each for each in agent.block_ids if each != block_id))
    return _wire.agent(agent, store)


def _tags_refusal(block: Block, tags: list[str]) -> Refusal:
    """Return the database's refusal of tags: the server stores them here without their organization."""
    origin = (
        "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.NotNullViolationError'>"
    )
    reason = 'null value in column "organization_id" of relation "blocks_tags" violates not-null constraint'
    return Refusal(409, {"detail": f"{origin}: {reason}\nDETAIL:  Failing row contains ({block.id}, {tags[0]}, null)."})


def _agent(store: Store, call: Call) -> Agent:
    agent_id = call.path["agent_id"]
    if agent_id not in store.agents:
        raise no_record("Agent", agent_id)
    return store.agents[agent_id]


def _block_with_label(store: Store, agent: Agent, call: Call) -> Block:
    label = call.path["block_label"]
    for block in store.core_memory(agent):
        if block.label == label:
            return block
    raise not_found(f"No block with label '{label}' found for agent '{agent.id}'")


def _with_blocks(store: Store, agent: Agent, block_ids: tuple[str, ...]) -> Agent:
    return store.put(attrs.evolve(agent, block_ids=block_ids, updated_at=store.clock()))
