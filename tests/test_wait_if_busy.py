"""Tests of batches with `wait_if_busy`: conversations in the middle of a turn are waited for, or busy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest

from letta_async import APITimeoutError, AsyncLetta, InternalServerError, Outcome
from letta_async.resources import _active_runs
from letta_async.testing import EmbeddedServer, Rule
from tests.conversations import make_conversations

FOREVER = 600


@attrs.define
class Scene:
    """An agent whose turns go on until `end`, and its conversations."""

    server: EmbeddedServer
    client: AsyncLetta
    ids: list[str]
    rule: Rule
    turns: list[asyncio.Task[None]] = attrs.field(factory=list[asyncio.Task[None]])

    async def begin(self, *ids: str) -> None:
        """Begin a turn in each of these conversations, and wait until their runs are active."""
        self.turns += [asyncio.create_task(self._talk(each)) for each in ids]
        async with asyncio.timeout(10):
            while len([run async for run in self.client.runs.list(active=True)]) < len(self.turns):
                await asyncio.sleep(0)

    async def end(self) -> None:
        self.rule.release()
        await asyncio.gather(*self.turns)

    async def _talk(self, conversation_id: str) -> None:
        async for _ in await self.client.conversations.messages.create(conversation_id, input="x", background=True):
            pass

    def batch(self, **options: object) -> AsyncGenerator[Outcome, None]:
        return self.client.conversations.recompile_many(self.ids, **{"wait_if_busy": FOREVER, **options})  # type: ignore[arg-type]  # options of any names

    async def statuses(self, **options: object) -> list[str]:
        """Return the status of each conversation, in their order."""
        outcomes = {str(outcome.target): outcome.status async for outcome in self.batch(**options)}
        return [outcomes[each] for each in self.ids]


@asynccontextmanager
async def scene_of(server: EmbeddedServer, conversations: int) -> AsyncGenerator[Scene, None]:
    ids = await asyncio.to_thread(make_conversations, server.base_url, conversations)
    async with AsyncLetta(base_url=server.base_url, concurrency=40) as client:
        scene = Scene(server, client, ids, server.model.reply("done", hold=0, times=None))
        try:
            async with asyncio.timeout(30):
                yield scene
        finally:
            await scene.end()


async def test_targets_that_wait_take_no_slots_of_others(letta_server: EmbeddedServer) -> None:
    async with scene_of(letta_server, 25) as scene, AsyncLetta(base_url=letta_server.base_url, concurrency=1) as client:
        busy, idle = scene.ids[:20], scene.ids[20:]
        await scene.begin(*busy)
        batch = client.conversations.recompile_many(scene.ids, wait_if_busy=FOREVER)
        assert {str((await anext(batch)).target) for _ in idle} == set(idle)
        await scene.end()
        rest = {str(outcome.target): outcome.status async for outcome in batch}
        assert rest == dict.fromkeys(busy, "recompiled")


async def test_a_deadline_bounds_the_wait(letta_server: EmbeddedServer) -> None:
    async with scene_of(letta_server, 1) as scene:
        await scene.begin(*scene.ids)
        (outcome,) = [outcome async for outcome in scene.batch(deadline=0.2)]
        assert isinstance(outcome.error, APITimeoutError)
        assert outcome.seconds < 5


async def test_leaving_a_batch_that_waits_leaves_nothing_behind(letta_server: EmbeddedServer) -> None:
    async with scene_of(letta_server, 3) as scene:
        await scene.begin(*scene.ids[:2])
        before = asyncio.all_tasks()
        batch = scene.batch()
        assert (await anext(batch)).target == scene.ids[2]
        assert asyncio.all_tasks() > before
        await batch.aclose()
        assert asyncio.all_tasks() <= before


async def test_a_busy_target_stops_nothing_and_is_done_by_the_next_run(
    letta_server: EmbeddedServer, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    async with scene_of(letta_server, 3) as scene:
        await scene.begin(scene.ids[0])
        options = {"journal": journal, "wait_if_busy": 0, "stop_on_error": True}
        assert await scene.statuses(**options) == ["busy", "recompiled", "recompiled"]
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        assert sorted(line.get("status", "") for line in lines) == ["", "busy", "recompiled", "recompiled"]
        assert await scene.statuses(**options) == ["busy", "skipped", "skipped"]
        await scene.end()
        assert await scene.statuses(**options) == ["recompiled", "skipped", "skipped"]
        assert "complete" in journal.read_text()


async def test_a_dry_run_does_not_ask_and_a_busy_target_has_its_diff(
    letta_server: EmbeddedServer, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    async with scene_of(letta_server, 1) as scene:
        await scene.begin(*scene.ids)
        agent_id = (await scene.client.conversations.retrieve(scene.ids[0])).agent_id
        await scene.client.agents.update(agent_id, system="Another system.")
        assert await scene.statuses(dry_run=True) == ["compiled"]
        (outcome,) = [outcome async for outcome in scene.batch(only_stale=True, wait_if_busy=0, journal=journal)]
        assert (outcome.status, outcome.ok, outcome.prompt, outcome.error) == ("busy", False, None, None)
        assert "+Another system." in (outcome.diff or "")
        assert "Another system." not in journal.read_text()
        assert await scene.statuses(only_stale=True, dry_run=True) == ["compiled"]


async def test_an_error_of_the_list_is_that_of_each_target(letta_server: EmbeddedServer) -> None:
    async with scene_of(letta_server, 3) as scene:
        letta_server.script("GET", "/v1/runs/", status=500, times=None)
        outcomes = [outcome async for outcome in scene.batch(wait_if_busy=0)]
        assert {type(outcome.error) for outcome in outcomes} == {InternalServerError}
        assert not any(request.path.endswith("recompile") for request in letta_server.requests)


async def test_more_runs_than_a_page_has_are_read(
    letta_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_active_runs, "_RUNS_PER_PAGE", 2)
    async with scene_of(letta_server, 6) as scene:
        await scene.begin(*scene.ids[:5])
        assert await scene.statuses(wait_if_busy=0) == [*["busy"] * 5, "recompiled"]
