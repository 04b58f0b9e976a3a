"""Pages that are written from the code, or list what is in it, say what the code says."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from letta_async import LettaError, errors

from .providers import PATH, document

ROOT = Path(__file__).parents[2]


def test_the_settings_are_in_step_with_the_classes() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run: python -m tests.docs.providers"


def test_every_environment_variable_that_the_package_reads_is_on_its_page() -> None:
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    listed = {name for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "letta_async").rglob("*.py")]
    read = {name for source in sources for name in re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", source)}
    assert read <= listed
    assert {name for name in listed if name.startswith("LETTA")} <= read


def test_the_tree_of_errors_is_the_tree_of_classes() -> None:
    drawn: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:│   |    |├── |└── )*)(\w*Error)\b", line):
            depth = len(found[1]) // 4
            drawn[found[2]] = above[depth - 1] if depth else None
            above[depth:] = [found[2]]
    public = [cls for name, cls in vars(errors).items() if inspect.isclass(cls) and name in errors.__all__]
    exceptions = {cls for cls in public if issubclass(cls, LettaError)}
    assert drawn == {
        cls.__name__: next((b.__name__ for b in cls.__mro__[1:] if b in exceptions), None) for cls in exceptions
    }
