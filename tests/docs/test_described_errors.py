"""Every error class has a section that says when it happens and what to do, where its `docs` leads to."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path
from urllib.parse import urldefrag

import pytest

from letta_async import LettaError, errors
from letta_async.errors._base import DOCUMENTATION

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "errors.md"
BUILT = ROOT / "docs" / "_build" / "reference" / "errors.html"
PARTS = ("**When it happens:** ", "**What to do:** ")
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("parts/*/pyproject.toml"))]
CLASSES = [
    cls
    for name in errors.__all__
    if inspect.isclass(cls := getattr(errors, name)) and issubclass(cls, LettaError) and cls.__name__ == name
]


def _sections() -> dict[str, str]:
    """Return the text of each section by the fragment that Sphinx makes of its heading."""
    _, *pieces = re.split(r"^#{2,} (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"\W+", "-", heading.lower()): text for heading, text in zip(pieces[::2], pieces[1::2], strict=True)}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_class_has_a_section_that_says_when_it_happens_and_what_to_do(cls: type[LettaError]) -> None:
    address, fragment = urldefrag(cls.docs)
    assert address == f"{DOCUMENTATION}{PAGE.relative_to(ROOT / 'docs').with_suffix('.html').as_posix()}"
    paragraphs = _sections()[fragment].strip().split("\n\n")
    assert [text[: len(part)] for text, part in zip(paragraphs, PARTS, strict=False)] == list(PARTS)
    assert f"\n.. autoexception:: {cls.__name__}\n" in _sections()[fragment]


@pytest.mark.skipif(not BUILT.exists(), reason="the documentation is not built: `make docs`")
def test_the_built_page_has_what_the_addresses_lead_to() -> None:
    anchors = set(re.findall(r'\bid="([^"]+)"', BUILT.read_text(encoding="utf-8")))
    assert {urldefrag(cls.docs).fragment for cls in CLASSES} - anchors == set()


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
def test_a_registry_shows_the_same_address_of_the_documentation(project: Path) -> None:
    assert tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]["Documentation"] == DOCUMENTATION
