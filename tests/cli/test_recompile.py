"""`recompile` without a terminal: what is changed, what is not, and the report."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from letta_async import Letta
from tests.cli.conftest import Cli, Prompts
from tests.cli.held import HeldServer
from tests.cli.processes import run, run_here
from tests.cli.stories import Story


def test_only_stale_changes_exactly_the_stale_ones(story: Story, prompts: Prompts, server: HeldServer) -> None:
    before = prompts()
    typed = ["recompile", "--block", story.block, "--only-stale", "--yes", "--output", "jsonl"]
    done = run(*typed, base_url=server.base_url)
    assert done.code == 0
    assert done.with_status("recompiled") == set(story.stale)
    assert done.with_status("unchanged") == set(story.current)
    assert {each for each, prompt in prompts().items() if prompt != before[each]} == set(story.stale)
    assert set(server.recompiled) == set(story.stale)
    assert "4 recompiled, 2 unchanged, in " in done.stderr


def test_without_it_all_are_recompiled(cli: Cli, story: Story, server: HeldServer) -> None:
    done = cli("recompile", "--agent", story.agents[0], "--yes", "--output", "json")
    assert done.code == 0
    assert done.with_status("recompiled") == {*story.stale[:2], story.current[0]} == set(server.recompiled)


def test_where_nobody_can_be_asked_nobody_is(cli: Cli, story: Story, server: HeldServer) -> None:
    done = run("recompile", *story.stale, base_url=server.base_url, stdin="")
    assert done.code == 0
    assert set(server.recompiled) == set(story.stale)
    assert "[y/N]" not in done.stderr


def test_a_dry_run_tells_the_plan_and_changes_nothing(
    cli: Cli, story: Story, prompts: Prompts, server: HeldServer
) -> None:
    before = prompts()
    done = cli("recompile", "--all", "--dry-run", "--only-stale", "--output", "jsonl")
    assert done.code == 0
    assert done.with_status("stale") == set(story.stale)
    tokens = sum(row["reread_tokens"]["total"] for row in done.jsonl if row["status"] == "stale")
    assert done.stderr == (
        "7 conversations: 4 stale, 3 current."
        f" Recompiling 4 stale conversations makes models read about {tokens} tokens again (estimated).\n"
        "A dry run: nothing was changed. 4 conversations would be recompiled.\n"
    )
    assert not server.recompiled
    assert prompts() == before


def test_a_plan_without_only_stale_counts_the_current_ones_too(cli: Cli, story: Story) -> None:
    done = cli("recompile", "--all", "--dry-run", "--output", "jsonl")
    costs = [row["reread_tokens"]["total"] for row in done.jsonl]
    assert len(costs) == 7
    assert all(costs)  # the time of the recompile changes the prompt of a current one
    assert f"Recompiling 7 conversations makes models read about {sum(costs)} tokens again (estimated)." in done.stderr


def test_the_diffs_of_what_was_recompiled_are_in_the_json(cli: Cli, story: Story) -> None:
    done = cli("recompile", "--all", "--only-stale", "--diff", "--yes", "--output", "json")
    diffs = {row["conversation_id"]: row["diff"] for row in done.json["conversations"]}
    assert {each for each, diff in diffs.items() if diff and "+The release is on Monday." in diff} == set(story.stale)
    assert done.with_status("unchanged") == {*story.current, *story.unshared}


def test_the_diffs_come_before_the_table(cli: Cli, story: Story) -> None:
    done = cli("recompile", story.stale[0], "--diff", "--yes")
    assert done.stdout.startswith(f"--- {story.stale[0]} stored\n")
    assert done.stdout.count("+The release is on Monday.") == 1
    assert done.stdout.splitlines()[-1].startswith(f"{story.stale[0]}  recompiled  +1 -1 lines")


def test_what_has_no_diff_shows_none_in_the_plan(cli: Cli, story: Story) -> None:
    done = cli("recompile", story.gone, story.current[0], story.stale[0], "--only-stale", "--diff", "--yes")
    assert done.code == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("---")] == [f"--- {story.stale[0]} stored"]


def test_failures_come_last_with_their_reasons_and_leave_the_others_alone(cli: Cli, story: Story) -> None:
    done = cli("recompile", story.gone, *story.stale, "--yes")
    assert done.code == 1
    *recompiled, failed = done.stdout.splitlines()[1:]
    assert {row.split()[0] for row in recompiled} == set(story.stale)
    assert failed.startswith(f"{story.gone}  failed      POST /v1/conversations/{story.gone}/recompile: 404 Not Found")
    assert "4 recompiled, 1 failed, in " in done.stderr


def test_one_in_the_middle_of_a_turn_is_busy_and_left_alone(
    cli: Cli, story: Story, prompts: Prompts, server: HeldServer, client: Letta
) -> None:
    busy, *others = story.stale
    before = prompts()
    rule = server.model.reply("done", hold=0)

    def talk() -> None:
        for _ in client.conversations.messages.create(busy, input="x", background=True):
            pass

    turn = threading.Thread(target=talk)
    turn.start()
    while not client.runs.list(active=True).items:
        pass
    typed = ["recompile", *story.stale, "--only-stale", "--wait-if-busy", "0", "--diff"]
    done = cli(*typed, "--output", "jsonl", "--yes")
    shown = cli(*typed, "--yes")
    rule.release()
    turn.join()
    assert done.code == shown.code == 1
    assert done.with_status("busy") == {busy}
    assert done.with_status("recompiled") == set(others)
    (row,) = (row for row in done.jsonl if row["status"] == "busy")
    assert "+The release is on Monday." in row["diff"]
    assert row["error"] is None
    assert "3 recompiled, 0 unchanged, 1 busy, in " in done.stderr
    assert f"{busy}  busy " in shown.stdout
    assert prompts()[busy] == before[busy]
    again = cli("recompile", busy, "--wait-if-busy", "30", "--yes")
    assert again.code == 0


def test_nothing_to_do_is_well_done(cli: Cli, story: Story, client: Letta) -> None:
    lonely = client.agents.create(name="lonely", model="letta/letta-free", embedding="letta/letta-free")
    done = cli("recompile", "--agent", lonely.id, "--yes", "--output", "json")
    assert done.code == 0
    assert done.json["conversations"] == []


def test_a_journal_keeps_what_was_done_from_being_done_again(
    cli: Cli, story: Story, server: HeldServer, tmp_path: Path
) -> None:
    journal = str(tmp_path / "run.jsonl")
    first = cli("recompile", *story.stale, "--journal", journal, "--output", "jsonl", "--yes")
    second = run(
        *("recompile", *story.stale, "--journal", journal, "--output", "jsonl", "--yes"),
        base_url=server.base_url,
        PYTHONWARNINGS="default",
    )
    assert first.with_status("recompiled") == set(story.stale)
    assert (second.code, second.with_status("skipped")) == (0, set(story.stale))
    assert "0 recompiled, 4 skipped, in " in second.stderr
    assert f"warning: nothing was checked: the journal {journal!r} says that each target was done" in second.stderr
    assert "this journal's run is complete; to recompile again, remove the file or take another" in second.stderr
    assert set(server.recompiled.values()) == {1}


def test_a_journal_of_another_batch_is_refused(cli: Cli, story: Story, server: HeldServer, tmp_path: Path) -> None:
    journal = str(tmp_path / "run.jsonl")
    cli("recompile", story.stale[0], "--journal", journal, "--yes")
    done = cli("recompile", *story.stale, "--only-stale", "--journal", journal, "--yes")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("error: --journal: ")
    assert "belongs to a batch that differs in only_stale (only_stale was False, is True): to go on" in done.stderr
    assert set(server.recompiled) == {story.stale[0]}


def test_a_journal_that_is_complete_hides_nothing_that_became_stale_since(
    cli: Cli, story: Story, client: Letta, tmp_path: Path
) -> None:
    typed = ["recompile", "--block", story.block, "--only-stale", "--journal", str(tmp_path / "run.jsonl")]
    typed += ["--output", "jsonl", "--yes"]
    first = cli(*typed)
    client.blocks.update(story.block, value="Ada lives in Rome.")
    second, third = cli(*typed), cli(*typed)
    everyone = first.with_status("recompiled") | first.with_status("unchanged")
    assert everyone >= {*story.stale, *story.current}
    assert (second.code, second.with_status("recompiled")) == (0, everyone)
    assert (third.code, third.with_status("unchanged")) == (0, everyone)
    assert cli("status", "--block", story.block).code == 0


@pytest.mark.parametrize("in_file", [True, False], ids=["file", "inline"])
def test_settings_are_sent(cli: Cli, story: Story, server: HeldServer, tmp_path: Path, in_file: bool) -> None:
    settings = {"mode": "sliding_window", "clip_chars": None, "model_settings": {"provider_type": "openai"}}
    text = json.dumps(settings)
    if in_file:
        (tmp_path / "settings.json").write_text(text)
        text = str(tmp_path / "settings.json")
    assert cli("recompile", story.stale[0], "--settings", text, "--yes").code == 0
    (sent,) = [request.json() for request in server.requests if request.path.endswith("/recompile")]
    assert sent == {"compaction_settings": settings}


def test_a_dry_run_has_the_server_check_the_settings(cli: Cli, story: Story, server: HeldServer) -> None:
    settings = {"model_settings": {"provider_type": "moonshot"}}  # which this server does not know
    done = cli("recompile", story.stale[0], "--settings", json.dumps(settings), "--dry-run")
    assert done.code == 5
    assert "422 Unprocessable" in done.stdout
    assert not server.recompiled


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('{"mode": "al"}', "--settings mode: 'al' is unknown; allowed: 'all', "),
        ('{"clip_char": 5}', "--settings clip_char: is not a field; did you mean clip_chars?"),
        (
            '{"mode": 1, "model_settings": {"provider_type": "openai", "temperature": "hot"}}',
            "--settings model_settings.temperature: 'hot' is not a finite number",
        ),
        ('{"mode": "all", "mode": "all"}', "--settings: the field 'mode' is there twice"),
        ("{mode: all}", "--settings: not JSON that can be read: Expecting property name"),
        ("nowhere.json", "--settings: 'nowhere.json' cannot be read: No such file or directory"),
        ("LIST", "expected a JSON object"),
        ("BINARY", "cannot be read: it is not text"),
    ],
)
def test_faulty_settings_are_refused_before_anything_is_sent(tmp_path: Path, settings: str, words: str) -> None:
    if settings.isupper():
        path = tmp_path / "settings.json"
        path.write_bytes(b"[1]" if settings == "LIST" else b"\xff\xfe\x00")
        settings = str(path)
    some_id = "conv-00000000-0000-4000-8000-000000000000"
    done = run_here("recompile", some_id, "--settings", settings, "--yes", "--base-url", "http://127.0.0.1:1")
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
