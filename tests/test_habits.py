"""Suppressions of linters, type checkers and coverage: each has its reason beside it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
OVERLOOKED = re.compile(
    r"# (?:noqa(?:: [A-Z]+\d+(?:, [A-Z]+\d+)*)?|(?:type|pyright): ignore(?:\[[\w, -]+\])?|pragma: no \w+)"
)


def test_every_exception_has_its_reason() -> None:
    bare: list[str] = []
    for folder in ("letta_async", "tools", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                *_, last = [None, *OVERLOOKED.finditer(line)]
                if last is not None and not re.match(r"\s*[-#]+ .*\w{3}", line[last.end() :]):
                    bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert bare == []


def test_every_rule_that_is_off_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ruff = text.partition("[tool.ruff.lint]")[2].partition("\n[tool.mypy]")[0]
    off = re.findall(r'^ +"[A-Z]+\d+",(.*)$|^"[^"]+" = \[.*\](.*)$', ruff, re.MULTILINE)
    assert off
    assert all(re.search(r"# \S+ \w", "".join(said)) for said in off)
