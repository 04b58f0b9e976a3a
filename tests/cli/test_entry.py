"""Start of the program: help, version, wrong usage, a missing extra, start-up time."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from letta_async import __version__
from letta_async.cli import commands, main
from letta_async.cli.exits import MEANINGS, Exit
from tests.cli.processes import environment, run, run_here

COMMANDS = ("status", "recompile", "compact", "chat", "migrate", "serve", "demo")
SOME_ID = "conv-00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    done = run(command, "--help")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: letta-async {command} ")
    if command != "demo":
        assert "\n  Examples:\n    letta-async " in done.stdout or "\n    PASSWORD" in done.stdout


def test_the_help_lists_commands_and_exit_codes() -> None:
    done = run("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE)
    for code, meaning in MEANINGS.items():
        assert f" {code}  {meaning}\n" in done.stdout


def test_every_exit_code_has_a_meaning_and_stands_in_the_documentation() -> None:
    assert set(MEANINGS) == set(Exit)
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+) \| (.*?) \|$", page, re.MULTILINE))
    assert {int(code): meaning.replace("`", "") for code, meaning in rows.items()} == MEANINGS


def test_no_option_takes_a_key() -> None:
    for command in COMMANDS:
        options = re.findall(r"^ +(?:-\w, )?(--[\w-]+)(?: (\S+))?", run_here(command, "--help").stdout, re.MULTILINE)
        assert {value for name, value in options if "key" in name or "password" in name} <= {"FILE", "VAR"}


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"letta-async {__version__}\n"


def test_the_console_script_is_this_program() -> None:
    (script,) = [each for each in distribution("letta-async").entry_points if each.group == "console_scripts"]
    assert (script.name, script.value) == ("letta-async", "letta_async.cli:main")


def test_ctrl_c_before_a_command_runs_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "run", interrupt)
    assert main(["status"]) == Exit.INTERRUPTED
    assert capsys.readouterr() == ("", "Interrupted.\n")


def test_without_a_command_the_help_is_shown() -> None:
    done = run()
    assert (done.code, done.stdout) == (2, "")
    assert "Commands:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stat"], "No such command"),
        (["status"], "choose them by --agent, --block or --all: none was chosen"),
        (["status", "--all", "--agent", "agent-1"], "these exclude each other"),
        (["status", SOME_ID, "--all"], "these exclude each other"),
        (["status", "conv-1"], "ID: 'conv-1': expected 'conv-' and a lower-case UUID4"),
        (["status", "a", "b", "c", "d"], "ID: 'a', 'b', 'c' and 1 more: expected 'conv-'"),
        (["status", "default"], "ID: 'default' stands for an agent's own messages: name the agent by --agent"),
        (["status", SOME_ID, "--agent", "agent-1"], "exclude each other, unless 'default' is among the IDs"),
        (["status", "default", "--agent", "agent-1"], "--agent: 'agent-1' is malformed; expected 'agent-'"),
        (["status", "--agent", "agent-1"], "--agent: 'agent-1' is malformed; expected 'agent-' and a lower-case UUID4"),
        (["status", "--all", "--output", "xml"], "'--output': 'xml' is not one of 'table', 'json', 'jsonl'"),
        (
            ["status", "--all", "--base-url", "nowhere"],
            "--base-url: 'nowhere' has no scheme; did you mean http://nowhere?",
        ),
        (["status", "--all", "--base-url", "http://a", "--environment", "local"], "exclude each other"),
        (["status", "--all", "--api-key-file", "nowhere"], "--api-key-file: 'nowhere' cannot be read: No such file"),
        (["status", "--all", "--api-key-file", "."], "--api-key-file: '.' cannot be read: Is a directory"),
        (["status", "--all", "--max-concurrency", "0"], "0 is not in the range x>=1"),
        (["status", "--all", "--api-key", "secret"], "No such option"),
        (
            ["recompile", "--all", "--dry-run", "--journal", "j"],
            "--dry-run does nothing that a --journal could tell of",
        ),
        (["serve", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["serve", "--password-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is empty or not set"),
    ],
)
def test_wrong_use_is_said_in_a_line(arguments: list[str], words: str) -> None:
    done = run_here(*arguments)
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_ids_from_standard_input_are_checked_too() -> None:
    done = run("status", "-", stdin="conv-1\n", base_url="http://127.0.0.1:1")
    assert done.code == 2
    assert "'conv-1'" in done.stderr


def test_a_shell_can_complete() -> None:
    typed = {"COMP_WORDS": "letta-async recompile --only", "COMP_CWORD": "2"}
    assert run(_LETTA_ASYNC_COMPLETE="bash_complete", **typed).stdout == "plain,--only-stale\n"
    assert run(_LETTA_ASYNC_COMPLETE="zsh_source").stdout.startswith("#compdef letta-async\n")


@pytest.mark.parametrize("missing", [["click"], ["rich"], ["click", "rich"]], ids=" and ".join)
def test_without_the_extra_it_says_what_to_install(missing: list[str]) -> None:
    block = f"import sys; sys.modules.update(dict.fromkeys({missing!r}))"
    script = f"{block}; from letta_async.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(), check=False
    )
    words = f"error: letta-async needs {' and '.join(missing)}: pip install 'letta-async[cli]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (4, "", words)


@pytest.mark.parametrize(
    ("arguments", "part", "what"),
    [
        (["serve"], "testing", "serve"),
        (["demo"], "testing", "demo"),
        (["recompile", SOME_ID, "--yes", "--dask", "tcp://127.0.0.1:1"], "dask", "--dask"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_a_part_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], part: str, what: str
) -> None:
    monkeypatch.setitem(sys.modules, f"letta_async.{part}", None)
    done = run_here(*arguments)
    words = f"error: {what} needs letta-async-{part}: pip install 'letta-async[{part}]'\n"
    assert (done.code, done.stdout, done.stderr) == (Exit.EXTRA, "", words)


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["the package", "the help"])
def test_what_is_not_needed_is_not_imported(arguments: list[str]) -> None:
    script = (
        "import letta_async, sys\n"
        "if sys.argv[1:]: import letta_async.cli; assert letta_async.cli.main() == 0\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    loaded = done.stdout.splitlines()[-1].split()
    heavy = {"rich", "letta_async.testing", *([] if arguments else ["click", "letta_async.cli"])}
    assert not heavy & set(loaded)
