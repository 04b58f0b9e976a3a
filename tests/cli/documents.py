"""Run the commands in the documents: every `console` block with `letta-async` in it, at a terminal.

What follows a command is what it must print: `…` stands for anything within a line, and alone on a line for any lines.
Where nothing follows, nothing is compared. Variables are those that the document's Python blocks have made, by names in
capital letters, and `AGENT`, `BLOCK` and `CONVERSATION`; files are in
`console_folder`. Text after `[y/N] ` is typed.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Any, Final

from sybil import Example
from sybil.parsers.markdown import CodeBlockParser

from tests.cli.processes import Terminal, plain

__all__ = ["ConsoleBlockParser"]

_PROGRAM: Final = re.compile(r"(?<![\w./-])letta-async(?= )")
_ANSWER: Final = re.compile(r"\[y/N\] (.+)")


class ConsoleBlockParser(CodeBlockParser):
    """Parse `console` blocks."""

    def __init__(self) -> None:
        super().__init__(language="console", evaluator=_evaluate)


def _evaluate(example: Example) -> str | None:
    folder = example.namespace["console_folder"]
    code = 0
    for command, expected in _commands(str(example.parsed)):
        if not (_PROGRAM.search(command) or command == "echo $?") or sys.platform == "win32":
            continue
        code, printed = _run(f"(exit {code}); {command}", expected, _variables(example.namespace), folder)
        if expected and not _pattern(expected).fullmatch(printed):
            return f"{command!r} should print:\n{expected}\nbut prints:\n{printed}"
    return None


def _commands(block: str) -> Iterator[tuple[str, str]]:
    """Part a block into commands and what they print."""
    for part in re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command.partition("  #")[0].strip(), printed.strip("\n")


def _variables(namespace: dict[str, Any]) -> dict[str, str]:
    own = {name: value for name, value in namespace.items() if name.isupper() and isinstance(value, str)}
    given = {name: namespace[f"{name.lower()}_id"] for name in ("AGENT", "BLOCK", "CONVERSATION")}
    return {**given, "LETTA_BASE_URL": os.environ["LETTA_BASE_URL"], "TERM": "dumb", **own}


def _run(command: str, expected: str, variables: dict[str, str], folder: str) -> tuple[int, str]:
    program = shlex.join([sys.executable, "-m", "letta_async"])
    script = f"cd {shlex.quote(folder)}; {_PROGRAM.sub(lambda _: program, command)}"
    with Terminal(program=("/bin/sh", "-c", script), columns=100, **variables) as terminal:
        if answer := _ANSWER.search(expected):
            terminal.screen.wait_for("[y/N] ")
            terminal.type(f"{answer[1]}\n")
        done = terminal.end()
    return done.code, plain(done.stderr).strip("\n")


def _pattern(expected: str) -> re.Pattern[str]:
    lines = [
        r"(?s:.*?)" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"[ ]*\n?"
        for line in expected.split("\n")
    ]
    return re.compile("".join(lines))
