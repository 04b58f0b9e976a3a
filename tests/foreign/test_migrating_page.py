"""The ten calls of the page about migration: the official client's lines run, and so do they after `migrate`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from letta_async.testing import EmbeddedServer
from tests.cli.processes import environment, run_here
from tests.foreign.test_stories import REQUIRED
from tests.waiting import PATIENCE
from tools.foreign.clients import PYTHON

ROOT: Final = Path(__file__).parents[2]
CALLS: Final = (
    *("agents.messages.create", "agents.create", "agents.list", "agents.retrieve", "blocks.create", "agents.delete"),
    *("agents.update", "agents.blocks.list", "agents.messages.stream", "agents.tools.attach"),
)
RESULTS: Final = """
assert text == "Hello", text
assert found is not None and "companion" in names
assert labels == ["human"], labels
assert agent.tags == ["kind"], agent.tags
assert values == {"human": "Ada lives in London.", "project": "The release is on Friday."}, values
"""


def section() -> str:
    page = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
    return page.partition("## The ten most used calls\n")[2].partition("\n## ")[0]


def official_program() -> str:
    """Return the lines of the official client as one program."""
    blocks = re.findall(r"^```python\n(.*?)^```$", section(), re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("# ") for block in blocks for line in block.splitlines() if line.startswith("# ")]
    return "\n".join(["import sys", "base_url = sys.argv[1]", *lines, RESULTS])


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(official_program(), encoding="utf-8")
    return path


def test_the_page_has_the_ten_calls() -> None:
    assert sorted(re.findall(r"^\*\*`([\w.]+)`\*\*", section(), re.MULTILINE)) == sorted(CALLS)


def test_the_lines_of_the_official_client_run(server: EmbeddedServer, program: Path) -> None:
    if not PYTHON.ready:
        (pytest.fail if REQUIRED else pytest.skip)("the official client is not there: `make foreign` installs it")
    assert PYTHON.run_program(program, server.base_url) == "Hello"
    assert {request.headers.get("user-agent", "").split("/")[0] for request in server.requests} == {"Letta"}


def test_they_run_here_as_well_after_migrate(server: EmbeddedServer, program: Path) -> None:
    assert run_here("migrate", str(program), "--write").code == 0
    command = [sys.executable, str(program), server.base_url]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env=environment(PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert (done.returncode, done.stdout) == (0, "Hello"), done.stderr
    assert len(server.requests) > len(CALLS)
