"""The bounds that noise cannot turn, each check in a process of its own: without the debug mode that tests run in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.check import CHECKS
from benchmarks.process import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=110)


@pytest.mark.parametrize("name", CHECKS)
def test_the_package_keeps_within_its_bounds(name: str) -> None:
    if name == "settings":
        pytest.importorskip("letta_client", reason="its pydantic models are what they are measured beside")
    done = run("benchmarks.check", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "met" in done.stdout


def test_a_check_that_does_not_exist_is_refused() -> None:
    done = run("benchmarks.check", "speed")
    assert done.returncode == 2
    assert "there is no speed" in done.stderr


def test_the_profile_shows_what_a_call_goes_through() -> None:
    done = run("benchmarks.hotpath", "--short")
    assert done.returncode == 0, done.stderr
    for function in ("AsyncConversations.recompile", "request_building.build", "response_decoding.decode_response"):
        assert function in done.stdout
    assert "| aiohttp " in done.stdout
