"""The audit: what it lets pass, and that it does not take silence for good news."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.requirements import Requirement

from tools import audit

SOUND = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited: b (1)"}
FLAWED = {"name": "c", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"], "description": "Bad.\nVery."}]}


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [([SOUND], 0), ([SOUND, SKIPPED], 3), ([SOUND, FLAWED], 1), ([SKIPPED, FLAWED], 1)],
)
def test_only_what_was_looked_up_is_sound(dependencies: list[dict[str, Any]], code: int) -> None:
    assert audit.judge({"dependencies": dependencies}) == code


def test_a_flaw_is_told_with_the_version_that_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    audit.judge({"dependencies": [FLAWED]})
    assert capsys.readouterr().out == "c 1: X-1, mended in 2: Bad.\n"


def test_all_that_is_needed_is_looked_at() -> None:
    core, with_cli = (audit.needed(Requirement(name)) for name in ("letta-async", "letta-async[cli]"))
    assert {"aiohttp", "attrs", "cattrs", "tenacity", "yarl", "multidict"} <= core
    assert {"click", "rich", "pygments"} <= with_cli - core


def test_every_licence_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.licences(sorted(audit.needed(audit.PACKAGE))) == 0
    assert "aiohttp" in capsys.readouterr().out


def test_another_licence_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(audit, "licence_of", lambda about: "MIT AND GPL-3.0-only")
    assert audit.licences(["attrs"]) == 1
    assert "not among the allowed" in capsys.readouterr().out
