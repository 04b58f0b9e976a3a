"""Tests of a server with a file that is killed at random: every confirmed change is stored, and none in part."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from letta_async import Letta
from letta_async.testing import EmbeddedServer
from tests.testing.story import MODEL

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")

WORKERS = 3


class Killed(Exception):
    """The server was killed."""


@attrs.define
class Countdown:
    """Counter that kills a process after a number of responses."""

    process: subprocess.Popen[str]
    left: int
    seen: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def __call__(self) -> None:
        with self._lock:
            self.seen += 1
            self.left -= 1
            if self.left == 0:
                self.process.send_signal(signal.SIGKILL)


@attrs.define
class Worker:
    """Client that changes its own rows over its own connection, and records which changes were confirmed."""

    agent_id: str = ""
    block_id: str = ""
    values: list[str] = attrs.field(factory=list)
    """Values of the block: the last confirmed one, and those sent since."""
    conversations: set[str] = attrs.field(factory=set)
    unsure: set[str] = attrs.field(factory=set)
    """Conversations whose deletion was sent, but not confirmed."""
    recompiled: dict[str, int] = attrs.field(factory=dict)
    """Minimum number of the block's value in each conversation's prompt."""

    def run(self, url: str, answered: Callable[[], None]) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

        def call(method: str, target: str, body: Any = None) -> Any:
            try:
                connection.request(method, target, json.dumps(body or {}), {"Content-Type": "application/json"})
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                raise Killed from None
            assert response.status == 200, answer
            answered()
            return json.loads(answer)

        try:
            self._work(call)
        except Killed:
            pass
        finally:
            connection.close()

    def _work(self, call: Any) -> None:
        if not self.agent_id:
            made = call("POST", "/v1/agents/", {"model": MODEL, "memory_blocks": [{"label": "human", "value": "0;"}]})
            self.agent_id, self.block_id, self.values = made["id"], made["blocks"][0]["id"], ["0;"]
        number = int(self.values[-1][:-1])
        while True:
            number += 1
            self.values.append(f"{number};")
            call("PATCH", f"/v1/blocks/{self.block_id}", {"value": f"{number};"})
            self.values = [f"{number};"]
            conversation = call("POST", f"/v1/conversations/?agent_id={self.agent_id}")["id"]
            self.conversations.add(conversation)
            chosen = random.choice(sorted(self.conversations))
            call("POST", f"/v1/conversations/{chosen}/recompile")
            self.recompiled[chosen] = number
            if len(self.conversations) > 5:
                chosen = min(self.conversations)
                self.conversations.discard(chosen)
                self.unsure.add(chosen)
                call("DELETE", f"/v1/conversations/{chosen}")
                self.unsure.discard(chosen)

    def check(self, client: Letta) -> None:
        """Check that the next server has every change that the last one confirmed."""
        if not self.agent_id:
            return
        agent = client.agents.retrieve(self.agent_id)
        (block,) = agent.blocks or []
        assert block.value in self.values
        self.values = [block.value]
        own = [message.content for message in client.conversations.messages.list("default", agent_id=self.agent_id)]
        assert f"<value>\n{block.value}\n</value>" in own[0], "the block was kept without the prompt that follows it"
        listed = {each.id for each in client.conversations.list(agent_id=self.agent_id)}
        assert self.conversations <= listed
        begun = listed - self.conversations - self.unsure
        assert len(begun) <= 1, "more conversations than the one whose making was not answered"
        self.conversations, self.unsure = set(listed), set()
        for each in listed:
            (system,) = client.conversations.messages.list(each)
            value = int(system.content.partition("<value>\n")[2].partition(";")[0])
            assert value >= self.recompiled.get(each, 0)


def serve(path: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "letta_async.testing", "--data", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_kill_at_any_moment_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "letta.db"
    moments = random.Random(7)
    workers = [Worker() for _ in range(WORKERS)]
    answered = 0
    for _ in range(6):
        process, url = serve(path)
        count = Countdown(process, moments.randrange(1, 400))
        with process:
            threads = [threading.Thread(target=worker.run, args=(url, count)) for worker in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        answered += count.seen
        with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
            for worker in workers:
                worker.check(client)
    assert answered >= 300
