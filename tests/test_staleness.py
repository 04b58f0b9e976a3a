"""Staleness: what recompiling would change, except volatile lines; text that only looks like them counts."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from letta_async import (
    AsyncLetta,
    InvalidArgumentError,
    Letta,
    LettaError,
    NotFoundError,
    Outcome,
    Progress,
    Recompile,
    Staleness,
    UnexpectedPromptError,
)
from letta_async.batch.prompt_normalization import _parse_time, normalize_stored_prompt
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT, CONVERSATION

RECORDED: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "recorded" / "prompts.json").read_text())
"""Prompts of Letta 0.16.8: `begun` with the conversation, `recompiled`, then a `dry` run, and one after the first block
was edited."""
AT_NOON = "2026-11-22 12:00:00 PM UTC+0000"
LATER = "2026-11-22 12:00:05 PM UTC+0000"
NOW = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


def section(time: str = AT_NOON, *, conversation: str = "default", previous: int = 1, more: str = "") -> str:
    return (
        f"<memory_metadata>\n- AGENT_ID: {AGENT}\n- CONVERSATION_ID: {conversation}\n"
        f"- System prompt last recompiled: {time}\n"
        f"- {previous} previous messages between you and the user are stored in recall memory\n{more}</memory_metadata>"
    )


def prompt(memory: str, own: str, *, after: str = "") -> str:
    return f"SYSTEM\n\n<memory_blocks>\n<human>\n{memory}\n</human>\n</memory_blocks>\n\n{own}{after}"


def compared(stored: str, compiled: str) -> Staleness:
    aligned = normalize_stored_prompt(stored, compiled, NOW)
    return Staleness(conversation_id=CONVERSATION, stored=stored, compiled=compiled, aligned=aligned)


# --- prompts of a real server ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("earlier", ["begun", "recompiled"])
def test_compiling_again_makes_nothing_stale(name: str, earlier: str) -> None:
    stored, compiled = RECORDED[name][earlier], RECORDED[name]["dry"]
    assert stored != compiled
    assert not compared(stored, compiled).stale
    assert compared(stored, compiled).diff == ""


@pytest.mark.parametrize("name", [name for name, prompts in RECORDED.items() if "edited_dry" in prompts])
@pytest.mark.parametrize("earlier", ["begun", "recompiled"])
def test_an_edit_makes_stale_and_the_diff_shows_it_alone(name: str, earlier: str) -> None:
    staleness = compared(RECORDED[name][earlier], RECORDED[name]["edited_dry"])
    assert staleness.stale
    changed = [line for line in staleness.diff.split("\n")[2:] if line.startswith(("+", "-"))]
    assert any("EDITED" in line for line in changed)
    assert not any("last recompiled" in line for line in changed if "never" not in line)
    assert not any("CONVERSATION_ID" in line for line in changed)


# --- volatile and not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stored",
    [
        section(LATER),
        section("2019-01-01 01:00:00 AM -03-0300"),
        section("in a form that nobody knows"),
        section(conversation=CONVERSATION),
        section(previous=12345),
        section(LATER, conversation=CONVERSATION, previous=0),
    ],
)
def test_these_lines_count_for_nothing(stored: str) -> None:
    assert not compared(prompt("Ada", stored), prompt("Ada", section())).stale


@pytest.mark.parametrize(
    "stored",
    [
        section(more="- 3 total memories you created are stored in archival memory (use tools to access them)\n"),
        section(more="- Available archival memory tags: a, b\n"),
        section().replace(AGENT, AGENT.replace("0f3f", "1f3f")),
        section().replace("AGENT_ID", "AGENT"),
        section().replace("</memory_metadata>", "- what no server wrote\n</memory_metadata>"),
        "<memory_metadata>\n- as an earlier release wrote it\n</memory_metadata>",
        "",
    ],
)
def test_everything_else_does(stored: str) -> None:
    assert compared(prompt("Ada", stored), prompt("Ada", section())).stale


@pytest.mark.parametrize(
    "unknown",
    [
        "",
        "SYSTEM",
        prompt("Ada", ""),
        prompt("Ada", section().replace("memory_metadata", "metadata")),
        prompt("Ada", section().replace("- System prompt last recompiled:", "- Compiled:")),
        prompt("Ada", section(more="- a line that is new\n")),
        prompt("Ada", section().removesuffix("</memory_metadata>")),
        prompt("Ada", section().replace("\n- ", "\n  - ")),
        prompt("Ada", f"> {section()}"),
    ],
)
def test_a_compiled_prompt_of_another_form_is_an_error_and_no_guess(unknown: str) -> None:
    with pytest.raises(UnexpectedPromptError, match="memory_metadata") as caught:
        normalize_stored_prompt(prompt("Ada", section()), unknown, NOW)
    assert caught.value.prompt == unknown
    assert isinstance(caught.value, LettaError)


# --- text that looks like it ----------------------------------------------------------------------------------------

COPY = section("2026-01-02 03:04:05 AM UTC+0000", previous=7)
OTHER_COPY = section("2026-01-02 03:04:06 AM UTC+0000", previous=8)


@pytest.mark.parametrize("then", [AT_NOON, LATER], ids=["in the same second", "later"])
def test_a_copy_in_a_block_is_text_like_any_other(then: str) -> None:
    own = section(AT_NOON)
    assert not compared(prompt(COPY, own), prompt(COPY, section(then))).stale
    assert compared(prompt(COPY, own), prompt(OTHER_COPY, section(then))).stale
    assert compared(prompt(COPY, own), prompt("", section(then))).stale
    assert compared(prompt("", own), prompt(COPY, section(then))).stale
    assert compared(prompt(f"{COPY}\n{OTHER_COPY}", own), prompt(f"{OTHER_COPY}\n{COPY}", section(then))).stale


def test_a_copy_of_the_very_prompt_is_text_like_any_other() -> None:
    own = section(AT_NOON)
    assert not compared(prompt(own, own), prompt(own, section(LATER))).stale
    assert compared(prompt(own, own), prompt("", section(LATER))).stale


@pytest.mark.parametrize("then", [AT_NOON, LATER], ids=["in the same second", "later"])
def test_a_copy_in_the_system_prompt_after_it_is_text_like_any_other(then: str) -> None:
    assert not compared(
        prompt("Ada", section(), after=f"\n{COPY}"), prompt("Ada", section(then), after=f"\n{COPY}")
    ).stale
    assert compared(prompt("Ada", section(), after=f"\n{COPY}"), prompt("Ada", section(then), after="")).stale
    assert compared(prompt("Ada", section(), after=f"\n{COPY}"), prompt("Bob", section(then), after=f"\n{COPY}")).stale


def test_a_copy_with_a_date_to_come_is_text_like_any_other() -> None:
    future = section("2999-01-01 01:00:00 AM UTC+0000")
    assert not compared(prompt(future, section()), prompt(future, section(LATER))).stale
    assert compared(prompt(COPY, section()), prompt(future, section(LATER))).stale


LINES = st.sampled_from([*COPY.split("\n"), *COPY.split("\n"), COPY, OTHER_COPY, "", "Ada", "</human>"])
TEXTS = st.lists(LINES, max_size=12).map("\n".join)
OWN = st.builds(
    section,
    st.sampled_from([AT_NOON, LATER]),
    conversation=st.sampled_from(["default", CONVERSATION]),
    previous=st.integers(0, 3),
)


@given(before=TEXTS, after=TEXTS, first=OWN, second=OWN, times=st.integers(1, 2))
def test_whatever_memory_holds_compiling_again_makes_nothing_stale(
    before: str, after: str, first: str, second: str, times: int
) -> None:
    stored, compiled = ("\n".join([prompt(before, own, after=f"\n{after}")] * times) for own in (first, second))
    assert not compared(stored, compiled).stale


@given(old=st.tuples(TEXTS, TEXTS), new=st.tuples(TEXTS, TEXTS), first=OWN, second=OWN)
def test_whatever_memory_holds_no_edit_is_missed(
    old: tuple[str, str], new: tuple[str, str], first: str, second: str
) -> None:
    assume(old != new)
    stored, compiled = (
        f"SYSTEM\n[1]\n{text[0]}\n[2]\n\n{own}\n[3]\n{text[1]}" for text, own in ((old, first), (new, second))
    )
    assert compared(stored, compiled).stale


# --- the object -----------------------------------------------------------------------------------------------------


def test_it_shows_no_prompts_when_printed_and_travels() -> None:
    staleness = compared(prompt("Ada", section()), prompt("Grace", section(LATER)))
    assert "Ada" not in repr(staleness)
    assert pickle.loads(pickle.dumps(staleness)) == staleness
    assert staleness.diff.split("\n") == [
        "--- stored",
        "+++ compiled",
        "@@ -2,7 +2,7 @@",
        " ",
        " <memory_blocks>",
        " <human>",
        "-Ada",
        "+Grace",
        " </human>",
        " </memory_blocks>",
        " ",
    ]


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
    assert errors == {CONVERSATION: NotFoundError, "malformed": InvalidArgumentError, home.ids[0]: type(None)}
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
    with pytest.raises(InvalidArgumentError, match="another only_stale"):
        list(letta.conversations.recompile_many(home.ids, journal=path))


@pytest.mark.parametrize("odd", ["yesterday", "2026-13-45 10:00:00 AM UTC+0000", ""])
def test_a_time_of_another_form_counts_as_the_oldest(odd: str) -> None:
    assert _parse_time(odd) < _parse_time("1970-01-01 12:00:00 AM UTC+0000")
