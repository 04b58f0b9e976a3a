"""Tests of `propagate=` of updates of blocks and agents: the edited object and the outcomes, or its options."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from letta_async import (
    AsyncLetta,
    BadRequestError,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    Progress,
    PropagateOptions,
    PropagationError,
    UpdateAgentBlock,
    UpdateBlock,
)
from letta_async._http.request import CallOptions
from letta_async.testing import EmbeddedServer
from tests.fleet import BLOCK, Fleet, fleet, name_of, recompiles

__all__ = ["fleet"]


async def test_an_update_returns_the_block_and_the_outcomes(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    propagation = await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=True)
    assert propagation.result.value == "Monday"
    assert Counter(each.status for each in propagation) == {"recompiled": 4, "unchanged": 2}
    assert len(propagation) == 6
    assert await fleet.stale() == [False] * 6
    letta_server.requests.clear()
    await fleet.client.blocks.update(fleet.block_id, limit=500, propagate=True, extra_body={"value": "Noon"})
    (edit_request,) = [request for request in letta_server.requests if request.method == "PATCH"]
    assert b"Noon" in edit_request.body
    assert not [request for request in recompiles(letta_server) if b"Noon" in request.body]
    agent = await fleet.client.agents.update(fleet.agents[0], system="Be brief.", propagate=True)
    assert agent.result.system == "Be brief."
    assert await fleet.stale() == [False] * 6

    def edit() -> None:
        with Letta(base_url=letta_server.base_url) as client:
            assert client.blocks.update(fleet.block_id, value="Tuesday", propagate=True).result.value == "Tuesday"
            plan = client.blocks.update(fleet.block_id, value="Thursday", propagate={"dry_run": True})
            assert Counter(each.status for each in plan) == {"compiled": 6}
            changes = [UpdateBlock(block_id=fleet.block_id, value="Wednesday")]
            assert Counter(each.status for each in client.propagate(changes))["recompiled"] == 4

    await asyncio.to_thread(edit)
    assert await fleet.stale() == [False] * 6


async def test_a_block_of_an_agent_is_found_by_its_label(
    fleet: Fleet, letta_server: EmbeddedServer, tmp_path: Path
) -> None:
    writer, _, gardener = fleet.agents
    blocks = fleet.client.agents.blocks
    plan = await blocks.update("project", agent_id=writer, label="plan", propagate={"dry_run": True})
    assert Counter(each.status for each in plan) == {"compiled": 6}
    propagation = await blocks.update("project", agent_id=writer, value="Monday", label="plan", propagate=True)
    assert (propagation.result.id, propagation.result.label) == (fleet.block_id, "plan")
    assert Counter(each.status for each in propagation) == {"recompiled": 5, "unchanged": 1}, "also of the other agent"
    assert await fleet.stale() == [False] * 6
    changes = [
        UpdateAgentBlock(agent_id=writer, block_label="plan", value="Tuesday"),
        UpdateBlock(block_id=fleet.block_id, description="of the release"),
    ]
    assert Counter([each.status async for each in fleet.client.propagate(changes)]) == {"recompiled": 4, "unchanged": 2}
    assert await fleet.stale() == [False] * 6
    block = await fleet.client.blocks.retrieve(fleet.block_id)
    assert (block.value, block.description) == ("Tuesday", "of the release")
    journal = {"journal": tmp_path / "journal.jsonl"}
    for _ in range(2):
        edit = await blocks.update("plan", agent_id=writer, value="Wednesday", propagate=journal)
        assert len(edit) == 6
    letta_server.requests.clear()
    with pytest.raises(NotFoundError) as raised:
        await blocks.update("plan", agent_id=gardener, value="x", propagate=True)
    assert "changes[0] failed, and nothing was recompiled" in raised.value.__notes__
    assert not recompiles(letta_server)

    def edit_without_await() -> None:
        with Letta(base_url=letta_server.base_url) as client:
            propagated = client.agents.blocks.update("plan", agent_id=writer, value="Friday", propagate=True)
            assert propagated.result.value == "Friday"

    await asyncio.to_thread(edit_without_await)
    assert await fleet.stale() == [False] * 6


async def test_an_update_that_does_not_reach_all_says_so(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    broken = fleet.conversations[1]
    letta_server.script("POST", f"/v1/conversations/{broken}/recompile", status=500, times=None)
    client = fleet.client.with_options(max_retries=0)
    with pytest.raises(PropagationError, match=r"was edited, but 1 of 6 prompts .*500") as raised:
        await client.blocks.update(fleet.block_id, value="Monday", propagate=True)
    assert raised.value.result.value == "Monday"
    assert [name_of(each) for each in raised.value.failed] == [broken]
    assert Counter(each.status for each in raised.value.outcomes) == {"recompiled": 3, "unchanged": 2, "failed": 1}


async def test_a_propagation_that_cannot_go_on_says_that_the_edit_was_made(
    fleet: Fleet, letta_server: EmbeddedServer
) -> None:
    letta_server.script("GET", f"/v1/blocks/{fleet.block_id}/agents", status=400, times=None)
    with pytest.raises(PropagationError, match="was edited, and the rest was not looked at: .*400") as raised:
        await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=True)
    assert raised.value.result.value == "Monday"
    assert isinstance(raised.value.__cause__, BadRequestError)
    with pytest.raises(BadRequestError) as refused:
        await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate={"dry_run": True})
    assert not [note for note in refused.value.__notes__ if "made" in note]


async def test_what_fails_first_and_is_done_by_another_pass_is_done(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.script("POST", f"/v1/conversations/{fleet.conversations[0]}/recompile", status=400, times=1)

    async def edit(progress: Progress) -> None:
        if progress.done == 6 and not letta_server_was_edited:
            letta_server_was_edited.append(True)
            await fleet.client.blocks.update(fleet.block_id, value="Tuesday")

    letta_server_was_edited: list[bool] = []
    options = PropagateOptions(on_progress=edit)
    propagation = await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=options)
    assert "failed" in {each.status for each in propagation}
    assert await fleet.stale() == [False] * 6


async def test_a_journal_goes_on_with_other_options(fleet: Fleet, tmp_path: Path) -> None:
    options: dict[str, Any] = {"journal": tmp_path / "journal.jsonl"}
    await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=options)
    await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate={**options, "deadline": 30})
    changes = [UpdateBlock(block_id=fleet.block_id, value="Monday")]
    assert [each.ok async for each in fleet.client.propagate(changes, **options)] == [True] * 6


async def test_an_update_yields_its_outcomes_as_they_complete(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.script("POST", f"/v1/conversations/{fleet.conversations[1]}/recompile", status=400, times=None)
    letta_server.requests.clear()
    propagation = fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=True)
    assert not letta_server.requests
    assert propagation.result is None
    statuses: Counter[str] = Counter()
    async for outcome in propagation:
        statuses[outcome.status] += 1
        assert propagation.result is not None
        assert propagation.result.value == "Monday"
    assert statuses == {"recompiled": 3, "unchanged": 2, "failed": 1}, "a failure is an outcome, and raises nothing"
    assert [outcome async for outcome in propagation] == []


async def test_an_update_has_the_options_of_propagate(fleet: Fleet, tmp_path: Path) -> None:
    seen: list[int] = []
    journal = tmp_path / "journal.jsonl"
    dry = PropagateOptions(dry_run=True, journal=None, deadline=None)
    plan = await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=dry)
    assert plan.result.value != "Monday"
    assert Counter(each.status for each in plan) == {"compiled": 6}
    assert all("+Monday" in str(each.diff) for each in plan)
    options = PropagateOptions(journal=journal, on_progress=lambda progress: seen.append(progress.done), deadline=60)
    await fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=options)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert journal.read_text().count('"key"') == 6
    with pytest.raises(PropagationError, match="deadline") as raised:
        await fleet.client.blocks.update(fleet.block_id, value="Tuesday", propagate={"deadline": 1e-6})
    assert raised.value.result.value == "Tuesday", "the edit was made"


def test_the_options_of_an_update_are_the_parameters_of_propagate() -> None:
    options = {field.name: field.default for field in attrs.fields(PropagateOptions)}
    parameters = inspect.signature(AsyncLetta.propagate).parameters
    others = {"self", "changes", *(field.name for field in attrs.fields(CallOptions))}
    common = {name: each.default for name, each in parameters.items() if name not in others}
    assert options == common


async def test_an_update_that_is_left_early_leaves_no_task_that_could_send_more(fleet: Fleet) -> None:
    before = asyncio.all_tasks()
    async with fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=True) as outcomes:
        async for _ in outcomes:
            break
    assert asyncio.all_tasks() == before
    task = asyncio.create_task(fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=True))
    assert (await task).result.value == "Monday"
    assert await fleet.stale() == [False] * 6


async def test_an_update_that_nobody_awaits_is_warned_of(fleet: Fleet) -> None:
    with pytest.warns(RuntimeWarning, match="never awaited"):
        fleet.client.blocks.update(fleet.block_id, value="Monday", propagate=True)
        gc.collect()


@pytest.mark.parametrize(
    ("propagate", "problem"),
    [
        ("yes", "propagate: 'yes' is of no form that is allowed"),
        ({"dryrun": True}, r"propagate.dryrun"),
        ({"journal": 5}, "propagate.journal: 5 .int. is not the path of a file"),
        ({"on_progress": 5}, "propagate.on_progress: 5 .int. cannot be called"),
        ({"deadline": 0}, "deadline: 0"),
        (PropagateOptions(wait_if_busy=-1), "propagate.wait_if_busy"),
    ],
    ids=repr,
)
async def test_invalid_options_of_an_update_are_refused(
    letta_server: EmbeddedServer, propagate: Any, problem: str
) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        with pytest.raises(InvalidArgumentError, match=problem):
            await client.blocks.update(BLOCK, value="x", propagate=propagate)
    assert not letta_server.requests
