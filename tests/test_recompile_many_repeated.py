"""Repeated targets: each is recompiled once, and every repetition has its outcome."""

from __future__ import annotations

import asyncio
import enum
from collections import Counter
from typing import Any

import pytest

from letta_async import APIConnectionError, AsyncLetta, CompactionSettings, Recompile
from letta_async.errors import Attempt
from letta_async.testing import EmbeddedServer
from tests.batches import batch, fine, gathered, ids, server
from tests.ids import AGENT

__all__ = ["ids", "server"]


@pytest.mark.parametrize(
    ("options", "targets", "groups"),
    [
        ({}, [{}, {"dry_run": True}, {"dry_run": False}], [0, 1, 0]),
        ({"dry_run": True}, [{}, {"dry_run": True}, {"dry_run": False}], [0, 0, 1]),
        ({}, [{}, {"compaction_settings": {"mode": "all"}}, {"compaction_settings": None}], [0, 1, 2]),
        (
            {"compaction_settings": {"mode": "all"}},
            [{}, {"compaction_settings": CompactionSettings(mode="all")}, {"compaction_settings": {"mode": "x"}}],
            [0, 0, 1],
        ),
        ({}, [{"agent_id": AGENT}, {"agent_id": AGENT}, {"agent_id": AGENT.replace("0", "1", 1)}], [0, 0, 1]),
        ({"agent_id": AGENT}, [{}, {"agent_id": AGENT}, {"agent_id": None}], [0, 0, 1]),
    ],
)
@pytest.mark.filterwarnings("ignore:agent_id has no effect")
async def test_what_differs_is_work_of_its_own(
    server: EmbeddedServer, ids: list[str], options: dict[str, Any], targets: list[dict[str, Any]], groups: list[int]
) -> None:
    made = [Recompile(conversation_id=ids[0], **own) for own in targets]
    server.requests.clear()
    async with AsyncLetta(base_url=server.base_url) as client:
        found = {id(o.target): o async for o in client.conversations.recompile_many(made, **options)}
    repeated = [found[id(target)].repeated for target in made]
    assert repeated == [group in groups[:place] for place, group in enumerate(groups)]
    dry = [bool(own.get("dry_run", options.get("dry_run"))) for own in targets]
    statuses = [found[id(target)].status for target in made if found[id(target)].ok]
    assert statuses == ["compiled" if each else "recompiled" for each in dry][: len(statuses)]


async def test_both_a_dry_run_and_the_real_one_are_done(server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        block = (await client.blocks.create(label="human", value="Ada")).id
        agent = (await client.agents.create(name="a", model="letta/letta-free", block_ids=[block])).id
        one = (await client.conversations.create(agent_id=agent)).id
        await client.blocks.update(block, value="Grace")
        targets = [Recompile(conversation_id=one, dry_run=True), Recompile(conversation_id=one)]
        outcomes = {id(o.target): o async for o in client.conversations.recompile_many(targets)}
        assert [outcomes[id(target)].status for target in targets] == ["compiled", "recompiled"]
        assert not (await client.conversations.staleness(one)).stale


class _Id(str, enum.Enum):  # noqa: UP042 - a `StrEnum` would hide the fault
    ONE = "one"


async def test_an_id_that_is_an_enums_is_the_same_as_its_value() -> None:
    outcomes = await gathered(batch(["one", _Id.ONE, Recompile(conversation_id=_Id.ONE)], fine))
    assert [outcome.repeated for outcome in outcomes] == [False, True, True]


async def test_a_repeated_id_is_recompiled_once_and_answered_every_time() -> None:
    calls: Counter[str] = Counter()

    async def counting(target: Any, _: list[Attempt]) -> str:
        calls[str(target)] += 1
        await asyncio.sleep(0.001)
        if target == "bad":
            raise APIConnectionError("no")
        return f"prompt of {target}"

    targets = ["a", "b", "a", "bad", "a", "c", "bad", "b"] + [f"n{i}" for i in range(500)] + ["a", "bad"]
    outcomes = await gathered(batch(targets, counting))
    assert Counter(outcome.target for outcome in outcomes) == Counter(targets)
    assert set(calls.values()) == {1}
    for outcome in outcomes:
        assert outcome.ok is (outcome.target != "bad")
        assert outcome.prompt == (f"prompt of {outcome.target}" if outcome.ok else None)
        assert str(outcome.error) == ("None" if outcome.ok else "no")
    assert sum(outcome.repeated for outcome in outcomes) == len(targets) - len(set(targets))


async def test_a_repetition_after_long_is_answered_without_its_prompt() -> None:
    async def long(target: Any, _: list[Attempt]) -> str:
        return "x" * 1_000_000

    *_, last = await gathered(batch([*map(str, range(10)), "0"], long, concurrency=lambda: 1))
    assert (last.target, last.status, last.prompt, last.repeated) == ("0", "recompiled", None, True)
