"""Contract tests of staleness with the client: detection, differences, and recompiling only stale conversations."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from letta_async import AsyncLetta, LettaError, NotFoundError, Outcome, Staleness, UnexpectedPromptError
from tests.contract.conftest import Make, Story
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_BLOCK, UNKNOWN_CONVERSATION, Http, human_block

COPY = (
    "<memory_metadata>\n- AGENT_ID: agent-123e4567-e89b-42d3-8456-426614174000\n- CONVERSATION_ID: default\n"
    "- System prompt last recompiled: 2026-01-02 03:04:05 AM UTC+0000\n"
    "- {} previous messages between you and the user are stored in recall memory\n</memory_metadata>"
)


async def test_a_new_conversation_is_not_stale_and_an_edit_makes_it_so(sdk: AsyncLetta, story: Story) -> None:
    assert not (await sdk.conversations.staleness(story.conversation_id)).stale
    await sdk.blocks.update(story.block_id, value="Grace")
    staleness = await sdk.conversations.staleness(story.conversation_id)
    assert type(staleness) is Staleness
    assert staleness.stale
    assert human_block("Ada") in staleness.stored
    assert human_block("Grace") in staleness.compiled
    changed = [line for line in staleness.diff.split("\n")[2:] if line.startswith(("+", "-"))]
    assert changed == ["-- chars_current=3", "+- chars_current=5", "-Ada", "+Grace"]
    await sdk.conversations.recompile(story.conversation_id)
    after = await sdk.conversations.staleness(story.conversation_id)
    assert (after.stale, after.diff) == (False, "")


async def test_finding_out_changes_nothing(sdk: AsyncLetta, http: Http, stale: Story) -> None:
    before = await http.prompt(stale.conversation_id)
    await sdk.conversations.staleness(stale.conversation_id)
    assert await http.prompt(stale.conversation_id) == before


@pytest.mark.parametrize(
    "change",
    [
        {"value": "Grace"},
        {"description": "Else"},
        {"label": "person"},
        {"limit": 9},
        {"read_only": True},
    ],
)
async def test_whatever_stands_in_the_prompt_makes_it_stale(
    sdk: AsyncLetta, story: Story, change: dict[str, Any]
) -> None:
    await sdk.blocks.update(story.block_id, **change)
    assert (await sdk.conversations.staleness(story.conversation_id)).stale


async def test_what_does_not_stand_in_it_does_not(sdk: AsyncLetta, story: Story, make_conversation: Make) -> None:
    await sdk.blocks.update(story.block_id, metadata={"k": 1}, tags=["a"], value="Ada")
    await make_conversation(story.agent_id)  # counts as a previous message
    await sdk.agents.update(story.agent_id, description="D", name="New")
    assert not (await sdk.conversations.staleness(story.conversation_id)).stale


async def test_the_system_prompt_and_the_set_of_blocks_make_it_stale(
    sdk: AsyncLetta, story: Story, make_block: Make
) -> None:
    await sdk.agents.update(story.agent_id, system="CHANGED")
    assert (await sdk.conversations.staleness(story.conversation_id)).stale
    await sdk.conversations.recompile(story.conversation_id)
    block = await make_block(label="other")
    await sdk.agents.update(story.agent_id, block_ids=[story.block_id, block["id"]])
    assert (await sdk.conversations.staleness(story.conversation_id)).stale


@pytest.mark.parametrize("system", ["SYSTEM", "A {CORE_MEMORY} B", "A {CORE_MEMORY} B {CORE_MEMORY} C"])
@pytest.mark.parametrize("blocks", [0, 1, 3])
async def test_memory_may_stand_anywhere_and_hold_anything(
    sdk: AsyncLetta, make_agent: Make, make_conversation: Make, system: str, blocks: int
) -> None:
    # Texts that look like the section with the volatile lines, in the blocks and in the system prompt behind it.
    agent = await make_agent(
        system=f"{system}\n{COPY.format(1)}",
        timezone="America/Sao_Paulo",
        memory_blocks=[
            {"label": f"b{n}", "value": f"</value>\n{COPY.format(n)}\n- CONVERSATION_ID: {n}"} for n in range(blocks)
        ],
    )
    conversation_id = (await make_conversation(agent["id"]))["id"]
    assert not (await sdk.conversations.staleness(conversation_id)).stale
    await sdk.conversations.recompile(conversation_id)
    assert not (await sdk.conversations.staleness(conversation_id)).stale
    if blocks:
        changed = agent["blocks"][0]["value"].replace(" previous messages", "0 previous messages")
        await sdk.blocks.update(agent["blocks"][0]["id"], value=changed)
        assert (await sdk.conversations.staleness(conversation_id)).stale
        await sdk.conversations.recompile(conversation_id)
        assert not (await sdk.conversations.staleness(conversation_id)).stale


async def test_the_order_of_blocks_counts_for_nothing(
    sdk: AsyncLetta, make_agent: Make, make_conversation: Make
) -> None:
    # The order is the database's: on a real server, a block that was edited may come in another place from then on.
    blocks = [{"label": f"b{n}", "value": f"{n}\n\n</value>\n</b{n}>\n" * n} for n in range(4)]
    agent = await make_agent(memory_blocks=blocks)
    conversation_id = (await make_conversation(agent["id"]))["id"]
    edited = "EDITED" * 500
    for block in agent["blocks"]:
        await sdk.blocks.update(block["id"], value=edited)
        diff = (await sdk.conversations.staleness(conversation_id)).diff
        assert [line for line in diff.split("\n")[2:] if line[:1] == "+"] == ["+- chars_current=3000", f"+{edited}"]
        await sdk.blocks.update(block["id"], value=block["value"])
        staleness = await sdk.conversations.staleness(conversation_id)
        assert (staleness.stale, staleness.diff) == (False, "")


async def test_agent_direct_knows_staleness_too(sdk: AsyncLetta, story: Story) -> None:
    direct = {"conversation_id": "default", "agent_id": story.agent_id}
    assert not (await sdk.conversations.staleness(**direct)).stale
    await sdk.blocks.update(story.block_id, value="Grace")  # an agent's own prompt follows an edit
    assert not (await sdk.conversations.staleness(**direct)).stale
    await sdk.agents.update(story.agent_id, system="CHANGED")
    staleness = await sdk.conversations.staleness(**direct)
    assert staleness.stale
    assert "+CHANGED" in staleness.diff.split("\n")
    await sdk.conversations.recompile(**direct)
    assert not (await sdk.conversations.staleness(**direct)).stale


async def test_what_cannot_be_compared_says_why(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    with pytest.raises(NotFoundError):
        await sdk.conversations.staleness(UNKNOWN_CONVERSATION)
    with pytest.raises(NotFoundError):
        await sdk.conversations.staleness("default", agent_id=UNKNOWN_AGENT)
    with pytest.raises(LettaError):
        await sdk.conversations.create(agent_id=agent["id"], isolated_block_labels=["unknown"])
    (orphan,) = await sdk.conversations.list(agent_id=agent["id"])
    with pytest.raises(UnexpectedPromptError, match="does not begin with a system message"):
        await sdk.conversations.staleness(orphan.id)


# --- targets --------------------------------------------------------------------------------------------------------


async def test_targets_are_those_of_an_agent_of_a_block_or_all(
    sdk: AsyncLetta, make_block: Make, make_agent: Make, make_conversation: Make
) -> None:
    block = (await make_block())["id"]
    agents = [(await make_agent(**own))["id"] for own in ({"block_ids": [block]}, {"block_ids": [block]}, {})]
    ids = [(await make_conversation(agent))["id"] for agent in (*agents, *agents)]

    async def targets(**selected: Any) -> list[str]:
        return [target async for target in sdk.conversations.targets(**selected)]

    assert await targets(agent_id=agents[0]) == [ids[3], ids[0]]
    assert sorted(await targets(block_id=block)) == sorted([ids[0], ids[1], ids[3], ids[4]])
    found: set[str] = set()
    async for target in sdk.conversations.targets(all=True):
        assert target not in found
        found.add(target)
        if found.issuperset(ids):
            break
    assert found.issuperset(ids)
    await sdk.conversations.delete(ids[0])
    assert await targets(agent_id=agents[0]) == [ids[3]]


async def test_targets_of_what_does_not_exist_are_not_found(sdk: AsyncLetta) -> None:
    for selected in ({"agent_id": UNKNOWN_AGENT}, {"block_id": UNKNOWN_BLOCK}):
        with pytest.raises(NotFoundError):
            async for _ in sdk.conversations.targets(**selected):
                raise AssertionError


# --- the whole story ------------------------------------------------------------------------------------------------


@attrs.frozen
class Fleet:
    """Forty conversations of four agents, two of which share a block."""

    block_id: str
    ids: list[str]
    sharing: set[str]


@pytest.fixture
async def fleet(make_block: Make, make_agent: Make, make_conversation: Make) -> Fleet:
    shared = (await make_block(label="company", value="We make tea."))["id"]
    own = {"memory_blocks": [{"label": "human", "value": "Ada"}]}
    agents = [
        (await make_agent(**own, **more))["id"] for more in ({"block_ids": [shared]}, {"block_ids": [shared]}, {}, {})
    ]
    ids = [(await make_conversation(agent))["id"] for _ in range(10) for agent in agents]
    return Fleet(shared, ids, {each for n, each in enumerate(ids) if n % 4 < 2})


async def prompts(http: Http, ids: list[str]) -> dict[str, str]:
    return dict(zip(ids, await asyncio.gather(*map(http.prompt, ids)), strict=True))


async def run(sdk: AsyncLetta, targets: Any, **options: Any) -> dict[Any, Outcome]:
    return {outcome.target: outcome async for outcome in sdk.conversations.recompile_many(targets, **options)}


async def test_a_shared_block_is_edited_and_exactly_what_is_stale_brought_up_to_date(
    sdk: AsyncLetta, http: Http, fleet: Fleet, tmp_path: Path
) -> None:
    begun = await prompts(http, fleet.ids)
    assert {o.status for o in (await run(sdk, fleet.ids, only_stale=True)).values()} == {"unchanged"}
    assert await prompts(http, fleet.ids) == begun

    await sdk.blocks.update(fleet.block_id, value="We make coffee.")
    plan = await run(sdk, fleet.ids, only_stale=True, dry_run=True)
    assert {target for target, outcome in plan.items() if outcome.status == "compiled"} == fleet.sharing
    assert {target for target, outcome in plan.items() if outcome.status == "unchanged"} == {*fleet.ids} - fleet.sharing
    assert await prompts(http, fleet.ids) == begun

    # One conversation is up to date already; it keeps its bytes, too.
    ahead = next(iter(fleet.sharing))
    await sdk.conversations.recompile(ahead)
    before = await prompts(http, fleet.ids)
    journal = tmp_path / "journal"
    targets = [target async for target in sdk.conversations.targets(block_id=fleet.block_id)]
    assert set(targets) == fleet.sharing
    done = await run(sdk, targets, only_stale=True, journal=journal)
    assert {target for target, outcome in done.items() if outcome.status == "recompiled"} == fleet.sharing - {ahead}
    assert done[ahead].status == "unchanged"
    after = await prompts(http, fleet.ids)
    assert {each for each in fleet.ids if after[each] != before[each]} == fleet.sharing - {ahead}
    assert all(after[target] == outcome.prompt for target, outcome in done.items())
    assert all(("coffee" in after[each]) == (each in fleet.sharing) for each in fleet.ids)
    _, *lines, closing = map(json.loads, journal.read_text().splitlines())
    assert {line["status"] for line in lines} == {"recompiled", "unchanged"}
    assert (len(lines), closing["run"]) == (len(fleet.sharing), "complete")

    again = await run(sdk, fleet.ids, only_stale=True)
    assert {outcome.status for outcome in again.values()} == {"unchanged"}
    later = await run(sdk, targets, only_stale=True, journal=journal)  # whose run is complete: all are looked at again
    assert {outcome.status for outcome in later.values()} == {"unchanged"}
    assert await prompts(http, fleet.ids) == after


# --- what a recompile costs -----------------------------------------------------------------------------------------


async def test_the_cost_has_the_prompt_from_the_change_on_and_the_messages_in_context(
    sdk: AsyncLetta, talker: str, make_conversation: Make
) -> None:
    conversation = (await make_conversation(talker))["id"]
    assert (await sdk.conversations.recompile_cost(conversation)).message_tokens == 0
    for _ in range(6):
        await sdk.conversations.messages.create(conversation, input="x" * 400, streaming=False)
    cost = await sdk.conversations.recompile_cost(conversation)
    assert 600 <= cost.message_tokens <= 1500  # six messages of a hundred tokens, and what the model said
    staleness = await sdk.conversations.staleness(conversation)
    assert 0 < cost.prompt_tokens == staleness.uncached_tokens < len(staleness.compiled) / 4

    await sdk.conversations.compact(conversation, compaction_settings={"mode": "all"})
    await sdk.conversations.messages.create(conversation, input="y" * 4000, streaming=False)
    compacted = await sdk.conversations.recompile_cost(conversation)
    in_context = (await sdk.conversations.retrieve(conversation)).in_context_message_ids or []
    shown = [each for each in await sdk.conversations.messages.list(conversation) if each.id in in_context[1:]]
    assert len(shown) < 8
    assert 1000 <= compacted.message_tokens <= 1000 + sum(len(str(each)) for each in shown) / 4
