"""Handlers of memory blocks: create, read, change and delete them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final

import attrs

from letta_async.testing import _facts, _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import database_error, duplicate, no_record, not_found
from letta_async.testing._recompile import rebuild_after_edit
from letta_async.testing._rows import Block
from letta_async.testing._state import Store, check_numbers, check_stored, checked_limit, like, new_id, page
from letta_async.testing._validation import Fields
from letta_async.testing.stored import relations

__all__ = ["change", "create", "delete", "list_blocks", "list_of", "make", "retrieve", "update"]

_IN_PROMPT: Final = {"description", "label", "limit", "read_only", "value"}


def make(store: Store, body: Fields) -> Block:
    """Store and return a new block with the fields of a body."""
    fields = {name: value for name, value in body.items() if name != "tags"}
    if fields["metadata"] is None:
        fields["metadata"] = {}
    if fields["preserve_on_migration"] is None:
        fields["preserve_on_migration"] = False
    _check(fields)
    sequence = store.next()
    return store.put(
        Block(
            id=new_id("block"),
            sequence=sequence,
            created_at=store.clock(),
            fields=fields,
            tags=tuple(dict.fromkeys(body["tags"] or [])),
            written=sequence,
        )
    )


def _check(fields: dict[str, Any]) -> None:
    check_stored(*fields.values())
    if not -(2**31) <= fields.get("limit", 0) < 2**31:
        raise database_error()


def create(store: Store, call: Call) -> Any:
    """Create a block. The response has the description of a standard label, which is not stored and not shown later."""
    check_numbers(call.body["metadata"])
    answer = _wire.block(make(store, call.body))
    if answer["description"] is None:
        answer["description"] = _facts.BLOCK_DESCRIPTIONS.get(answer["label"].removeprefix("system/"))
    return answer


def retrieve(store: Store, call: Call) -> Any:
    """Return a block."""
    block_id = call.path["block_id"]
    if block_id not in store.blocks:
        raise not_found(f"Block with id '{block_id}' not found")
    return _wire.block(store.blocks[block_id])


def update(store: Store, call: Call) -> Any:
    """Change the fields that are in the body and not null; recompile agents' own prompts, but no conversation's."""
    block, changed = change(store, _existing(store, call), call.body)
    tags: list[str] | None = call.body["tags"]
    if tags is not None:
        block = store.put(attrs.evolve(block, tags=tuple(tags)))
    if _IN_PROMPT.intersection(changed):
        rebuild_after_edit(store, block.id)
    return _wire.block(block)


def change(store: Store, block: Block, body: Fields) -> tuple[Block, Collection[str]]:
    """Change the fields of a block, except its tags; return the block with the names of the fields that changed."""
    changes = {name: body[name] for name in body.given - {"tags"} if body[name] is not None}
    changes = {name: value for name, value in changes.items() if block.fields[name] != value}
    _check(changes)
    check_numbers(changes)
    if "label" in changes:
        _check_label(store, block, changes["label"])
    if changes:
        block = store.put(attrs.evolve(block, fields={**block.fields, **changes}, written=store.next()))
    return block, changes.keys()


def _check_label(store: Store, block: Block, label: str) -> None:
    for agent in store.agents_with(block.id):
        if any(store.blocks[each].label == label for each in agent.block_ids):
            raise duplicate("Block", "unique_label_per_agent", f"(agent_id, block_label)=({agent.id}, {label})")


def delete(store: Store, call: Call) -> Any:
    """Delete a block, and detach it from all agents. No prompt is recompiled."""
    store.remove_block(_existing(store, call).id)


def _existing(store: Store, call: Call) -> Block:
    block_id = call.path["block_id"]
    if block_id not in store.blocks:
        raise no_record("Block", block_id)
    return store.blocks[block_id]


def list_blocks(store: Store, call: Call) -> Any:
    """Return a page of blocks, by default the oldest first; a limit of 0 is no limit, an unknown cursor is ignored.

    If they are filtered by the number of their agents, they are in the order of their IDs.
    """
    query = call.query
    check_stored(*query.values())
    rows = [block for block in store.blocks.values() if _matches_query(block, query)]
    counts = [query[f"connected_to_agents_count_{name}"] for name in ("gt", "lt", "eq")]
    by_use = any(count is not None for count in counts)
    if by_use:
        rows = _filter_by_agent_count(store, rows, *counts)
    owned = relations.ids_of_identities(store, "blocks", query)
    if owned is not None:
        rows = [block for block in rows if block.id in owned]
    ascending, limit = query["order"] == "asc", checked_limit(query["limit"]) or None
    shown = page(
        rows,
        lambda block: (block.created_at, block.sequence),
        ascending=ascending,
        limit=None if by_use else limit,
        after=store.blocks.get(query["after"] or ""),
        before=store.blocks.get(query["before"] or ""),
    )
    if by_use:
        shown = sorted(shown, key=lambda block: block.id, reverse=not ascending)[:limit]
    return [_wire.block(block) for block in shown]


def list_of(store: Store, call: Call, block_ids: Iterable[str]) -> Any:
    """Return a page of some blocks, by default the newest first; those that do not exist are left out."""
    query = call.query
    shown = page(
        [store.blocks[block_id] for block_id in block_ids if block_id in store.blocks],
        lambda block: (block.created_at, block.sequence),
        ascending=query["order"] == "asc",
        limit=checked_limit(50 if query["limit"] is None else query["limit"]) or None,
        after=store.blocks.get(query["after"] or ""),
        before=store.blocks.get(query["before"] or ""),
    )
    return [_wire.block(block) for block in shown]


def _matches_query(block: Block, query: Fields) -> bool:
    fields = block.fields
    equal = {"label": "label", "name": "template_name", "project_id": "project_id"}
    searched = ["description", "value"] if query["label"] else ["label", "description", "value"]
    tags: list[str] = query["tags"] or []
    overlap = set(block.tags).intersection(tags)
    return (
        fields["is_template"] == query["templates_only"]
        and all(not query[name] or fields[field] == query[name] for name, field in equal.items())
        and all(
            not query[f"{name}_search"] or like(query[f"{name}_search"], ignore_case=True)(fields[name])
            for name in searched
        )
        and bool(query["show_hidden_blocks"] or not fields["hidden"])
        and (not tags or (len(overlap) == len(tags) if query["match_all_tags"] else bool(overlap)))
    )


def _filter_by_agent_count(
    store: Store, rows: list[Block], more: int | None, fewer: int | None, exactly: list[int] | None
) -> list[Block]:
    """Return the blocks whose number of agents matches; unused ones only if a condition admits 0."""
    used = Counter(block_id for agent in store.agents.values() for block_id in agent.block_ids)
    unused_too = fewer is not None or (exactly is not None and 0 in exactly)
    return [
        block
        for block in rows
        if (unused_too or used[block.id])
        and (more is None or used[block.id] > more)
        and (fewer is None or used[block.id] < fewer)
        and (exactly is None or used[block.id] in exactly)
    ]
