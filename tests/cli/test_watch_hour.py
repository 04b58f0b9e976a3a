"""`watch` as a process for an hour: edits, a kill in the middle of them, a server that is gone for a while, SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from letta_async import Letta
from letta_async.testing import RecordedRequest
from tests.cli.held import HeldServer
from tests.cli.processes import environment
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is neither SIGKILL nor SIGTERM on Windows")

ROOT = Path(__file__).parents[2]
STEP = 30
BEGINNING = 1_800_000_000.0
AGENTS, CONVERSATIONS = 3, 8


class WatchProcess:
    """Process with `letta-async watch`, whose time the test moves on."""

    def __init__(self, base_url: str, now: float, *arguments: str) -> None:
        read, write = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.watch_driver", str(write), str(now), "watch", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[write],
            env=environment(base_url),
            cwd=ROOT,
            text=True,
        )
        os.close(write)
        self._reports = os.fdopen(read)
        self.now = now

    def wait_until_asleep(self) -> None:
        """Wait until the scan has ended."""
        line = self._reports.readline()
        assert line, self._process.communicate(timeout=PATIENCE)[1]
        self.now = float(line)

    def begin_to_pass(self, seconds: float = STEP) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    def pass_time(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.begin_to_pass()
            self.wait_until_asleep()

    def end(self, number: signal.Signals) -> tuple[int, list[dict[str, Any]], str]:
        """Send a signal; return the exit code, the lines on standard output as JSON, and standard error."""
        self._process.send_signal(number)
        stdout, stderr = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, [json.loads(line) for line in stdout.splitlines()], stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._reports.close()


def recompiled(requests: list[RecordedRequest]) -> Counter[str]:
    """Return the number of recompiles per conversation, and per agent for its own prompt."""
    stored = [each for each in requests if each.path.endswith("/recompile") and each.query.get("dry_run") != "true"]
    return Counter(str((each.json() or {}).get("agent_id") or each.path.split("/")[3]) for each in stored)


def test_an_hour(tmp_path: Path) -> None:  # noqa: PLR0915 - one hour, in the order of its events
    health = tmp_path / "health.json"
    options = ["--all", "--every", "30s", "--json", "--standby", "--max-retries", "0", "--max-concurrency", "2"]
    options += ["--state", str(tmp_path / "state"), "--health-file", str(health)]
    data = tmp_path / "letta.db"
    lines: list[dict[str, Any]] = []
    steps = 0
    with ExitStack() as stack:
        server = stack.enter_context(HeldServer(path=data))
        client = stack.enter_context(Letta(base_url=server.base_url))
        base_url = server.base_url
        block = client.blocks.create(label="project", value="The release is on Friday.").id
        agents = [client.agents.create(model="letta/letta-free", block_ids=[block]).id for _ in range(AGENTS)]
        conversations = {
            client.conversations.create(agent_id=agent).id: agent for agent in agents for _ in range(CONVERSATIONS)
        }
        for each in conversations:
            client.conversations.recompile(each)  # a new one lacks the rules of tools
        server.requests.clear()

        with WatchProcess(base_url, BEGINNING, *options) as watch:
            watch.wait_until_asleep()
            first_scan = len(server.requests)
            assert first_scan <= 1 + AGENTS + 2 * (AGENTS + len(conversations)) + AGENTS  # own prompts may be stale
            server.requests.clear()

            watch.pass_time(20)
            assert len(server.requests) == 20, "at rest, a scan is a request"

            client.blocks.update(block, value="The release is on Monday.")
            client.agents.update(agents[0], system="You are new.")
            server.requests.clear()
            watch.pass_time()
            assert recompiled([*server.requests]) == Counter([*conversations, agents[0]])
            assert len(server.requests) <= 1 + AGENTS + 3 * (AGENTS + len(conversations))
            server.requests.clear()
            watch.pass_time(20)
            assert len(server.requests) == 20
            steps += 41

            client.blocks.update(block, value="The release is on Tuesday.")
            server.requests.clear()
            server.recompiled.clear()
            server.hold_after(10)
            watch.begin_to_pass()
            server.wait_until_holding()
            code, written, _ = watch.end(signal.SIGKILL)
            assert code == -signal.SIGKILL
            lines += written
            now = watch.now + STEP
        server.release()
        assert eventually(lambda: server.recompiled.total() == 10 + server.held), "what was in flight arrives"

        with WatchProcess(base_url, now, *options) as watch:
            watch.wait_until_asleep()
            assert json.loads(health.read_text())["error"]["type"] == "WatchLockedError"  # of the dead one
            watch.pass_time(4)
            assert recompiled([*server.requests]) == Counter(conversations.keys())
            assert json.loads(health.read_text())["ok"]
            watch.pass_time(15)
            steps += 1 + 19

            stack.close()
            watch.pass_time(20)
            steps += 20
            broken = json.loads(health.read_text())
            assert (broken["ok"], broken["error"]["type"]) == (False, "APIConnectionError")

            with HeldServer(path=data, port=urlsplit(base_url).port) as again, Letta(base_url=base_url) as editor:
                editor.blocks.update(block, value="The release is on Wednesday.")
                again.requests.clear()
                watch.pass_time(10)  # at most five minutes after the last attempt
                assert recompiled([*again.requests]) == Counter(conversations.keys())
                again.requests.clear()
                watch.pass_time(120 - steps - 10)
                assert len(again.requests) == 120 - steps - 10
                assert watch.now == BEGINNING + 3600

                code, written, said = watch.end(signal.SIGTERM)
                assert code == 143
                lines += written
                assert json.loads(health.read_text())["next_scan"] is None
                stale = [each for each in conversations if editor.conversations.staleness(each).stale]
                assert stale == []
    assert "WARNING a scan failed, and another one follows: " in said
    assert "A scan succeeded, after " in said
    assert {line["status"] for line in lines} == {"recompiled"}
    written_twice = Counter((line["conversation_id"], line["agent_id"], line["time"]) for line in lines)
    assert max(written_twice.values()) == 1
