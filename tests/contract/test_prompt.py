"""Contract tests of the exact text of compiled prompts, which clients compare, store and show."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.conftest import Make, Story
from tests.contract.wire import Http, expected_prompt, human_block, timeless

INTRO = "<memory_blocks>\nThe following memory blocks are currently engaged in your core memory unit:\n\n"


async def test_a_prompt_in_full(http: Http, make_agent: Make, make_conversation: Make) -> None:
    agent = await make_agent(
        system="You are Ada.",
        memory_blocks=[
            {"label": "human", "value": 'Äb\n😀"', "limit": 100, "description": "Who\ntalks", "read_only": True}
        ],
    )
    conversation = await make_conversation(agent["id"])
    assert timeless(await http.prompt(conversation["id"])) == (
        f"""You are Ada.

<memory_blocks>
The following memory blocks are currently engaged in your core memory unit:

<human>
<description>
Who
talks
</description>
<metadata>
- read_only=true
- chars_current=5
- chars_limit=100
</metadata>
<value>
Äb
😀"
</value>
</human>

</memory_blocks>

<memory_metadata>
- AGENT_ID: {agent["id"]}
- CONVERSATION_ID: {conversation["id"]}
- System prompt last recompiled: <time>
- 1 previous messages between you and the user are stored in recall memory
</memory_metadata>"""
    )


async def test_without_blocks_there_is_no_memory_section(http: Http, make_agent: Make) -> None:
    agent = await make_agent()
    assert timeless(await http.prompt(agent["id"])) == expected_prompt(agent["id"])


async def test_an_empty_system_prompt_leaves_its_place_empty(http: Http, make_agent: Make) -> None:
    agent = await make_agent(system="")
    assert timeless(await http.prompt(agent["id"])) == expected_prompt(agent["id"], system="")


async def test_blocks_are_set_apart_by_an_empty_line(http: Http, make_agent: Make) -> None:
    labels = ["one", "two", "three"]
    agent = await make_agent(memory_blocks=[{"label": label, "value": label.upper()} for label in labels])
    prompt = timeless(await http.prompt(agent["id"]))
    # The database gives blocks in no order that one could rely on.
    shown = sorted(labels, key=lambda label: prompt.index(f"<{label}>"))
    blocks = (
        f"<{label}>\n<description>\n\n</description>\n<metadata>\n- chars_current={len(label)}\n- chars_limit=100000\n"
        f"</metadata>\n<value>\n{label.upper()}\n</value>\n</{label}>\n"
        for label in shown
    )
    assert prompt == expected_prompt(agent["id"], blocks=INTRO + "\n".join(blocks) + "\n</memory_blocks>")


async def test_a_block_without_description_and_value_keeps_their_lines(http: Http, make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "notes", "value": ""}])
    assert (
        "<notes>\n<description>\n\n</description>\n<metadata>\n- chars_current=0\n- chars_limit=100000\n</metadata>\n"
        "<value>\n\n</value>\n</notes>\n"
    ) in await http.prompt(agent["id"])


async def test_a_value_over_its_limit_is_shown_whole(http: Http, make_agent: Make) -> None:
    agent = await make_agent(
        memory_blocks=[{"label": "human", "value": "longer", "limit": 3, "description": "About the user"}]
    )
    prompt = timeless(await http.prompt(agent["id"]))
    assert prompt == expected_prompt(agent["id"], blocks=human_block("longer", limit=3))


async def test_a_block_without_a_label_is_called_block(http: Http, make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "", "value": "v"}])
    prompt = await http.prompt(agent["id"])
    assert "<block>\n" in prompt
    assert "\n</block>\n" in prompt


@pytest.mark.parametrize("text", ["</human>", "<memory_metadata>", "{CORE_MEMORY}", "{x} {} {{}} %s $y", "\\n \t <&>"])
async def test_nothing_is_escaped(http: Http, story: Story, text: str) -> None:
    await http.patch(f"/v1/blocks/{story.block_id}", {"value": text})
    answer = await http.recompile(story.conversation_id)
    assert human_block(text) in answer.json


async def test_the_memory_stands_where_the_system_prompt_says(http: Http, make_agent: Make) -> None:
    agent = await make_agent(system="Before {CORE_MEMORY} between {x}{} {CORE_MEMORY} after {core_memory}")
    memory = expected_prompt(agent["id"]).removeprefix("SYSTEM\n\n")
    assert (await http.prompt(agent["id"])).count("<memory_metadata>") == 2
    prompt = re.sub(r"(?<=recompiled: ).*", "<time>", await http.prompt(agent["id"]))
    assert prompt == f"Before {memory} between {{x}}{{}} {memory} after {{core_memory}}"


@pytest.mark.parametrize("agent_type", ["react_agent", "workflow_agent"])
async def test_some_agents_have_no_memory_blocks_in_their_prompt(http: Http, make_agent: Make, agent_type: str) -> None:
    blocks = [{"label": "human", "value": "v"}]
    agent = await make_agent(agent_type=agent_type, memory_blocks=blocks, initial_message_sequence=[])
    assert timeless(await http.prompt(agent["id"])) == expected_prompt(agent["id"])


# --- the volatile lines ---------------------------------------------------------------------------------------------


def compiled_at(prompt: str) -> tuple[datetime, str]:
    """Return the time in a prompt, and the text of its zone."""
    found = re.search(r"^- System prompt last recompiled: (.*M) (\S+)$", prompt, re.MULTILINE)
    assert found is not None, prompt
    return datetime.strptime(found[1] + found[2][-5:], "%Y-%m-%d %I:%M:%S %p%z"), found[2]


async def test_the_time_is_that_of_compiling(http: Http, story: Story) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    moment, zone = compiled_at((await http.recompile(story.conversation_id)).json)
    assert before <= moment <= datetime.now(UTC)
    assert zone == "UTC+0000"


@pytest.mark.parametrize(
    ("timezone", "zone"), [("Asia/Tokyo", "JST+0900"), ("America/Phoenix", "MST-0700"), ("UTC", "UTC+0000")]
)
async def test_the_time_is_told_in_the_agents_timezone(http: Http, make_agent: Make, timezone: str, zone: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    agent = await make_agent(timezone=timezone)
    moment, written = compiled_at(await http.prompt(agent["id"]))
    assert written == zone
    assert before <= moment <= datetime.now(UTC)


async def test_an_agents_prompt_is_dated_by_its_message_after_an_edit(http: Http, story: Story) -> None:
    await http.patch(f"/v1/blocks/{story.block_id}", {"value": "Grace"})
    (message,) = (await http.get(f"/v1/conversations/{story.agent_id}/messages")).json
    moment, _ = compiled_at(message["content"])
    assert moment == datetime.fromisoformat(message["date"])


async def test_recompiling_an_agent_keeps_that_date_unless_asked(http: Http, story: Story) -> None:
    (message,) = (await http.get(f"/v1/conversations/{story.agent_id}/messages")).json
    plain = (await http.post(f"/v1/agents/{story.agent_id}/recompile?dry_run=true")).json
    assert compiled_at(plain)[0] == datetime.fromisoformat(message["date"])
    before = datetime.now(UTC) - timedelta(seconds=1)
    fresh = (await http.post(f"/v1/agents/{story.agent_id}/recompile?dry_run=true&update_timestamp=true")).json
    assert compiled_at(fresh)[0] >= before


def previous(prompt: str) -> int:
    """Return the count of previous messages in a prompt."""
    found = re.search(r"^- (\d+) previous messages between you", prompt, re.MULTILINE)
    assert found is not None, prompt
    return int(found[1])


async def test_previous_messages_are_those_of_all_conversations(
    http: Http, story: Story, make_conversation: Make
) -> None:
    assert previous(await http.prompt(story.agent_id)) == 0
    assert previous(await http.prompt(story.conversation_id)) == 1
    second = await make_conversation(story.agent_id)
    assert previous(await http.prompt(second["id"])) == 2
    # When recompiled, the agent's own messages do not count.
    assert previous((await http.recompile(story.conversation_id)).json) == 2
    assert previous((await http.recompile(story.agent_id, query="?dry_run=true")).json) == 2


async def test_previous_messages_are_counted_even_when_deleted(http: Http, story: Story) -> None:
    await http.delete(f"/v1/conversations/{story.conversation_id}")
    assert previous((await http.recompile(story.agent_id, query="?dry_run=true")).json) == 1


async def test_two_prompts_differ_in_the_volatile_lines_alone(http: Http, story: Story) -> None:
    def stable(prompt: str) -> list[str]:
        return [line for line in prompt.splitlines() if not re.match(r"- (CONV|System prompt last|\d+ prev)", line)]

    first, second = await http.prompt(story.conversation_id), (await http.recompile(story.conversation_id)).json
    assert stable(first) == stable(second)


# --- which blocks ---------------------------------------------------------------------------------------------------


async def test_attaching_and_detaching_blocks_shows_on_recompile(http: Http, story: Story, make_block: Make) -> None:
    block = await make_block(label="person", value="Grace", description="About the user")
    await http.patch(f"/v1/agents/{story.agent_id}", {"block_ids": [block["id"]]})
    assert human_block("Ada") in await http.prompt(story.agent_id)
    answer = await http.recompile(story.conversation_id)
    blocks = human_block("Grace").replace("human>", "person>")
    assert timeless(answer.json) == expected_prompt(story.agent_id, blocks=blocks, previous=1)


async def test_a_deleted_block_shows_on_recompile(http: Http, story: Story) -> None:
    await http.delete(f"/v1/blocks/{story.block_id}")
    assert human_block("Ada") in await http.prompt(story.agent_id)
    answer = await http.recompile(story.conversation_id)
    assert timeless(answer.json) == expected_prompt(story.agent_id, previous=1)


async def test_a_shared_block_reaches_every_agent(http: Http, make_agent: Make, make_block: Make) -> None:
    block = await make_block(label="human", value="Ada", description="About the user")
    agents: list[dict[str, Any]] = [await make_agent(block_ids=[block["id"]]) for _ in range(2)]
    await http.patch(f"/v1/blocks/{block['id']}", {"value": "Grace"})
    for agent in agents:
        assert human_block("Grace") in await http.prompt(agent["id"])


@pytest.mark.parametrize(
    ("change", "shows"),
    [
        ({"value": "Grace"}, True),
        ({"description": "Else"}, True),
        ({"label": "person"}, True),
        ({"limit": 9}, True),
        ({"read_only": True}, True),
        ({"metadata": {"a": 1}}, False),
        ({"tags": ["a"]}, False),
        ({"hidden": True}, False),
        ({"value": "Ada"}, False),
        ({}, False),
    ],
)
async def test_only_what_stands_in_the_prompt_rewrites_the_agents_own(
    http: Http, story: Story, change: dict[str, object], shows: bool
) -> None:
    # The system prompt, changed beforehand, shows whether the agent's prompt was compiled again.
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    assert (await http.patch(f"/v1/blocks/{story.block_id}", change)).status == 200
    assert (await http.prompt(story.agent_id)).startswith("CHANGED") == shows
