"""`status`: exit code and output for stale conversations; nothing is changed."""

from __future__ import annotations

import re

import pytest

from letta_async import Letta
from tests.cli.conftest import Cli, Prompts
from tests.cli.held import HeldServer
from tests.cli.processes import run
from tests.cli.stories import Story


def test_it_names_exactly_the_stale_ones_and_changes_nothing(
    story: Story, prompts: Prompts, server: HeldServer
) -> None:
    before = prompts()
    done = run("status", "--all", "--output", "jsonl", base_url=server.base_url)
    assert done.code == 1
    assert done.with_status("stale") == set(story.stale)
    assert done.with_status("current") == story.all - set(story.stale)
    tokens = sum(row["reread_tokens"]["total"] for row in done.jsonl if row["status"] == "stale")
    assert done.stderr == (
        "7 conversations: 4 stale, 3 current."
        f" Recompiling 4 stale conversations makes models read about {tokens} tokens again (estimated).\n"
    )
    assert not server.recompiled
    assert prompts() == before


def test_it_is_0_when_none_is_stale(cli: Cli, story: Story) -> None:
    done = cli("status", "--agent", story.agents[2])
    assert (done.code, done.stdout, done.stderr) == (0, "", "1 conversation: 0 stale, 1 current.\n")


def test_a_block_means_the_conversations_of_every_agent_that_uses_it(cli: Cli, story: Story) -> None:
    done = cli("status", "--block", story.block, "--output", "json")
    assert {row["conversation_id"] for row in done.json["conversations"]} == story.of_block
    assert done.json["counts"]["stale"] == 4
    assert done.json["not_done"] == 0


def test_ids_come_from_the_command_line_and_from_standard_input_each_once(cli: Cli, story: Story) -> None:
    one, two, *_ = story.stale
    done = cli("status", one, "-", "--output", "jsonl", stdin=f"{two}\n\n  {one}\n")
    assert [row["conversation_id"] for row in done.jsonl].count(one) == 1
    assert done.with_status("stale") == {one, two}


def test_the_table_names_the_stale_ones_and_is_plain_text_when_piped(cli: Cli, story: Story) -> None:
    done = cli("status", "--all")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["conversation", "status", "detail"]
    assert {row.split()[0] for row in rows} == set(story.stale)
    assert all(re.search(r"stale   \+1 -1 lines, about \d+ tokens$", row) for row in rows)
    assert "\x1b" not in done.stdout + done.stderr


def test_diffs_show_what_a_recompile_would_change(cli: Cli, story: Story) -> None:
    done = cli("status", story.stale[0], "--diff")
    assert "-The release is on Friday.\n+The release is on Monday.\n" in done.stdout
    assert done.stdout.startswith(f"--- {story.stale[0]} stored\n+++ {story.stale[0]} recompiled\n@@")
    (row,) = cli("status", story.stale[0], "--diff", "--output", "jsonl").jsonl
    assert "+The release is on Monday." in row["diff"].splitlines()


def test_the_cost_has_the_messages_and_the_prompt_from_the_first_change_on(
    cli: Cli, client: Letta, story: Story
) -> None:
    conversation = story.stale[0]
    client.conversations.messages.create(conversation, input="x" * 4000, streaming=False)
    cost = client.conversations.recompile_cost(conversation)
    assert cost.message_tokens >= 1000
    (row,) = cli("status", conversation, "--output", "jsonl").jsonl
    assert row["reread_tokens"] == {
        "prompt": cost.prompt_tokens,
        "messages": cost.message_tokens,
        "total": cost.total_tokens,
    }
    done = cli("status", "--all", "--output", "json")
    rows = done.json["conversations"]
    assert done.json["reread_tokens"] == sum(row["reread_tokens"]["total"] for row in rows if row["status"] == "stale")
    assert all(row["reread_tokens"] is None for row in rows if row["status"] == "current")
    assert f"about {done.json['reread_tokens']:,} tokens" in done.stderr


def test_a_cost_that_is_unknown_leaves_the_rest_known(cli: Cli, server: HeldServer, story: Story) -> None:
    conversation = story.stale[0]
    server.script("GET", f"/v1/conversations/{conversation}", status=500, times=None)
    done = cli("status", *story.stale, "--output", "jsonl", "--max-retries", "0")
    assert done.with_status("stale") == set(story.stale)
    assert [row["conversation_id"] for row in done.jsonl if row["reread_tokens"] is None] == [conversation]
    assert "makes models read at least " in done.stderr


def test_one_that_cannot_be_checked_is_told_with_its_reason(cli: Cli, story: Story) -> None:
    done = cli("status", story.unshared[0], story.gone, "--output", "jsonl")
    assert done.code == 5
    failed = next(row for row in done.jsonl if row["status"] == "failed")
    assert failed["conversation_id"] == story.gone
    assert failed["error"]["type"] == "NotFoundError"
    assert failed["error"]["status_code"] == 404
    assert done.stderr == "2 conversations: 0 stale, 1 current, 1 failed.\n"
    table = cli("status", story.unshared[0], story.gone).stdout
    assert "404 Not Found" in table.splitlines()[1]


@pytest.mark.parametrize("option", ["--agent", "--block"])
def test_what_does_not_exist_is_said_in_a_line(cli: Cli, story: Story, option: str) -> None:
    done = cli("status", option, story.gone.replace("conv", option.removeprefix("--")))
    assert done.code == 6
    assert done.stdout == ""
    assert done.stderr.startswith("error: GET /v1/")
    assert done.stderr.count("\n") == 1
    assert "404" in done.stderr


def test_what_would_act_on_a_terminal_is_shown_not_sent(cli: Cli, client: Letta, story: Story) -> None:
    client.blocks.update(story.block, value="\x1b]0;owned\x07 and \u202eback")
    done = cli("status", story.stale[0], "--diff")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "owned" in done.stdout
