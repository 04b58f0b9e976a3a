"""The contract suite notices when the embedded server loses a quirk of the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS, Mutant

Outcomes = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LETTA_TEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants"],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: Outcomes = json.loads(done.stdout)
    return found


def test_the_server_as_it_is_passes(outcomes: Outcomes) -> None:
    tests = {test for mutant in MUTANTS for test in (mutant.caught_by, mutant.spared)}
    assert outcomes[""] == {test: ["passed"] for test in tests}


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.does) for mutant in MUTANTS])
def test_a_mutant_is_caught(mutant: Mutant, outcomes: Outcomes) -> None:
    found = outcomes[mutant.does]
    assert found.keys() == {mutant.caught_by, mutant.spared}
    assert found[mutant.spared] == ["passed"]
    # Of a test with parameters, some may be about other things.
    assert found[mutant.caught_by] in (["failed"], ["failed", "passed"])
