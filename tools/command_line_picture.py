"""Picture of the command line for the front page: `python -m tools.command_line_picture` writes it anew.

It shows what `letta-async demo` prints, in its colors, of which IDs, times and the port are made equal in each run.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from typing import Final

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from tools.pythons import ROOT

__all__ = ["PICTURE", "draw", "output"]

PICTURE: Final = ROOT / "docs" / "_static" / "command-line.svg"
_COLUMNS: Final = 100
_ID: Final = re.compile(r"\b(conv|block)-[0-9a-f]{8}-[0-9a-f-]{27}")


def output() -> str:
    """Return what the demonstration prints, with its colors, the same in each run."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "letta_async", "demo"]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, env=environment, cwd=ROOT
    )
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8283", done.stdout)
    text = re.sub(r"\d+\.\d+ s\b", "0.01 s", text)
    return _with_equal_ids(re.sub(r"\n\(exit code \d\)", "", text)).strip()


def _with_equal_ids(text: str) -> str:
    """Return a text with IDs that count up in the order of their first use."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        count = numbers.setdefault(found[0], len(numbers) + 1)
        return f"{found[1]}-{count:08x}-5b5e-4b5e-8b5e-{count:012x}"

    return _ID.sub(number, text)


def draw(text: str) -> str:
    """Return a terminal's output as an SVG."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    console.print(Text.from_ansi(text), soft_wrap=True)
    picture = console.export_svg(title="letta-async demo", theme=DIMMED_MONOKAI, unique_id="command-line")
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # which would be fetched from elsewhere


def main() -> int:
    """Write the picture; return the exit code."""
    argparse.ArgumentParser(prog="python -m tools.command_line_picture", description=__doc__).parse_args()
    PICTURE.write_text(draw(output()), encoding="utf-8")
    print(PICTURE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
