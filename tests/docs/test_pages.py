"""Links lead somewhere, every block is run, and the reference has every public name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import letta_async
import letta_async.testing

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
RUN = {"python", "console", "sh", "yaml"}
"""Languages of blocks that the `conftest.py` at the root runs."""


def _without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _without_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in LINK.findall(_without_blocks(page)):
            if not re.match(r"https?:", target):
                yield page, target


@pytest.mark.parametrize(("page", "target"), list(_links()), ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_to_a_file_and_a_heading(page: Path, target: str) -> None:
    name, _, anchor = target.partition("#")
    led_to = (page.parent / name).resolve() if name else page
    assert led_to.exists()
    assert not anchor or anchor in _anchors(led_to)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_run_or_no_code(page: Path) -> None:
    languages = re.findall(r"^```(.*)\n(?:.*\n)*?```$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {language for language in languages if not language.startswith("{")} <= {*RUN, "text"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_to_be_made_can_be_made(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = " ".join(re.findall(r"(?:^\$ |`)make ([a-z][a-z -]*)", text, re.MULTILINE)).split()
    assert set(named) <= targets


def test_the_reference_has_every_public_name() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md"))
    described = {
        name.rpartition(".")[2] for name in re.findall(r"^\.\. (?:auto|py:)\w+:: ([\w.]+)", pages, re.MULTILINE)
    }
    assert {*letta_async.__all__} - described == {"__version__"}
