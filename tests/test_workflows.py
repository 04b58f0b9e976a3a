"""The workflows: what they use is pinned, what they run is there, and the Pythons are those that are supported.

And `.ci/run`: it leaves out no test.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
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


@pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="a source distribution has no .ci")
def test_ci_runs_what_make_test_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("\\\n", "")
    targets = " ".join(re.findall(r"^make (.*)$", script, re.MULTILINE)).split()
    assert {"lint", "types"} <= set(targets)
    runs = list(_pytest_runs([each for each in targets if re.fullmatch(r"[a-z][\w-]*", each)]))
    tests = [path.relative_to(ROOT) for path in [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("docs/**/*.md")]]
    assert len(tests) > 300
    assert [str(path) for path in [*tests, Path("README.md")] if not any(_includes(run, path) for run in runs)] == []


def _pytest_runs(targets: list[str]) -> Iterator[list[str]]:
    """Yield the arguments of each pytest that make would run, without running anything."""
    command = ["make", "--dry-run", "--always-make", *targets]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for line in shown.replace("\\\n", "").splitlines():
        words = shlex.split(line, comments=True)
        if "pytest" in words or "tools/pythons.py" in words:
            yield words


def _includes(run: list[str], path: Path) -> bool:
    """Return whether the arguments of pytest include the tests of a file."""
    places = {path, *path.parents}
    ignored = {Path(word.partition("=")[2]) for word in run if word.startswith("--ignore=")}
    return not places & ignored and bool(places & {Path(word) for word in run if not word.startswith("-")})
