"""Files for those who run a watcher: the systemd unit, the container file, Prometheus's configuration."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from letta_async.cli.exits import Exit
from letta_async.cli.watch_command import watch
from letta_async.cli.watch_metrics import METRICS

FOLDER = Path(__file__).parents[2] / "examples" / "watch"
UNIT = (FOLDER / "letta-watch.service").read_text(encoding="utf-8")
CONTAINER = (FOLDER / "Containerfile").read_text(encoding="utf-8")
RULES = (FOLDER / "letta-watch.rules.yml").read_text(encoding="utf-8")
PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "run-a-watcher.md").read_text(encoding="utf-8")


def parsed(arguments: list[str]) -> dict[str, object]:
    """Parse arguments of `watch` as the program does, and return its parameters."""
    with click.Context(watch) as context:
        return watch.make_context("watch", list(arguments), parent=context).params


def unit() -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = lambda optionstr: optionstr  # type: ignore[method-assign]  # names are kept as they are
    parser.read_string(UNIT)
    return parser["Service"]


def test_the_options_of_the_unit_exist() -> None:
    program, command, *arguments = shlex.split(unit()["ExecStart"])
    assert Path(program).name == "letta-async"
    assert command == "watch"
    parameters = parsed(arguments)
    assert (parameters["everything"], parameters["standby"], parameters["every"]) == (True, True, 30.0)
    assert str(parameters["health_file"]).startswith("%t/letta-watch/")
    assert parameters["state"] is None, "it is in STATE_DIRECTORY"


def test_the_unit_knows_the_exit_codes() -> None:
    codes = {int(each) for each in unit()["RestartPreventExitStatus"].split()}
    assert codes == {Exit.USAGE, Exit.EXTRA, Exit.NOT_FOUND}
    assert {int(each) for each in unit()["SuccessExitStatus"].split()} == {Exit.INTERRUPTED, Exit.TERMINATED}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "letta-watch.service"
    path.write_text(UNIT.replace("/opt/letta-async/bin/letta-async", shutil.which("true") or "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False, timeout=60)
    assert [line for line in done.stderr.splitlines() if "letta-watch" in line] == []
    assert done.returncode == 0


def test_the_options_of_the_container_exist_and_its_check_works(tmp_path: Path) -> None:
    def listed(instruction: str) -> list[str]:
        (found,) = re.findall(rf"^{instruction} (\[.*\])$", CONTAINER, re.MULTILINE)
        return list(json.loads(found))

    assert listed("ENTRYPOINT") == ["letta-async", "watch"]
    parameters = parsed(listed("CMD"))
    assert (parameters["everything"], parameters["standby"]) == (True, True)
    health = tmp_path / "health.json"
    _, option, code = listed(" +CMD")
    assert option == "-c"
    assert str(parameters["health_file"]) in code
    code = code.replace(str(parameters["health_file"]), str(health))
    assert _code_of(code) == 1
    health.write_text("{}")
    assert _code_of(code) == 0
    assert _code_of(f"import os; os.utime({str(health)!r}, (0, 0)); {code}") == 1


def _code_of(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False, timeout=60).returncode


def test_the_alerts_use_metrics_that_exist() -> None:
    used = set(re.findall(r"letta_watch_\w+", RULES))
    assert used
    assert used <= METRICS


def test_the_page_shows_the_files_as_they_are_and_every_metric() -> None:
    shown = set(re.findall(r"^```\{literalinclude\} \.\./\.\./examples/watch/(\S+)$", PAGE, re.MULTILINE))
    assert shown == {each.name for each in FOLDER.iterdir()}
    assert set(re.findall(r"`(letta_watch_\w+)`", PAGE)) == METRICS
