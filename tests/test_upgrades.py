"""Compatibility between versions: no public name changes unless the changelog says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from letta_async import __version__
from tools.public import Changelog, changed, describe, recorded

TEXT = (Path(__file__).parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
CHANGELOG = Changelog.read(TEXT)
RELEASED = CHANGELOG.released
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_what_changed_of_the_public_face_is_in_the_changelog() -> None:
    release, before = recorded()
    unnamed = [name for name in changed(before, describe()) if not CHANGELOG.names(name)]
    assert not unnamed, (
        f"changed since {release or 'the record was written'}, but not named under Unreleased in CHANGELOG.md; "
        f"{'' if release else 'as nothing is released yet, `make public` will also do; '}see docs/policy.md"
    )


def test_the_record_is_of_the_latest_release() -> None:
    release, before = recorded()
    assert release == CHANGELOG.released
    assert "conversations.recompile" in before


def test_the_changelog_has_its_form() -> None:
    first, *released = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert first == "[Unreleased]"
    dated = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d", heading) for heading in released]
    versions = [[int(number) for number in match.groups()] for match in dated if match]
    assert len(versions) == len(released)
    assert versions == sorted(versions, reverse=True)
    for section in re.split(r"^## .*$", TEXT, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.*)$", section, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_the_version_is_the_one_that_is_released_next_or_was_last() -> None:
    version, released = ([int(number) for number in each.split(".")] for each in (__version__, RELEASED or "0.0.0"))
    assert version > released or (version == released and not CHANGELOG.unreleased)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("conversations.recompile", lambda face: face["conversations.recompile"].insert(1, "* newer: int = 0")),
        ("conversations.fork", lambda face: face.pop("conversations.fork")),
        ("CompactionSettings", lambda face: face["CompactionSettings"].pop()),
        ("Newer", lambda face: face.update({"Newer": ["class ()"], "Newer.method": ["-> None"]})),
        ("letta-async status", lambda face: face["letta-async status"].append("--newer: text")),
    ],
)
def test_a_change_is_found(name: str, change: object) -> None:
    before = describe()
    now = {other: [*lines] for other, lines in before.items()}
    assert changed(before, now) == []
    assert callable(change)
    change(now)
    assert changed(before, now) == [name]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- `conversations.fork` takes `hidden`.", True),
        ("- `client.conversations.fork(…, hidden=True)`: left out of lists.", True),
        ("- conversations.fork, but in no code.", False),
        ("- `conversations.forks` and `old.conversations.fork`", False),
        ("- `fork`", False),
        ("", False),
    ],
)
def test_what_counts_as_named(text: str, named: bool) -> None:
    changelog = Changelog.read(f"# Changelog\n\n## [Unreleased]\n\n{text}\n\n## [0.1.0] - 2026-01-01\n\n`Older`\n")
    assert changelog.names("conversations.fork") is named
    assert not changelog.names("Older")
    assert changelog.released == "0.1.0"
