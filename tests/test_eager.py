"""The same batches, lines and threads where tasks begin at once, in an interpreter of its own.

`asyncio.eager_task_factory` runs a task up to its first wait before whoever makes it has it in hand. Some programs set
it for all their tasks, Home Assistant among them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_FILES = (
    "test_recompile_many.py",
    "test_recompile_many_exactly_once.py",
    "test_recompile_many_repeated.py",
    "test_recompile_many_sources.py",
    "test_journal.py",
    "test_limiter.py",
    "test_worker_threads.py",
    "test_portal.py",
    "facade/test_iteration.py",
)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks before Python 3.12")
@pytest.mark.skipif("LETTA_TEST_TASKS" in os.environ, reason="this is such a rerun")
@pytest.mark.timeout(300)
def test_all_is_the_same_with_eager_tasks() -> None:
    command = [sys.executable, "-X", "dev", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [str(_ROOT / "tests" / file) for file in _FILES]
    environment = {**os.environ, "LETTA_TEST_TASKS": "eager"}
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
