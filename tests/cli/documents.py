"""Sybil parsers that run the commands in the documents on a terminal: `console` blocks, `sh` scripts, workflow steps.

Commands that are not run are in `_NOT_RUN`, with the reason. In a `console` block, the text below a command is the
output that it must print: `…` stands for any text within a line, and alone on a line for any lines. If there is no
text, the command must end with exit code 0. Text after `[y/N]` and, at the beginning of a line, after `you:` is typed.
The environment has the variables in capital letters of the document's Python blocks, and `AGENT`, `BLOCK` and
`CONVERSATION`; files are in `console_folder`.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from sybil import Example
from sybil.parsers.markdown import CodeBlockParser

from tests.cli.processes import Terminal, plain

__all__ = ["ConsoleBlockParser", "ScriptBlockParser", "WorkflowBlockParser"]

_PROGRAM: Final = re.compile(r"(?<![\w./-])letta-async(?= )")
_PYTHON: Final = re.compile(r"(?<![\w./-])python(?= [\w./-]+\.py\b)")
_STEP: Final = re.compile(r"^ *- run: (.+)$", re.MULTILINE)
_NOT_RUN: Final = {
    r"(python3? -m )?pip install [\w'\" \[\],.@+$#=/-]+": "nothing is fetched here; `make test-dist` runs these lines",
    r"python3 -m venv \S+ && \. \S+/bin/activate": "the tests run in a virtual environment already",
    r"make [\w -]+": "these tests are what `make test` runs; the others are run by CI and by test_serve.py",
    r"export [A-Z_]+=\S+": "the fixtures say where the server is and what is on it",
    r"letta-async serve( --port 8284)?": "it serves until it is interrupted; test_serve.py does that",
    r"uvicorn \w+:app": "it serves until it is interrupted; tests/browser serves the same application",
    r"python -m pytest tests/.+": "these tests are among those",
    r"python -m tests\.docs\.providers": "it writes into the project; tests/docs compares what it would write",
}
"""Commands, as regular expressions, with the reason why they are not run."""
_ANSWER: Final = re.compile(r"(\[y/N\]|^you:)(?: (.*))?$", re.MULTILINE)


class ConsoleBlockParser(CodeBlockParser):
    """Parser of `console` blocks."""

    def __init__(self) -> None:
        super().__init__(language="console", evaluator=_evaluate)


class ScriptBlockParser(CodeBlockParser):
    """Parser of `sh` blocks: scripts that must end with exit code 0."""

    def __init__(self) -> None:
        super().__init__(language="sh", evaluator=lambda example: _run_to_success(example, str(example.parsed)))


class WorkflowBlockParser(CodeBlockParser):
    """Parser of `yaml` blocks, GitHub workflows: each step must end with exit code 0."""

    def __init__(self) -> None:
        super().__init__(language="yaml", evaluator=_evaluate_steps)


def _evaluate_steps(example: Example) -> str | None:
    steps = _STEP.findall(str(example.parsed))
    assert steps, "there is no step"
    for command in steps:
        if not _is_not_run(command) and (problem := _run_to_success(example, command)):
            return problem
    return None


def _run_to_success(example: Example, script: str) -> str | None:
    if sys.platform == "win32":
        return None
    code, printed = _run(script, "", _variables(example.namespace), example.namespace["console_folder"])
    return f"it ends with {code}, and prints:\n{printed}" if code else None


def _is_not_run(command: str) -> bool:
    return any(re.fullmatch(pattern, command) for pattern in _NOT_RUN)


def _evaluate(example: Example) -> str | None:
    folder = example.namespace["console_folder"]
    code = 0
    for command, expected in _commands(str(example.parsed)):
        if _is_not_run(command) or sys.platform == "win32":
            continue
        code, printed = _run(f"(exit {code}); {command}", expected, _variables(example.namespace), folder)
        if not expected and code:
            return f"{command!r} ends with {code}, and prints:\n{printed}"
        if expected and not _pattern(expected).fullmatch(printed):
            return f"{command!r} should print:\n{expected}\nbut prints:\n{printed}"
    return None


def _commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a block, each with its expected output."""
    for part in re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command.partition("  #")[0].strip(), printed.strip("\n")


def _variables(namespace: dict[str, Any]) -> dict[str, str]:
    own = {name: value for name, value in namespace.items() if name.isupper() and isinstance(value, str)}
    given = {name: namespace[f"{name.lower()}_id"] for name in ("AGENT", "BLOCK", "CONVERSATION")}
    return {**given, "LETTA_BASE_URL": os.environ["LETTA_BASE_URL"], "TERM": "dumb", **own}


def _run(command: str, expected: str, variables: dict[str, str], folder: str) -> tuple[int, str]:
    program = shlex.join([sys.executable, "-m", "letta_async"])
    command = _PYTHON.sub(lambda _: shlex.quote(sys.executable), _PROGRAM.sub(lambda _: program, command))
    script = f"cd {shlex.quote(folder)}; {command}"
    with Terminal(program=("/bin/sh", "-c", script), columns=100, **variables) as terminal:
        asked: Counter[str] = Counter()
        for prompt, answer in _ANSWER.findall(expected):
            asked[prompt] += 1
            terminal.screen.wait_for(f"{prompt} ", times=asked[prompt])
            terminal.type(f"{answer}\n")
        done = terminal.end()
    return done.code, plain(done.stderr).strip("\n")


def _pattern(expected: str) -> re.Pattern[str]:
    lines = [
        r"(?s:.*?)" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"[ ]*\n?"
        for line in expected.split("\n")
    ]
    return re.compile("".join(lines))
