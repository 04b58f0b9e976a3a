"""Tests of `propagate`: the edit, then exactly the conversations that show it, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letta_async import (
    APIConnectionError,
    AsyncLetta,
    InvalidArgumentError,
    IsolatedBlocksError,
    Letta,
    NotFoundError,
    Recompile,
    UnexpectedPromptError,
    UpdateAgent,
    UpdateAgentBlock,
    UpdateBlock,
)
from letta_async.testing import EmbeddedServer
from tests.fleet import BLOCK, Fleet, fleet, make_fleet, name_of, recompiles

__all__ = ["fleet"]

PROMPT = """<memory_metadata>
- AGENT_ID: agent-1
- CONVERSATION_ID: default
- System prompt last recompiled: 2026-11-22 03:44:28 PM UTC+0000
- 1 previous messages between you and the user are stored in recall memory
</memory_metadata>
{}"""


async def test_exactly_what_shows_an_edited_block_is_recompiled(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.requests.clear()
    change = UpdateBlock(block_id=fleet.block_id, value="The release is on Monday.")
    outcomes = {name_of(each): each async for each in fleet.client.propagate([change])}
    own = [f"own of {agent}" for agent in fleet.agents[:2]]
    assert outcomes.keys() == {*fleet.conversations[:4], *own}
    assert {outcomes[each].status for each in fleet.conversations[:4]} == {"recompiled"}
    assert {outcomes[each].status for each in own} == {"unchanged"}  # the server itself did it
    assert "+The release is on Monday." in str(outcomes[fleet.conversations[0]].diff)
    assert len(recompiles(letta_server)) == 4
    assert await fleet.stale() == [False] * 6
    letta_server.requests.clear()
    again = Counter([each.status async for each in fleet.client.propagate([change])])
    assert again == {"unchanged": 6}
    assert not recompiles(letta_server)


async def test_an_edited_agent_has_its_own_prompt_brought_up_to_date_too(fleet: Fleet) -> None:
    agent_id = fleet.agents[2]
    outcomes = [each async for each in fleet.client.propagate([UpdateAgent(agent_id=agent_id, system="Be brief.")])]
    assert {name_of(each) for each in outcomes} == {f"own of {agent_id}", *fleet.conversations[4:]}
    assert {each.status for each in outcomes} == {"recompiled"}
    assert "Be brief." in (await fleet.client.conversations.staleness("default", agent_id=agent_id)).stored


async def test_several_changes_are_one_pass(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.requests.clear()
    changes = [
        UpdateBlock(block_id=fleet.block_id, value="first"),
        UpdateAgent(agent_id=fleet.agents[0], system="Be brief."),
        UpdateBlock(block_id=fleet.block_id, value="second"),
    ]
    outcomes = [each async for each in fleet.client.propagate(changes)]
    assert len({name_of(each) for each in outcomes}) == len(outcomes) == 6
    assert len(recompiles(letta_server)) == 4  # the server itself compiled the own one
    assert [request.method for request in letta_server.requests].count("PATCH") == 3
    stored = (await fleet.client.conversations.staleness(fleet.conversations[0])).stored
    assert "Be brief." in stored
    assert "second" in stored


async def test_a_dry_run_stores_nothing_and_shows_what_would_change(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.requests.clear()
    changes = [UpdateBlock(block_id=fleet.block_id, value="a\n\nb"), UpdateAgent(agent_id=fleet.agents[1], system="S")]
    planned = {name_of(each): each async for each in fleet.client.propagate(changes, dry_run=True)}
    assert {each.status for each in planned.values()} == {"compiled"}
    assert {request.method for request in letta_server.requests} == {"GET", "POST"}
    assert not recompiles(letta_server)
    done = {name_of(each): each async for each in fleet.client.propagate(changes)}
    conversations = fleet.conversations[:4]
    assert [planned[each].diff for each in conversations] == [done[each].diff for each in conversations]


async def test_a_conversation_with_isolated_blocks_is_left_alone(fleet: Fleet) -> None:
    agent_id = fleet.agents[0]
    isolated = await fleet.client.conversations.create(agent_id=agent_id, isolated_block_labels=["project"])
    before = (await fleet.client.conversations.staleness(isolated.id)).stored
    change = UpdateBlock(block_id=fleet.block_id, value="Monday")
    outcomes = {name_of(each): each async for each in fleet.client.propagate([change])}
    assert isinstance(outcomes[isolated.id].error, IsolatedBlocksError)
    assert (await fleet.client.conversations.staleness(isolated.id)).stored == before
    assert await fleet.stale() == [False] * 6


async def test_another_edit_meanwhile_is_propagated_too(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.requests.clear()
    seen: list[tuple[str, str]] = []
    async for outcome in fleet.client.propagate([UpdateBlock(block_id=fleet.block_id, value="Monday")]):
        seen.append((name_of(outcome), outcome.status))
        if len(seen) == 3:
            await fleet.client.blocks.update(fleet.block_id, value="Tuesday")
    assert await fleet.stale() == [False] * 6
    assert len(seen) == 6 + len([entry for entry in seen[6:] if entry[1] == "recompiled"])
    assert len(recompiles(letta_server)) <= 8
    for conversation in fleet.conversations[:4]:
        assert "Tuesday" in (await fleet.client.conversations.staleness(conversation)).stored


async def test_an_edit_that_is_undone_within_a_pass_leaves_nothing_stale(
    fleet: Fleet, letta_server: EmbeddedServer
) -> None:
    """The value at the end is that at the beginning; what was recompiled in between shows the other one."""
    seen: list[tuple[str, str]] = []
    async for outcome in fleet.client.propagate([UpdateBlock(block_id=fleet.block_id, value="Monday")]):
        seen.append((name_of(outcome), outcome.status))
        if len(seen) == 1:
            await fleet.client.blocks.update(fleet.block_id, value="Tuesday")
            for conversation in fleet.conversations[:4]:
                await fleet.client.conversations.recompile(conversation)
            await fleet.client.blocks.update(fleet.block_id, value="Monday")
    assert await fleet.stale() == [False] * 6
    assert max(Counter(name for name, _ in seen).values()) <= 2


async def test_prompts_that_never_stay_the_same_are_given_up(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    for number in range(1000):
        letta_server.script("POST", "*/recompile", body=PROMPT.format(number))
    with pytest.raises(UnexpectedPromptError, match="changed during each of 10 passes") as raised:
        async for _ in fleet.client.propagate([UpdateBlock(block_id=fleet.block_id, value="Monday")]):
            pass
    assert "the edits were made before that; the same call again does the rest" in raised.value.__notes__


async def test_an_edit_without_a_response_may_have_been_made(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.script("PATCH", "*", hang_up=True, times=None)
    client = fleet.client.with_options(max_retries=0)
    with pytest.raises(APIConnectionError) as raised:
        async for _ in client.propagate([UpdateBlock(block_id=fleet.block_id, value="Monday")]):
            pass
    assert "changes[0] may have been made all the same, and nothing was recompiled" in raised.value.__notes__


async def test_the_deadline_in_errors_is_the_one_that_was_passed(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    change = UpdateBlock(block_id=fleet.block_id, value="Monday")
    outcomes = [each async for each in fleet.client.propagate([change], deadline=1e-6)]
    assert {str(each.error).split(" passed")[0] for each in outcomes} == {"the batch's deadline of 1e-06 s"}


async def test_after_a_failure_that_stops_it_no_other_pass_follows(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.script("POST", f"/v1/conversations/{fleet.conversations[0]}/recompile", status=400, times=None)
    letta_server.script("POST", f"/v1/conversations/{fleet.conversations[1]}/recompile", status=400, times=None)
    change = UpdateBlock(block_id=fleet.block_id, value="Monday")
    failures = 0
    async for outcome in fleet.client.propagate([change], stop_on_error=True):
        if outcome.status == "failed":
            failures += 1
            await fleet.client.blocks.update(fleet.block_id, value=f"edit {failures}")
    assert 1 <= failures <= 2, "those in flight"


async def test_a_block_that_is_deleted_meanwhile_ends_it(fleet: Fleet) -> None:
    seen = 0
    async for outcome in fleet.client.propagate([UpdateBlock(block_id=fleet.block_id, value="Monday")]):
        assert outcome.status in {"recompiled", "unchanged", "failed"}
        seen += 1
        if seen == 6:
            await fleet.client.blocks.delete(fleet.block_id)
    assert seen == 6


async def test_changes_may_come_from_generators(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    async def changes() -> AsyncIterator[UpdateBlock]:
        yield UpdateBlock(block_id=fleet.block_id, value="Monday")

    assert Counter([each.status async for each in fleet.client.propagate(changes())])["recompiled"] == 4

    def edit() -> Counter[str]:
        with Letta(base_url=letta_server.base_url) as client:
            changes = (UpdateBlock(block_id=fleet.block_id, value=value) for value in ("Tuesday", "Wednesday"))
            return Counter(each.status for each in client.propagate(changes))

    assert (await asyncio.to_thread(edit))["recompiled"] == 4
    assert await fleet.stale() == [False] * 6


async def test_a_dry_run_of_a_block_that_looks_like_a_warning(fleet: Fleet) -> None:
    odd = "</metadata>\n<warning>\nq\n</warning>\n"
    await fleet.client.blocks.update(fleet.block_id, value=odd, propagate=True)
    change = UpdateBlock(block_id=fleet.block_id, value="plain")
    planned = {name_of(each): each.diff async for each in fleet.client.propagate([change], dry_run=True)}
    done = {name_of(each): each.diff async for each in fleet.client.propagate([change])}
    assert [planned[each] for each in fleet.conversations[:4]] == [done[each] for each in fleet.conversations[:4]]


async def test_a_journal_is_a_record_and_skips_nothing(fleet: Fleet, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    change = UpdateBlock(block_id=fleet.block_id, value="Monday")
    async with aclosing(fleet.client.propagate([change], journal=journal)) as outcomes:
        await anext(outcomes)
    await fleet.client.blocks.update(fleet.block_id, value="Tuesday")
    statuses = Counter([each.status async for each in fleet.client.propagate([change], journal=journal)])
    assert "skipped" not in statuses
    assert await fleet.stale() == [False] * 6
    assert journal.read_text().count('"key"') >= 6
    other = UpdateBlock(block_id=fleet.block_id, value="Wednesday")
    with pytest.raises(InvalidArgumentError, match="differs in changes"):
        async for _ in fleet.client.propagate([other], journal=journal):
            pass
    assert (await fleet.client.blocks.retrieve(fleet.block_id)).value == "Monday", "the edit was made all the same"


async def test_a_refused_edit_names_what_was_made_before(fleet: Fleet, letta_server: EmbeddedServer) -> None:
    letta_server.requests.clear()
    changes = [UpdateBlock(block_id=fleet.block_id, value="Monday"), UpdateBlock(block_id=BLOCK, value="x")]
    with pytest.raises(NotFoundError) as raised:
        async for _ in fleet.client.propagate(changes):
            pass
    assert raised.value.__notes__[1:] == ["changes[1] failed, and nothing was recompiled; made before it: changes[0]"]
    assert not recompiles(letta_server)


@pytest.mark.parametrize(
    ("changes", "options", "problem"),
    [
        (UpdateBlock(block_id=BLOCK), {}, "changes: is a single change"),
        ("x", {}, "changes: 'x' is not an iterable"),
        ([], {}, "changes: is empty"),
        ([BLOCK], {}, r"changes\[0\]: .* is neither an UpdateBlock, an UpdateAgentBlock nor an UpdateAgent"),
        ([UpdateBlock(block_id="b", limit=-1)], {}, r"changes\[0\].limit: .*\n.*changes\[0\].block_id"),
        (
            [UpdateAgentBlock(agent_id="a", block_label="..")],
            {},
            r"block_label: .*\n.*changes\[0\].agent_id",
        ),
        ([UpdateBlock(block_id=BLOCK)], {"deadline": -1}, "deadline"),
        ([UpdateBlock(block_id=BLOCK)], {"stop_on_error": "no"}, "stop_on_error: .* is neither True nor False"),
        ([UpdateBlock(block_id=BLOCK)], {"wait_if_busy": -1}, "wait_if_busy"),
        ([UpdateBlock(block_id=BLOCK)], {"extra_query": 5}, "extra_query"),
        ([UpdateBlock(block_id=BLOCK)], {"extra_body": {"a": object()}}, "extra_body"),
    ],
    ids=repr,
)
async def test_what_is_invalid_is_refused_before_anything_is_sent(
    letta_server: EmbeddedServer, changes: Any, options: dict[str, Any], problem: str
) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        with pytest.raises(InvalidArgumentError, match=problem):
            client.propagate(changes, **options)
        with pytest.raises(InvalidArgumentError, match="propagate: has no single response"):
            await client.blocks.with_raw_response.update(BLOCK, value="x", propagate=True)  # type: ignore[arg-type]
    assert not letta_server.requests


@given(kills=st.lists(st.integers(0, 30), max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_killed_anywhere_it_is_finished_by_another_run(kills: list[int]) -> None:
    async def run() -> None:
        with EmbeddedServer() as server:
            async with AsyncLetta(base_url=server.base_url) as client:
                fleet = await make_fleet(client)
                server.requests.clear()
                change = UpdateBlock(block_id=fleet.block_id, value="Monday")
                recompiled: Counter[str] = Counter()

                async def propagate() -> None:
                    async for outcome in client.propagate([change]):
                        recompiled[name_of(outcome)] += outcome.status == "recompiled"

                for turns in kills:
                    task = asyncio.create_task(propagate())
                    for _ in range(turns * 20):
                        await asyncio.sleep(0)
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                await propagate()
                assert await fleet.stale() == [False] * 6
                # What was in flight at a kill may be done without an outcome; what had one is never done again.
                assert max(recompiled.values()) <= 1
                sent = Counter(request.path.split("/")[3] for request in recompiles(server))
                assert sent.keys() == set(fleet.conversations[:4])
                assert all(sent[each] == 1 for each in sent if recompiled[each] and not kills)

    asyncio.run(run())


async def test_a_target_of_an_agents_own_prompt_is_a_recompile(fleet: Fleet) -> None:
    outcomes = [each async for each in fleet.client.propagate([UpdateAgent(agent_id=fleet.agents[2])])]
    own = Recompile(conversation_id="default", agent_id=fleet.agents[2])
    assert own in [each.target for each in outcomes]
