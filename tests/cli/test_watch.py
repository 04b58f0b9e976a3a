"""`watch`: lines, exit codes, the place of its state, its health file and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from letta_async import Letta
from letta_async.cli.quantities import duration_in_words
from tests.cli.conftest import Cli
from tests.cli.held import HeldServer
from tests.cli.processes import Done, Running, environment, run, run_here
from tests.cli.stories import Story

MEMORY = ("--state", ":memory:")


# --- one scan ---------------------------------------------------------------------------------------------------------


def test_one_scan_recompiles_exactly_what_is_stale(cli: Cli, story: Story, server: HeldServer) -> None:
    done = cli("watch", "--all", "--once", "--json", *MEMORY)
    assert done.code == 0
    assert done.with_status("recompiled") == set(story.stale) == set(server.recompiled)
    assert [row["conversation_id"] for row in done.jsonl] == list({row["conversation_id"]: 0 for row in done.jsonl})
    assert all(row["agent_id"] is None and row["time"].endswith("Z") for row in done.jsonl)
    first, last = done.stderr.splitlines()
    assert first == f"Watching all agents of {server.base_url}, once; state in memory."
    assert last == "1 scan: 4 recompiled, 0 failed, 0 pending."


def test_a_line_is_for_people_without_json(cli: Cli, story: Story) -> None:
    done = cli("watch", "--agent", story.agents[0], "--once", *MEMORY)
    assert done.code == 0
    assert sorted(line.split()[1] for line in done.stdout.splitlines()) == sorted(story.stale[:2])
    assert all(line.endswith("  recompiled  +1 -1 lines") for line in done.stdout.splitlines())


@pytest.mark.parametrize("diff", [False, True])
def test_what_changed_is_text_of_memory_and_shown_only_on_request(cli: Cli, story: Story, diff: bool) -> None:
    done = cli("watch", "--agent", story.agents[0], "--once", "--json", *(["--diff"] if diff else []), *MEMORY)
    assert ("The release is on Monday." in done.stdout) is diff


def test_an_own_prompt_is_told_apart_by_its_agent(cli: Cli, client: Letta, story: Story) -> None:
    gardener = story.agents[2]
    cli("watch", "--agent", gardener, "--once", *MEMORY)
    client.agents.update(gardener, system="You are new.")
    done = cli("watch", "--agent", gardener, "--once", "--json", *MEMORY)
    own = [row for row in done.jsonl if row["conversation_id"] == "default"]
    assert [row["agent_id"] for row in own] == [gardener]
    client.agents.update(gardener, system="You are newer.")
    assert f"{gardener} (its own prompt)  recompiled" in cli("watch", "--agent", gardener, "--once", *MEMORY).stdout


def test_what_failed_is_a_line_and_an_exit_code(cli: Cli, story: Story, server: HeldServer) -> None:
    server.script("POST", f"/v1/conversations/{story.stale[0]}/recompile", status=400, times=None)
    done = cli("watch", "--block", story.block, "--once", "--json", *MEMORY)
    assert done.code == 1
    assert done.with_status("failed") == {story.stale[0]}
    assert done.with_status("recompiled") == set(story.stale[1:])
    assert done.stderr.endswith("1 scan: 3 recompiled, 1 failed, 1 pending.\n")


def test_a_busy_conversation_is_left_alone_and_told(cli: Cli, story: Story, server: HeldServer) -> None:
    busy = story.stale[0]
    run = {"id": "run-1", "agent_id": story.agents[0], "conversation_id": busy, "status": "running"}
    server.script("GET", "*/runs/", status=200, body=[run], times=None)
    done = cli("watch", "--all", "--once", "--json", "--wait-if-busy", "0", *MEMORY)
    assert done.code == 1
    assert done.with_status("busy") == {busy}
    assert done.with_status("recompiled") == set(story.stale[1:]) == set(server.recompiled)
    assert done.stderr.endswith("1 scan: 3 recompiled, 0 failed, 1 busy, 1 pending.\n")


def test_scans_are_logged_on_request(cli: Cli, story: Story) -> None:
    said = cli("watch", "--all", "--once", "-v", *MEMORY).stderr
    assert "INFO scan: 3 agents, 3 changed, 10 checked, 4 recompiled, 0 failed, 0 busy, 0 pending; " in said
    assert "scan: " not in cli("watch", "--all", "--once", *MEMORY).stderr.replace("1 scan: ", "")


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "choose the agents by --agent, --block or --all"),
        (["--all", "--agent", "agent-1"], "choose the agents by --agent, --block or --all"),
        (["--agent", "nonsense"], "--agent: "),
        (["--all", "--every", "soon"], "'--every': 'soon' is no duration such as 30s, 5m or 1h"),
        (["--all", "--every", "0s"], "'--every': '0s' is out of range"),
        (["--all", "--every", "-5"], "'--every': '-5' is no duration"),
        (["--all", "--every", "32d"], "'--every': '32d' is out of range"),
        (["--all", "--max-rate", "30"], "'--max-rate': '30' is no rate such as 30/min, 2/s or 600/h"),
        (["--all", "--max-rate", "59/h"], "'--max-rate': '59/h' is out of range: at least one a minute"),
        (["--all", "--max-rate", "0/min"], "'--max-rate': '0/min' is out of range"),
        (["--all", "--metrics", "65536"], "'--metrics': '65536' is neither a port nor an address with one"),
        (["--all", "--metrics", "here:1"], "'--metrics': 'here' is no IP address"),
        (["--all", "--diff"], "--diff is for --json"),
        (["--all", "--state", "/dev/null/x"], "--state: "),
        (["--all", "--health-file", "/nowhere/health.json"], "--health-file: '/nowhere/health.json' cannot be written"),
    ],
)
def test_wrong_arguments_are_refused_in_a_line(server: HeldServer, cli: Cli, options: list[str], words: str) -> None:
    done = cli("watch", "--once", *([] if "--state" in options else MEMORY), *options)
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr.splitlines()[-1]
    assert len(server.requests) == 0


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("30", "30s"), ("90s", "1.5m"), ("5m", "5m"), ("1.5h", "1.5h"), ("2 d", "2d"), ("0.5s", "0.5s")],
)
def test_durations(cli: Cli, story: Story, typed: str, shown: str, server: HeldServer) -> None:
    with Running("watch", "--all", "--every", typed, *MEMORY, base_url=server.base_url) as running:
        running.stderr.wait_for(f"every {shown};")


def test_a_duration_in_words_is_one_that_can_be_typed() -> None:
    assert [duration_in_words(each) for each in (0.25, 1, 60, 90, 3600, 86400)] == [
        "0.25s",
        "1s",
        "1m",
        "1.5m",
        "1h",
        "1d",
    ]


@pytest.mark.parametrize(("rate", "recompiled"), [("1/min", 1), ("120/h", 2), ("1/s", 4), ("2 / m", 2)])
def test_no_more_than_the_rate_are_recompiled(server: HeldServer, story: Story, rate: str, recompiled: int) -> None:
    with Running(
        "watch", "--all", "--every", "2s", "--max-rate", rate, "--json", "-v", *MEMORY, base_url=server.base_url
    ) as running:
        running.stderr.wait_for("INFO scan: ", times=2)
        running.signal(signal.SIGTERM)
        done = running.end()
    assert len(done.jsonl) == server.recompiled.total() == recompiled


def test_what_does_not_exist_ends_it(cli: Cli, story: Story) -> None:
    done = cli("watch", "--agent", story.gone.replace("conv", "agent"), *MEMORY)
    assert done.code == 6
    assert done.stderr.splitlines()[-1].startswith("error: GET /v1/agents/")


def test_a_server_out_of_reach_is_an_error_of_one_scan(cli: Cli) -> None:
    done = run_here("watch", "--all", "--once", "--max-retries", "0", *MEMORY, base_url="http://127.0.0.1:9")
    assert done.code == 3


# --- the state --------------------------------------------------------------------------------------------------------


def watched(server: HeldServer, *options: str, **env: str) -> Done:
    return run("watch", "--once", *options, base_url=server.base_url, **env)


@pytest.mark.skipif(sys.platform == "win32", reason="its places are others")
def test_the_state_has_a_place_by_what_is_watched(tmp_path: Path, server: HeldServer, story: Story) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path)}
    assert watched(server, "--all", **home).code == 0
    assert watched(server, "--all", **home).code == 0
    assert watched(server, "--agent", story.agents[0], **home).code == 0
    folder = tmp_path / "letta-async"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.glob("watch-*.sqlite"))
    assert len(files) == 2
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in files)
    assert watched(server, "--all", STATE_DIRECTORY=f"{tmp_path}/service").code == 0
    assert len(list((tmp_path / "service").glob("watch-*.sqlite"))) == 1
    assert watched(server, "--all", XDG_STATE_HOME="relative", HOME=str(tmp_path)).code == 0
    assert len(list((tmp_path / ".local" / "state" / "letta-async").glob("watch-*.sqlite"))) == 1


@pytest.mark.skipif(
    sys.platform == "win32" or (os.geteuid() == 0 and not Path("/proc").exists()), reason="no such place"
)
def test_a_state_without_a_place_says_what_to_do(server: HeldServer) -> None:
    done = watched(server, "--all", XDG_STATE_HOME="/proc/nowhere")
    assert done.code == 2
    assert "--state: '/proc/nowhere/letta-async' cannot be created" in done.stderr
    assert "name a file" in done.stderr


def test_a_second_watcher_is_told_who_has_the_lock(tmp_path: Path, server: HeldServer, story: Story, cli: Cli) -> None:
    state = ("--state", str(tmp_path / "state"))
    with Running("watch", "--all", "-v", *state, base_url=server.base_url) as running:
        running.stderr.wait_for("INFO scan: ")
        done = cli("watch", "--all", *state)
        assert done.code == 7
        assert "is in use by another watcher" in done.stderr
        assert "(--standby waits for it)" in done.stderr
        with Running(
            "watch", "--all", "--standby", "-v", "--every", "0.2s", *state, base_url=server.base_url
        ) as next_one:
            next_one.stderr.wait_for("in standby: ")
            running.signal(signal.SIGTERM)
            assert running.end().code == 143
            next_one.stderr.wait_for("INFO scan: ")
            next_one.signal(signal.SIGINT)
            assert next_one.end().code == 130


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_waits_for_what_is_in_flight(
    tmp_path: Path, server: HeldServer, story: Story, number: signal.Signals, code: int
) -> None:
    state = ("--state", str(tmp_path / "state"))
    server.hold_after(0)
    with Running("watch", "--all", "--json", "--max-concurrency", "1", *state, base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(number)
        running.stderr.wait_for("Stopping: what is in flight is waited for.")
        server.release()
        done = running.end()
    assert done.code == code
    assert done.with_status("recompiled") == set(server.recompiled)
    assert len(done.jsonl) == len(server.recompiled) >= 1
    before = set(server.recompiled)
    after = run("watch", "--all", "--json", "--once", *state, base_url=server.base_url)
    assert after.with_status("recompiled") == set(story.stale) - before
    assert all(count == 1 for count in server.recompiled.values())


def test_a_second_signal_ends_it_at_once(tmp_path: Path, server: HeldServer, story: Story) -> None:
    server.hold_after(0)
    with Running("watch", "--all", *MEMORY, base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(signal.SIGTERM)
        running.stderr.wait_for("Once more ends it at once.")
        running.signal(signal.SIGTERM)
        done = running.end()
    assert done.code == 143
    assert "Ended at once: what was in flight may have been recompiled or not" in done.stderr


def test_it_ends_while_it_sleeps(server: HeldServer) -> None:
    with Running("watch", "--all", "--every", "1h", "-v", *MEMORY, base_url=server.base_url) as running:
        running.stderr.wait_for("INFO scan: ")
        running.signal(signal.SIGTERM)
        assert running.end().code == 143


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/full")
def test_an_output_that_cannot_be_written_ends_it(server: HeldServer, story: Story) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "letta_async", "watch", "--all", *MEMORY],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(server.base_url),
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 5
    assert "error: the output cannot be written: No space left on device" in done.stderr


# --- health -----------------------------------------------------------------------------------------------------------


def test_the_health_file_says_how_the_last_scan_went(tmp_path: Path, server: HeldServer, story: Story) -> None:
    health = tmp_path / "health.json"
    options = ("watch", "--all", "--every", "0.2s", "-v", "--max-retries", "0", "--health-file", str(health))
    with Running(*options, *MEMORY, base_url=server.base_url, LETTA_API_KEY="s3cret-key") as running:
        running.stderr.wait_for("INFO scan: ")
        content = json.loads(health.read_text())
        assert {**content, "time": "", "next_scan": ""} == {
            "time": "",
            "ok": True,
            "error": None,
            "pending": 0,
            "next_scan": "",
        }
        assert content["time"] <= content["next_scan"]
        outage = server.script(status=503, times=None)
        running.stderr.wait_for("WARNING a scan failed, and another one follows: ")
        running.stderr.wait_for("; GET /v1/agents/", times=2)
        broken = json.loads(health.read_text())
        assert (broken["ok"], broken["error"]["type"]) == (False, "InternalServerError")
        outage.cancel()
        running.stderr.wait_for("A scan succeeded, after ")
        assert json.loads(health.read_text())["ok"]
        running.signal(signal.SIGTERM)
        done = running.end()
    assert json.loads(health.read_text())["next_scan"] is None
    assert "s3cret-key" not in done.stdout + done.stderr + json.dumps(broken)
    assert [each.name for each in tmp_path.iterdir()] == ["health.json"]


def test_a_health_file_that_cannot_be_written_any_more_does_not_end_it(tmp_path: Path, server: HeldServer) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    health = folder / "health.json"
    options = ("watch", "--all", "--every", "0.1s", "-v", "--health-file", str(health))
    with Running(*options, *MEMORY, base_url=server.base_url) as running:
        running.stderr.wait_for("INFO scan: ")
        health.unlink()
        health.mkdir()
        running.stderr.wait_for("warning: the health file cannot be written: ")
        running.stderr.wait_for("INFO scan: ", times=4)
        running.signal(signal.SIGTERM)
        done = running.end()
    assert done.code == 143
    assert done.stderr.count("the health file cannot be written") == 1
    assert [each.name for each in folder.iterdir()] == ["health.json"]
