"""The workflows: what they use is pinned, what they run is there, and the Pythons are those that are supported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.pythons import SUPPORTED

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="a source distribution has no workflows")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text(encoding="utf-8")


def test_every_action_is_pinned_by_its_hash_and_says_its_version(workflow: str) -> None:
    used = re.findall(r"uses: (.*)", workflow)
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_every_make_target_is_there(workflow: str) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"run: make ([\w-]+)", workflow)) <= set(targets)


def test_no_supported_python_is_left_out(workflow: str) -> None:
    several = re.findall(r"python(?:-version)?: (\[.*\]|\|\n(?: +\d.*\n)+)", workflow)
    assert several
    for versions in several:
        assert re.findall(r"\d+\.\d+", versions) == SUPPORTED


def test_nothing_may_more_than_it_needs(workflow: str) -> None:
    granted = re.findall(r"^ +([\w-]+): (write|read)\b", workflow, re.MULTILINE)
    assert re.search(r"^permissions:( \{\}$|\n  contents: read\n)", workflow, re.MULTILINE)
    assert set(granted) <= {("contents", "read"), ("id-token", "write")}
    assert workflow.count("actions/checkout@") == workflow.count("persist-credentials: false")
