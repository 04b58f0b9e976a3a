"""`serve` and `demo`: commands that run the embedded server."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from letta_async import AuthenticationError, Letta
from letta_async.cli.quantities import is_loopback
from letta_async.testing import EmbeddedServer
from letta_async.testing.__main__ import ListenError, serve_until
from tests.cli.processes import Running, environment, run, run_here

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_says_where_it_listens_and_serves_until_interrupted(number: signal.Signals) -> None:
    with Running("serve", "--port", "0") as running:
        running.stdout.wait_for("\n")
        running.stderr.wait_for("Ctrl-C ends it")
        base_url = running.stdout.text.strip()
        with Letta(base_url=base_url) as client:
            assert client.get("/v1/health/")["status"] == "ok"
        running.signal(number)
        done = running.end()
    assert (done.code, done.stdout) == (0, f"{base_url}\n")
    assert "warning" not in done.stderr


def test_it_asks_for_the_key_in_the_variable() -> None:
    with Running("serve", "--port", "0", "--password-env", "MY_KEY", MY_KEY="s3cret") as running:
        running.stdout.wait_for("\n")
        running.stderr.wait_for("Ctrl-C ends it")
        base_url = running.stdout.text.strip()
        with Letta(base_url=base_url) as client, pytest.raises(AuthenticationError):
            client.agents.retrieve("agent-00000000-0000-4000-8000-000000000000")
        with Letta(base_url=base_url, api_key="s3cret") as client:
            assert client.get("/v1/agents/") == []
        running.signal(signal.SIGINT)
        assert "s3cret" not in running.end().stderr


def test_it_warns_when_others_can_reach_it() -> None:
    with Running("serve", "--port", "0", "--host", "0.0.0.0") as running:
        running.stderr.wait_for("Ctrl-C ends it")
        running.signal(signal.SIGINT)
        done = running.end()
    assert done.stderr.startswith("warning: 0.0.0.0 is more than this machine: ")
    assert "there is neither a key nor encryption" in done.stderr


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run_here("serve", "--port", port)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == f"error: cannot listen on 127.0.0.1, port {port}: Address already in use\n"


async def test_a_host_that_has_no_address_is_named_by_the_resolver_s_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(ListenError, match=r"^Name or service not known$"):
        await serve_until(asyncio.Event(), EmbeddedServer(host="a.invalid"))


def test_the_demo_tells_the_whole_story() -> None:
    done = run("demo", LETTA_API_KEY="whatever", LETTA_BASE_URL="http://127.0.0.1:1")
    assert done.code == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("(exit code")] == [
        "(exit code 1)",
        "(exit code 0)",
        "(exit code 0)",
        "(exit code 0)",
    ]
    assert done.stdout.count("$ letta-async ") == 4
    assert "-The release is on Friday.\n+The release is on Monday.\n" in done.stdout
    assert "6 conversations: 4 stale, 2 current." in done.stderr
    assert "4 recompiled, 0 unchanged, in " in done.stderr
    assert done.stderr.splitlines()[-1] == "6 conversations: 0 stale, 6 current."


def test_the_example_is_the_demo() -> None:
    command = [sys.executable, str(ROOT / "examples" / "demo.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.count("$ letta-async ") == 4


def test_with_a_file_it_remembers(tmp_path: Path) -> None:
    path = str(tmp_path / "letta.db")
    with Running("serve", "--port", "0", "--data", path) as running:
        running.stdout.wait_for("\n")
        running.stderr.wait_for("Ctrl-C ends it")
        with Letta(base_url=running.stdout.text.strip()) as client:
            block = client.blocks.create(label="name", value="Ada")
        other = run("serve", "--port", "0", "--data", path)
        running.signal(signal.SIGINT)
        done = running.end()
    assert f"Serving Letta from {path}; Ctrl-C ends it." in done.stderr
    assert (other.code, other.stderr) == (2, f"error: --data: {path}: is in use by another server\n")
    with Running("serve", "--port", "0", "--data", path) as running:
        running.stdout.wait_for("\n")
        with Letta(base_url=running.stdout.text.strip()) as client:
            assert client.blocks.retrieve(block.id) == block
        running.signal(signal.SIGINT)
        running.end()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("a.example", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
