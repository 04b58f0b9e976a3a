"""Tests of the faults with aiohttp's parser in Python, and on uvloop, each in a new interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent.relative_to(_ROOT)
_FILES = (
    "test_wire.py",
    "test_cancellation.py",
    "test_loops.py",
    "test_connections.py",
    "test_idle.py",
    "test_session.py",
)
_VARIANTS = {"python-parser": {"AIOHTTP_NO_EXTENSIONS": "1"}, "uvloop": {"LETTA_TEST_LOOP": "uvloop"}}


@pytest.mark.skipif(
    any(name in os.environ for variant in _VARIANTS.values() for name in variant), reason="this is such a rerun"
)
@pytest.mark.timeout(600)
def test_the_faults_are_the_same_with_either_parser_and_loop() -> None:
    """`Letta` is left out: it always has its own loop, and the rest is the same."""
    selection = "not Letta or AsyncLetta", "not thousands"
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--show-capture=no"]  # of what failed, the end is shown
    command += [*(str(_HERE / file) for file in _FILES), "-k", " and ".join(f"({words})" for words in selection)]
    runs = {
        name: subprocess.Popen(
            command,
            cwd=_ROOT,
            env={**os.environ, **variant},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, variant in _VARIANTS.items()
    }
    try:
        outputs = {name: run.communicate(timeout=550)[0] for name, run in runs.items()}
    finally:
        for run in runs.values():
            run.kill()
    failed = [f"{name}:\n{outputs[name][-5000:]}" for name, run in runs.items() if run.returncode]
    assert not failed, "\n\n".join(failed)
