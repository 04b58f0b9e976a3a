"""Staleness of conversations on a server: of one, and of many of which only the stale ones are recompiled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    InvalidArgumentError,
    InvalidRequestError,
    Letta,
    LettaError,
    NotFoundError,
    Outcome,
    Progress,
    Recompile,
    UnexpectedPromptError,
)
from letta_async.testing import EmbeddedServer
from tests.ids import CONVERSATION

# --- the call -------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def letta(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url) as client:
        yield client


class Home:
    """Memory block that two of three agents share, and two conversations per agent."""

    def __init__(self, letta: Letta) -> None:
        self.block = letta.blocks.create(label="human", value="Ada").id
        shared: list[Any] = [{"block_ids": [self.block]}, {"block_ids": [self.block]}, {}]
        self.agents = [letta.agents.create(name="a", model="letta/letta-free", **own).id for own in shared]
        self.ids = [letta.conversations.create(agent_id=agent).id for agent in self.agents for _ in range(2)]

    @property
    def sharing(self) -> set[str]:
        return set(self.ids[:4])


@pytest.fixture
def home(letta: Letta) -> Home:
    return Home(letta)


def test_it_compares_what_is_stored_with_a_dry_run(server: EmbeddedServer, letta: Letta, home: Home) -> None:
    conversation_id = home.ids[0]
    assert not letta.conversations.staleness(conversation_id).stale
    letta.blocks.update(home.block, value="Grace")
    before = len(server.requests)
    staleness = letta.conversations.staleness(conversation_id)
    assert staleness.stale
    assert staleness.conversation_id == conversation_id
    assert "Ada" in staleness.stored
    assert "Grace" in staleness.compiled
    dry_run, messages = list(server.requests)[before : before + 2]
    assert (dry_run.path, dry_run.query) == (f"/v1/conversations/{conversation_id}/recompile", {"dry_run": "true"})
    assert (messages.path, messages.query) == (
        f"/v1/conversations/{conversation_id}/messages",
        {"order": "asc", "limit": "1"},
    )
    assert letta.conversations.staleness(conversation_id).stale  # nothing was stored
    letta.conversations.recompile(conversation_id)
    assert not letta.conversations.staleness(conversation_id).stale


def test_an_agents_own_prompt_is_compared_in_agent_direct_mode(letta: Letta, home: Home) -> None:
    agent = home.agents[0]
    assert not letta.conversations.staleness("default", agent_id=agent).stale
    letta.agents.update(agent, system="CHANGED")
    assert letta.conversations.staleness("default", agent_id=agent).stale
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert letta.conversations.staleness(agent).stale
    letta.conversations.recompile("default", agent_id=agent)
    assert not letta.conversations.staleness("default", agent_id=agent).stale


async def test_options_go_with_both_requests(server: EmbeddedServer, letta: Letta, home: Home) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        await client.conversations.staleness(
            home.ids[0], extra_headers={"X-A": "b"}, extra_query={"c": "d"}, extra_body={"e": "f"}, timeout=5
        )
    dry_run, messages = list(server.requests)[-2:]
    assert (dry_run.headers["x-a"], dry_run.query["c"], dry_run.json()) == ("b", "d", {"e": "f"})
    assert (messages.headers["x-a"], messages.query["c"], messages.json()) == ("b", "d", None)


def test_what_cannot_be_compared_says_why(letta: Letta, home: Home) -> None:
    with pytest.raises(NotFoundError):
        letta.conversations.staleness(CONVERSATION)
    with pytest.raises(NotFoundError, match="agent_id is missing"):
        letta.conversations.staleness("default")
    with pytest.raises(InvalidArgumentError):
        letta.conversations.staleness("malformed")
    letta.agents.update(home.agents[0], extra_body={"message_ids": []})
    with pytest.raises(NotFoundError, match="No system message found"):
        letta.conversations.staleness(home.ids[0])


def test_a_conversation_without_messages_is_an_error_and_no_guess(letta: Letta, home: Home) -> None:
    with pytest.raises(LettaError):
        letta.conversations.create(agent_id=home.agents[2], isolated_block_labels=["unknown"])
    (orphan,) = set(letta.conversations.targets(agent_id=home.agents[2])) - set(home.ids)
    with pytest.raises(UnexpectedPromptError, match=f"{orphan} does not begin with a system message"):
        letta.conversations.staleness(orphan)


# --- many -----------------------------------------------------------------------------------------------------------


def statuses(outcomes: Any) -> dict[Any, str]:
    return {outcome.target: outcome.status for outcome in outcomes}


def test_only_what_is_stale_is_recompiled(server: EmbeddedServer, letta: Letta, home: Home) -> None:
    letta.blocks.update(home.block, value="Grace")
    stored = {each: letta.conversations.staleness(each).stored for each in home.ids}
    outcomes = list(letta.conversations.recompile_many(home.ids, only_stale=True))
    assert statuses(outcomes) == {each: "recompiled" if each in home.sharing else "unchanged" for each in home.ids}
    for outcome in outcomes:
        assert outcome.ok
        assert outcome.prompt is not None
        assert outcome.tries == (3 if outcome.status == "recompiled" else 2)
        assert ("Grace" in outcome.prompt) == (outcome.target in home.sharing)
    for each in home.ids[4:]:
        assert letta.conversations.staleness(each).stored == stored[each]
    assert set(statuses(letta.conversations.recompile_many(home.ids, only_stale=True)).values()) == {"unchanged"}


def test_a_dry_run_of_it_is_a_plan(server: EmbeddedServer, letta: Letta, home: Home) -> None:
    letta.blocks.update(home.block, value="Grace")
    before = len(server.requests)
    outcomes = list(letta.conversations.recompile_many(home.ids, only_stale=True, dry_run=True))
    assert statuses(outcomes) == {each: "compiled" if each in home.sharing else "unchanged" for each in home.ids}
    assert {outcome.tries for outcome in outcomes} == {2}
    assert all("Grace" in str(outcome.prompt) for outcome in outcomes if outcome.status == "compiled")
    asked = list(server.requests)[before:]
    assert len(asked) == 2 * len(home.ids)
    assert all(request.query.get("dry_run", "true") == "true" for request in asked)
    assert letta.conversations.staleness(home.ids[0]).stale


def test_targets_with_parameters_of_their_own_are_compared_with_them(letta: Letta, home: Home) -> None:
    direct = Recompile(conversation_id="default", agent_id=home.agents[0])
    assert statuses(letta.conversations.recompile_many([direct], only_stale=True)) == {direct: "unchanged"}
    letta.agents.update(home.agents[0], system="CHANGED")
    assert statuses(letta.conversations.recompile_many([direct], only_stale=True)) == {direct: "recompiled"}
    assert statuses(letta.conversations.recompile_many([direct], only_stale=True)) == {direct: "unchanged"}


def test_a_target_may_say_itself_that_it_is_only_tried(letta: Letta, home: Home) -> None:
    letta.blocks.update(home.block, value="Grace")
    tried = Recompile(conversation_id=home.ids[0], dry_run=True)
    done = Recompile(conversation_id=home.ids[1], dry_run=False)
    assert statuses(letta.conversations.recompile_many([tried, home.ids[2]], only_stale=True)) == {
        tried: "compiled",
        home.ids[2]: "recompiled",
    }
    assert statuses(letta.conversations.recompile_many([done, home.ids[3]], only_stale=True, dry_run=True)) == {
        done: "recompiled",
        home.ids[3]: "compiled",
    }
    stale = {each for each in home.ids if letta.conversations.staleness(each).stale}
    assert stale == {home.ids[0], home.ids[3]}
    assert statuses(letta.conversations.recompile_many([tried])) == {tried: "compiled"}


def test_what_cannot_be_compared_fails_alone(letta: Letta, home: Home) -> None:
    letta.blocks.update(home.block, value="Grace")
    outcomes = list(letta.conversations.recompile_many([CONVERSATION, "malformed", home.ids[0]], only_stale=True))
    errors = {outcome.target: type(outcome.error) for outcome in outcomes}
    assert errors == {CONVERSATION: NotFoundError, "malformed": InvalidRequestError, home.ids[0]: type(None)}
    assert {outcome.target: outcome.tries for outcome in outcomes} == {CONVERSATION: 1, "malformed": 0, home.ids[0]: 3}


def test_a_repeated_target_is_compared_once(server: EmbeddedServer, letta: Letta, home: Home) -> None:
    before = len(server.requests)
    outcomes: list[Outcome] = list(letta.conversations.recompile_many([home.ids[0]] * 5, only_stale=True))
    assert [outcome.status for outcome in outcomes] == ["unchanged"] * 5
    assert len(server.requests) == before + 2


def test_progress_counts_what_is_unchanged(letta: Letta, home: Home) -> None:
    seen: list[Progress] = []
    list(letta.conversations.recompile_many(home.ids, only_stale=True, on_progress=seen.append))
    assert (seen[-1].done, seen[-1].failed) == (6, 0)


def test_a_finished_journal_does_not_hide_what_went_stale_since(letta: Letta, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    list(letta.conversations.recompile_many(home.ids[:3], only_stale=True, journal=path))
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert entries[0]["only_stale"] is True
    assert {entry["status"] for entry in entries[1:-1]} == {"unchanged"}
    letta.blocks.update(home.block, value="Grace")
    assert statuses(letta.conversations.recompile_many(home.ids[:4], only_stale=True, journal=path)) == {
        **dict.fromkeys(home.ids[:4], "recompiled"),
    }
    with pytest.raises(InvalidArgumentError, match="differs in only_stale"):
        list(letta.conversations.recompile_many(home.ids, journal=path))
