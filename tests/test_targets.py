"""Targets: whose conversations, each once, found as they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, NotFoundError
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT
from tests.mocked import MockedResponse, aioresponses

BLOCK = AGENT.replace("agent", "block")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def letta(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url) as client:
        yield client


class Town:
    """Sixty agents, of which 55 share a block: the first has 120 conversations, the last none, the others one each."""

    def __init__(self, letta: Letta) -> None:
        self.block = letta.blocks.create(label="human", value="Ada").id
        shared = [{"block_ids": [self.block]}] * 55 + [{}] * 5
        self.agents = [letta.agents.create(name="a", model="letta/letta-free", **own).id for own in shared]  # type: ignore[arg-type]
        self.of = {agent: [letta.conversations.create(agent_id=agent).id] for agent in self.agents[:-1]}
        self.of[self.agents[0]] += [letta.conversations.create(agent_id=self.agents[0]).id for _ in range(119)]
        self.sharing = [each for agent in self.agents[:55] for each in self.of[agent]]


@pytest.fixture(scope="module")
def town(letta: Letta) -> Town:
    return Town(letta)


def test_the_conversations_of_an_agent(letta: Letta, town: Town) -> None:
    agent = town.agents[0]
    assert list(letta.conversations.targets(agent_id=agent)) == town.of[agent][::-1]


def test_the_conversations_of_every_agent_with_a_block_each_once(letta: Letta, town: Town) -> None:
    found = list(letta.conversations.targets(block_id=town.block))
    assert len(found) == len(set(found))
    assert set(found) == set(town.sharing)


def test_all_conversations(letta: Letta, town: Town) -> None:
    found = list(letta.conversations.targets(all=True))
    assert len(found) == len(set(found))
    assert set(found) == {each for ids in town.of.values() for each in ids}


async def test_they_are_found_as_they_are_asked_for(server: EmbeddedServer, town: Town) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        before = len(server.requests)
        targets = client.conversations.targets(block_id=town.block)
        assert len(server.requests) == before
        for _ in range(3):
            await anext(targets)
        assert len(server.requests) <= before + 4
        await targets.aclose()


def test_an_agent_without_conversations_has_no_targets(letta: Letta, town: Town) -> None:
    assert list(letta.conversations.targets(agent_id=town.agents[-1])) == []


def test_a_block_that_no_agent_has_gives_none(letta: Letta) -> None:
    block = letta.blocks.create(label="human", value="").id
    assert list(letta.conversations.targets(block_id=block)) == []


@pytest.mark.parametrize("selected", [{"agent_id": AGENT}, {"block_id": BLOCK}])
def test_what_does_not_exist_is_told_although_the_server_just_lists_nothing(letta: Letta, selected: Any) -> None:
    with pytest.raises(NotFoundError):
        list(letta.conversations.targets(**selected))


@pytest.mark.parametrize(
    ("selected", "words"),
    [
        ({}, "takes agent_id, block_id or all=True, not none of them"),
        ({"all": False}, "not none of them"),
        ({"agent_id": None}, "not none of them"),
        ({"agent_id": AGENT, "all": True}, f"not agent_id='{AGENT}' and all=True"),
        ({"agent_id": AGENT, "block_id": BLOCK}, f"not agent_id='{AGENT}' and block_id='{BLOCK}'"),
        ({"agent_id": AGENT, "block_id": BLOCK, "all": True}, f"and block_id='{BLOCK}' and all=True"),
        ({"agent_id": "", "all": True}, "not agent_id='' and all=True"),
        ({"all": 1}, "not all=1"),
        ({"agent_id": ""}, "agent_id: '' is empty"),
        ({"agent_id": BLOCK}, "agent_id: .* is malformed"),
        ({"block_id": AGENT}, "block_id: .* is malformed"),
    ],
)
@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
def test_exactly_one_says_whose_and_is_checked_at_once(cls: Any, selected: Any, words: str) -> None:
    client = cls(base_url="http://127.0.0.1:1")
    with pytest.raises(InvalidArgumentError, match=words):
        client.conversations.targets(**selected)


@pytest.mark.parametrize("selected", [{"agent_id": AGENT}, {"block_id": BLOCK}])
async def test_archived_conversations_are_left_out_where_the_server_knows_of_them(selected: Any) -> None:
    conversations = [
        {"id": f"conv-{n}", "agent_id": AGENT, **archived}
        for n, archived in enumerate([{}, {"archived": None}, {"archived": False}, {"archived": True}])
    ]
    with aioresponses() as mocked:
        mocked.get(
            re.compile(f"^http://letta/v1/blocks/{BLOCK}/agents"),
            payload=[{"id": AGENT}],
            response_class=MockedResponse,
        )
        mocked.get(
            f"http://letta/v1/conversations/?agent_id={AGENT}&archive_status=unarchived",
            payload=conversations,
            response_class=MockedResponse,
        )
        async with AsyncLetta(base_url="http://letta") as client:
            found = [target async for target in client.conversations.targets(**selected)]
    assert found == ["conv-0", "conv-1", "conv-2"]


# --- as targets of a batch ------------------------------------------------------------------------------------------


async def test_a_batch_takes_them_as_they_are_found(server: EmbeddedServer, town: Town) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        targets = client.conversations.targets(agent_id=town.agents[1])
        outcomes = [outcome async for outcome in client.conversations.recompile_many(targets)]
    assert [outcome.target for outcome in outcomes] == town.of[town.agents[1]]


def test_a_batch_of_the_facade_takes_them_too_also_picked_over(letta: Letta, town: Town) -> None:
    agent = town.agents[0]
    whole = letta.conversations.recompile_many(letta.conversations.targets(agent_id=agent), dry_run=True)
    assert {outcome.target for outcome in whole} == set(town.of[agent])
    some = (each for each in islice(letta.conversations.targets(agent_id=agent), 90) if each > "conv-8")
    picked = letta.conversations.recompile_many(targets=some, dry_run=True)
    assert {outcome.target for outcome in picked} == {each for each in town.of[agent][::-1][:90] if each > "conv-8"}


def test_an_error_of_the_targets_reaches_the_caller_of_the_batch(letta: Letta) -> None:
    with pytest.raises(NotFoundError):
        list(letta.conversations.recompile_many(letta.conversations.targets(agent_id=AGENT)))


def test_leaving_such_a_batch_leaves_nothing_open(letta: Letta, town: Town) -> None:
    for outcome in letta.conversations.recompile_many(letta.conversations.targets(block_id=town.block), dry_run=True):
        assert outcome.ok
        break
    assert len(list(letta.conversations.targets(agent_id=town.agents[0]))) == 120
