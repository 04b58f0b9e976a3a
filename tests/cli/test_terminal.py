"""Output on a terminal: plan, question, progress bar, colours."""

from __future__ import annotations

from pathlib import Path

import pytest

from letta_async import Letta
from tests.cli.conftest import Prompts
from tests.cli.held import HeldServer
from tests.cli.processes import Terminal, has_colours, plain
from tests.cli.stories import Story, tell


def test_the_plan_is_shown_and_a_yes_recompiles(story: Story, server: HeldServer) -> None:
    with Terminal("recompile", "--block", story.block, base_url=server.base_url) as terminal:
        terminal.screen.wait_for("[y/N] ")
        seen = plain(terminal.screen.text)
        assert "6 conversations: 4 stale, 2 current." in seen
        assert all(each in seen for each in story.stale)
        assert "Recompile 6 conversations (with --only-stale, 2 current would be left alone)? [y/N] " in seen
        assert not server.recompiled
        terminal.type("y\n")
        done = terminal.end()
    assert done.code == 0
    assert set(server.recompiled) == story.of_block
    assert "6 recompiled, in " in done.stderr
    assert "conversation" in plain(done.stderr)


def test_a_yes_to_the_stale_ones_leaves_the_others_alone(story: Story, server: HeldServer, prompts: Prompts) -> None:
    before = prompts()
    with Terminal("recompile", "--all", "--only-stale", base_url=server.base_url) as terminal:
        terminal.screen.wait_for("Recompile 4 stale conversations? [y/N] ")
        terminal.type("Y\n")
        done = terminal.end()
    assert done.code == 0
    assert "4 recompiled, 3 unchanged, in " in done.stderr
    assert {each for each, prompt in prompts().items() if prompt != before[each]} == set(story.stale)


@pytest.mark.parametrize("answer", ["n\n", "\n", "maybe\n", "\x04"], ids=["no", "nothing", "anything", "end of file"])
def test_anything_but_a_yes_changes_nothing(story: Story, server: HeldServer, prompts: Prompts, answer: str) -> None:
    before = prompts()
    with Terminal("recompile", *story.stale, "--only-stale", base_url=server.base_url) as terminal:
        terminal.screen.wait_for("Recompile 4 stale conversations? [y/N] ")
        terminal.type(answer)
        done = terminal.end()
    assert done.code == 1
    assert done.stderr.endswith("Nothing was changed.\n")
    assert prompts() == before


def test_ctrl_c_at_the_question_changes_nothing(story: Story, server: HeldServer) -> None:
    with Terminal("recompile", *story.stale, base_url=server.base_url) as terminal:
        terminal.screen.wait_for("[y/N] ")
        terminal.type("\x03")
        done = terminal.end()
    assert done.code == 130
    assert done.stderr.endswith("Interrupted.\n")
    assert not server.recompiled


def test_a_journal_that_is_there_is_mentioned(story: Story, server: HeldServer, tmp_path: Path) -> None:
    journal = tmp_path / "run.jsonl"
    journal.touch()
    with Terminal("recompile", *story.stale, "--journal", str(journal), base_url=server.base_url) as terminal:
        terminal.screen.wait_for("[y/N] ")
        terminal.type("yes\n")
        done = terminal.end()
    assert done.code == 0
    assert f"What {str(journal)!r} says was done is skipped.\nRecompile 4 conversations? [y/N] " in done.stderr


def test_nothing_is_asked_with_yes_or_when_nothing_is_stale(story: Story, server: HeldServer) -> None:
    for arguments in ([*story.stale, "--yes"], ["--agent", story.agents[2], "--only-stale"]):
        with Terminal("recompile", *arguments, base_url=server.base_url) as terminal:
            done = terminal.end()
        assert done.code == 0
        assert "[y/N]" not in done.stderr
    assert set(server.recompiled) == set(story.stale)


def test_diffs_are_shown_in_colour_before_the_question(story: Story, server: HeldServer) -> None:
    with Terminal("recompile", story.stale[0], "--diff", base_url=server.base_url) as terminal:
        terminal.screen.wait_for("[y/N] ")
        terminal.type("n\n")
        done = terminal.end()
    seen = plain(done.stderr)
    assert seen.index("+The release is on Monday.") < seen.index("[y/N]")
    assert "\x1b[31m-The release is on Friday." in done.stderr
    assert "\x1b[32m+The release is on Monday." in done.stderr


def test_no_color_takes_the_colours_away(story: Story, server: HeldServer) -> None:
    with Terminal("status", "--all", "--diff", base_url=server.base_url) as terminal:
        assert has_colours(terminal.end().stderr)
    with Terminal("status", "--all", "--diff", base_url=server.base_url, NO_COLOR="1") as terminal:
        done = terminal.end()
    assert done.code == 1
    assert not has_colours(done.stderr)
    assert "+The release is on Monday." in plain(done.stderr)


def test_the_bar_has_count_rate_and_time_left(client: Letta, server: HeldServer) -> None:
    story = tell(client, stale=20, current=0, unshared=0)
    server.hold_after(15)
    with Terminal("recompile", "--block", story.block, "--yes", base_url=server.base_url) as terminal:
        server.wait_until_holding()
        terminal.screen.wait_for("15/40")
        terminal.screen.wait_for("/s ")
        terminal.screen.wait_for(" left")
        server.release()
        done = terminal.end()
    assert done.code == 0
    assert "Recompiling" in plain(done.stderr)
    assert "\x1b[?25h" in done.stderr  # the cursor is back


def test_the_machines_output_goes_elsewhere_undisturbed(client: Letta, server: HeldServer) -> None:
    story = tell(client, stale=20, current=0, unshared=0)
    server.hold_after(5)
    arguments = ["recompile", "--block", story.block, "--yes", "--output", "jsonl"]
    with Terminal(*arguments, base_url=server.base_url, piped=True) as terminal:
        server.wait_until_holding()
        terminal.screen.wait_for("5/40")
        server.release()
        done = terminal.end()
    assert done.with_status("recompiled") == set(story.stale)
    assert "\x1b" not in done.stdout
    assert "conv-" not in plain(done.stderr)


def test_lines_and_a_bar_do_not_share_a_terminal(story: Story, server: HeldServer) -> None:
    with Terminal("status", "--all", "--output", "jsonl", base_url=server.base_url) as terminal:
        done = terminal.end()
    *rows, summary = done.stderr.splitlines()
    assert len(rows) == 7
    assert all(row.startswith('{"conversation_id"') for row in rows)
    assert summary.startswith("7 conversations: 4 stale, 3 current. ")


def test_a_question_that_nobody_would_see_is_refused(story: Story, server: HeldServer) -> None:
    command = ["recompile", *story.stale]
    with Terminal(*command, base_url=server.base_url, blind=True) as terminal:
        done = terminal.end()
    assert done.code == 2
    assert "add --yes" in done.stdout
    assert not server.recompiled


def test_ids_and_reasons_are_not_cut_in_a_narrow_terminal(story: Story, server: HeldServer) -> None:
    with Terminal("status", story.gone, story.stale[0], base_url=server.base_url, columns=72) as terminal:
        done = terminal.end()
    seen = plain(done.stderr)
    assert story.gone in seen
    assert story.stale[0] in seen
    assert "…" not in seen
