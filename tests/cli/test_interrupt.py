"""Ctrl-C: requests in flight end, results are reported, and the command that continues is printed."""

from __future__ import annotations

import json
import shlex
import signal
from pathlib import Path

import pytest

from letta_async import Letta
from tests.cli.conftest import Cli
from tests.cli.held import HeldServer
from tests.cli.processes import PROGRAM, Done, Running, Terminal, run
from tests.cli.stories import Story, tell


@pytest.fixture
def story(client: Letta) -> Story:
    return tell(client, stale=15, current=0, unshared=0)


def interrupted(server: HeldServer, *arguments: str, number: signal.Signals = signal.SIGINT) -> Done:
    """Run a command, and interrupt it once five conversations are recompiled and more are in flight."""
    server.hold_after(5)
    with Running(*arguments, base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(number)
        running.stderr.wait_for("Stopping: what is in flight is waited for.")
        server.release()
        return running.end()


def command_to_go_on(done: Done) -> list[str]:
    program, *arguments = shlex.split(done.stderr.splitlines()[-1])
    assert program == "letta-async"
    return arguments


def test_what_is_in_flight_ends_and_a_journal_goes_on(
    story: Story, server: HeldServer, cli: Cli, tmp_path: Path
) -> None:
    journal = tmp_path / "the journal.jsonl"
    typed = ["recompile", "--block", story.block, "--journal", str(journal), "--yes", "--output", "jsonl"]
    first = interrupted(server, *typed)
    assert first.code == 130
    done = first.with_status("recompiled")
    assert 5 < len(done) < 30  # what was in flight, too
    assert done == set(server.recompiled)
    entries = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    assert {entry["key"] for entry in entries} == done
    assert f"Interrupted, with {30 - len(done)} conversations to go. To go on:" in first.stderr
    assert command_to_go_on(first) == typed

    second = cli(*command_to_go_on(first))
    assert second.code == 0
    assert second.with_status("skipped") == done
    assert second.with_status("recompiled") == set(story.stale) - done
    assert set(server.recompiled.values()) == {1}


def test_without_a_journal_staleness_itself_says_where_to_go_on(story: Story, server: HeldServer, cli: Cli) -> None:
    first = interrupted(server, "recompile", "--block", story.block, "--yes", "--output", "json")
    assert first.code == 130
    assert first.json["not_done"] == 30 - first.json["counts"]["recompiled"] > 0
    assert command_to_go_on(first)[:2] == ["recompile", "--only-stale"]
    second = cli(*command_to_go_on(first))
    assert second.code == 0
    assert second.with_status("unchanged") == first.with_status("recompiled")
    assert set(server.recompiled.values()) == {1}


def test_a_second_one_ends_at_once(story: Story, server: HeldServer) -> None:
    server.hold_after(5)
    with Running("recompile", *story.stale, "--yes", "--output", "jsonl", base_url=server.base_url) as running:
        server.wait_until_holding()
        running.stdout.wait_for("\n", times=5)
        running.signal(signal.SIGINT)
        running.stderr.wait_for("Once more ends it at once.")
        running.signal(signal.SIGINT)
        done = running.end()  # although the server still holds what is in flight
    assert done.code == 130
    assert len(done.with_status("recompiled")) == 5
    assert "what was in flight may have been recompiled or not" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_to_go_on_with_leaves_out_what_stood_before_the_command(story: Story, server: HeldServer) -> None:
    done = interrupted(server, "-vv", "recompile", *story.stale, "--yes")
    assert command_to_go_on(done) == ["recompile", "--only-stale", *story.stale, "--yes"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_do_the_same_and_say_which_it_was(
    story: Story, server: HeldServer, number: signal.Signals, code: int
) -> None:
    done = interrupted(server, "recompile", *story.stale, "--yes", "--only-stale", number=number)
    assert done.code == code
    assert "to go. To go on:" in done.stderr
    assert len(done.stdout.splitlines()) - 1 == len(server.recompiled)


def test_a_terminal_that_is_closed_ends_it_well(story: Story, server: HeldServer, tmp_path: Path, cli: Cli) -> None:
    journal = tmp_path / "journal.jsonl"
    server.hold_after(5)
    typed = ["recompile", "--block", story.block, "--journal", str(journal), "--yes"]
    with Terminal(*typed, base_url=server.base_url, unread=True) as terminal:
        server.wait_until_holding()
        terminal.hang_up()
        server.release()
        assert terminal.end().code == 129
    entries = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    assert {entry["key"] for entry in entries} == set(server.recompiled)
    assert 5 < len(entries) < 30
    second = cli(*typed, "--output", "jsonl")
    assert second.code == 0
    assert second.with_status("recompiled") == set(story.stale) - {entry["key"] for entry in entries}
    assert set(server.recompiled.values()) == {1}


def test_nohup_goes_on(story: Story, server: HeldServer) -> None:
    server.hold_after(5)
    ignoring = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *PROGRAM]
    with Running("recompile", *story.stale, "--yes", base_url=server.base_url, program=ignoring) as running:
        server.wait_until_holding()
        running.signal(signal.SIGHUP)
        server.release()
        done = running.end()
    assert (done.code, "Stopping" in done.stderr) == (0, False)
    assert set(server.recompiled) == set(story.stale)


def test_a_hangup_that_comes_twice_is_one(story: Story, server: HeldServer) -> None:
    server.hold_after(5)
    with Running("recompile", *story.stale, "--yes", base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(signal.SIGHUP)
        running.stderr.wait_for("Stopping")
        running.signal(signal.SIGHUP)
        running.signal(signal.SIGHUP)
        server.release()
        done = running.end()
    assert done.code == 129
    assert "Ended at once" not in done.stderr


def test_ids_from_standard_input_are_asked_for_again(story: Story, server: HeldServer) -> None:
    server.hold_after(5)
    ids = "\n".join(story.stale).encode()
    with Running("recompile", "-", "--yes", base_url=server.base_url, stdin=ids) as running:
        server.wait_until_holding()
        running.signal(signal.SIGINT)
        running.stderr.wait_for("Stopping")
        server.release()
        done = running.end()
    assert "To go on (with the same ids on standard input):\n" in done.stderr


def test_while_it_checks_nothing_was_changed(story: Story, server: HeldServer) -> None:
    server.hold_after(5, dry_runs=True)
    arguments = ["recompile", "--block", story.block, "--yes", "--diff"]
    with Running(*arguments, base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(signal.SIGINT)
        done = running.end()  # nothing in flight is waited for
    assert (done.code, done.stdout, done.stderr) == (130, "", "Interrupted; nothing was changed.\n")
    assert not server.recompiled


def test_a_status_tells_what_it_has_found(story: Story, server: HeldServer) -> None:
    server.hold_after(5, dry_runs=True)
    with Running("status", "--block", story.block, "--output", "jsonl", base_url=server.base_url) as running:
        server.wait_until_holding()
        running.stdout.wait_for("\n", times=2)
        running.signal(signal.SIGINT)
        done = running.end()
    assert done.code == 130
    found = len(done.with_status("stale"))
    assert 2 <= found <= 5
    assert done.stderr == f"Interrupted: {found} of 30 conversations were checked, {found} stale.\n"


def test_as_much_as_once_is_no_matter_after_all_is_done(story: Story, server: HeldServer) -> None:
    server.hold_after(0)
    with Running("recompile", story.stale[0], "--yes", base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(signal.SIGINT)
        running.stderr.wait_for("Stopping")
        server.release()
        done = running.end()
    assert done.code == 0
    assert "1 recompiled" in done.stderr
    assert run("status", story.stale[0], base_url=server.base_url).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_at_the_question_too(story: Story, server: HeldServer, number: signal.Signals, code: int) -> None:
    with Terminal("recompile", *story.stale, base_url=server.base_url) as terminal:
        terminal.screen.wait_for("[y/N] ")
        terminal.signal(number)
        done = terminal.end()
    assert (done.code, done.stderr.endswith("Interrupted.\n")) == (code, True)
    assert not server.recompiled


def test_a_terminal_that_is_closed_at_the_question_changes_nothing(story: Story, server: HeldServer) -> None:
    server.hold_after(0, dry_runs=True)
    with Terminal("recompile", story.stale[0], base_url=server.base_url, unread=True) as terminal:
        server.wait_until_holding()
        server.release()
        terminal.hang_up()
        assert terminal.end().code == 129
    assert not server.recompiled


def test_a_hangup_that_is_told_of_twice_still_lets_what_is_in_flight_end(story: Story, server: HeldServer) -> None:
    server.hold_after(5)
    with Running("recompile", *story.stale, "--yes", "--output", "json", base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(signal.SIGTERM)  # as a service manager does: one after the other
        running.stderr.wait_for("Stopping")
        running.signal(signal.SIGHUP)
        running.signal(signal.SIGHUP)
        server.release()
        done = running.end()
    assert done.code == 143
    assert done.with_status("recompiled") == set(server.recompiled)
    assert len(server.recompiled) > 5


@pytest.mark.parametrize("output", ["json", "jsonl"])
def test_a_terminal_that_is_closed_takes_no_outcome_from_the_journal(
    story: Story, server: HeldServer, tmp_path: Path, output: str
) -> None:
    journal = tmp_path / "journal.jsonl"
    server.hold_after(5)
    typed = ["recompile", "--block", story.block, "--journal", str(journal), "--yes", "--output", output]
    with Terminal(*typed, base_url=server.base_url, unread=True) as terminal:
        server.wait_until_holding()
        terminal.hang_up()
        server.release()
        assert terminal.end().code == 129
    entries = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    assert {entry["key"] for entry in entries} == set(server.recompiled)
    assert 5 < len(entries) < 30


def test_a_reader_that_leaves_ends_it_well(story: Story, server: HeldServer, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    server.hold_after(5)
    head = ["/bin/sh", "-c", '"$@" | head -n 1', "sh", *PROGRAM]
    typed = ["recompile", "--block", story.block, "--journal", str(journal), "--yes", "--output", "jsonl"]
    with Running(*typed, base_url=server.base_url, program=head) as running:
        server.wait_until_holding()
        running.stdout.wait_for("\n")
        server.release()
        done = running.end()
    assert done.stderr.count("To go on:") == 1
    assert "Traceback" not in done.stderr
    entries = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    assert {entry["key"] for entry in entries} == set(server.recompiled)
    assert len(entries) < 30


def test_a_status_whose_terminal_is_closed_says_so(story: Story, server: HeldServer) -> None:
    server.hold_after(5, dry_runs=True)
    with Terminal("status", "--all", base_url=server.base_url, unread=True) as terminal:
        server.wait_until_holding()
        terminal.hang_up()
        assert terminal.end().code == 129
