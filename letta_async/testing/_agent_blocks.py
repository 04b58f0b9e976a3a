"""The blocks of an agent: reading and changing them by label, attaching and detaching them by id."""

from __future__ import annotations

from typing import Any

import attrs

from letta_async.testing import _blocks, _facts, _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, duplicate, no_record, not_found
from letta_async.testing._recompile import rebuild
from letta_async.testing._state import Agent, Block, Store, check_stored, checked_limit

__all__ = ["attach", "detach", "list_blocks", "retrieve", "update"]


def list_blocks(store: Store, call: Call) -> Any:
    """List the blocks of an agent in the order of their ids, which is also what the cursors are compared with."""
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
    """Show the block that has a label."""
    return _wire.block(_labelled(store, _agent(store, call), call))


def update(store: Store, call: Call) -> Any:
    """Change the block that has a label; of all prompts, only the agent's own follows. Tags fail after the rest."""
    agent, body = _agent(store, call), call.body
    block, _ = _blocks.change(store, _labelled(store, agent, call), body)
    if body["tags"]:
        raise _untagged(block, body["tags"])
    if body["tags"] is not None:
        block = store.put(attrs.evolve(block, tags=()))
    rebuild(store, agent, update_timestamp=False, dry_run=False)
    return _wire.block(block)


def attach(store: Store, call: Call) -> Any:
    """Attach a block, unless it is; no prompt follows that."""
    agent, block_id = _agent(store, call), call.path["block_id"]
    block = store.blocks.get(block_id)
    if block is None:
        raise no_record("Block", block_id)
    if block_id not in agent.block_ids:
        if any(store.blocks[each].label == block.label for each in agent.block_ids):
            raise duplicate("Block", "unique_label_per_agent", f"(agent_id, block_label)=({agent.id}, {block.label})")
        agent = _with_blocks(store, agent, (*agent.block_ids, block_id))
    return _wire.agent(agent, store)


def detach(store: Store, call: Call) -> Any:
    """Detach a block, which stays; no prompt follows that."""
    agent, block_id = _agent(store, call), call.path["block_id"]
    if block_id not in agent.block_ids:
        raise not_found(f"No block with id '{block_id}' found for agent '{agent.id}' with actor id: '{_facts.USER_ID}'")
    agent = _with_blocks(store, agent, tuple(each for each in agent.block_ids if each != block_id))
    return _wire.agent(agent, store)


def _untagged(block: Block, tags: list[str]) -> Refusal:
    """Refuse tags as the database does, which is not told the organization that they belong to."""
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


def _labelled(store: Store, agent: Agent, call: Call) -> Block:
    label = call.path["block_label"]
    for block in store.core_memory(agent):
        if block.label == label:
            return block
    raise not_found(f"No block with label '{label}' found for agent '{agent.id}'")


def _with_blocks(store: Store, agent: Agent, block_ids: tuple[str, ...]) -> Agent:
    return store.put(attrs.evolve(agent, block_ids=block_ids, updated_at=store.clock()))
