"""Pages that are written from the code say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from .providers import PATH, document

ROOT = Path(__file__).parents[2]


def test_the_settings_are_in_step_with_the_classes() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run: python -m tests.docs.providers"


def test_the_environment_variables_are_those_that_the_package_reads() -> None:
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "letta_async").rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", sources))
    assert set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) >= read >= {"LETTA_API_KEY", "LETTA_BASE_URL"}


def test_every_error_class_is_in_the_tree() -> None:
    from letta_async import errors

    tree = (errors.__doc__ or "").split("::")[1]
    drawn = set(re.findall(r"\b(\w+Error)\b(?! \(also)", tree)) | set(re.findall(r"(\w+Error) \(also", tree))
    raised = {name for name, thing in vars(errors).items() if isinstance(thing, type) and not name.startswith("_")}
    assert {name for name in raised if name.endswith("Error")} <= drawn
