"""Run the contract tests of the table, once on the server as it is and once on each mutant; print what came of them.

All in this process, one after another: importing everything anew for each would take longer than the tests.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.table import MUTANTS

CONTRACT: Final = Path(__file__).parents[1] / "contract"
OPTIONS: Final = ("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "--rootdir", str(CONTRACT.parents[1]))


class Outcomes:
    """A pytest plugin that keeps what came of each test, all its parameters together."""

    def __init__(self) -> None:
        self.of: defaultdict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.rpartition("contract/")[2].partition("[")[0]
        if report.when == "call":
            self.of[test].add(report.outcome)
        elif report.failed:
            self.of[test].add("error")


def run(*tests: str) -> dict[str, list[str]]:
    """Run some contract tests; give the outcomes that each had."""
    outcomes = Outcomes()
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main([*OPTIONS, *(f"{CONTRACT}/{test}" for test in tests)], plugins=[outcomes])
    return {test: sorted(found) for test, found in outcomes.of.items()}


def main() -> None:
    """Print a JSON object: the outcomes of the server as it is below the empty name, then those of each mutant."""
    found = {"": run(*dict.fromkeys(test for mutant in MUTANTS for test in (mutant.caught_by, mutant.spared)))}
    for mutant in MUTANTS:
        with pytest.MonkeyPatch.context() as monkeypatch:
            mutant.patch(monkeypatch)
            found[mutant.does] = run(mutant.caught_by, mutant.spared)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
