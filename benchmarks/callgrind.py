"""Instructions that processes execute outside the kernel, counted by valgrind's callgrind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.process import ROOT

__all__ = ["count_instructions"]

_COLLECTED: Final = re.compile(rb"Collected : (\d+)")


def count_instructions(processes: Sequence[Sequence[str]]) -> list[int] | None:
    """Count the instructions of Python processes, each given by its arguments; return `None` without valgrind.

    The processes run side by side, one per core, which does not change the counts.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(partial(_collect, valgrind), processes))


def _collect(valgrind: str, arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        out = f"--callgrind-out-file={Path(folder, 'out')}"
        done = subprocess.run(  # noqa: S603 - ourselves
            [valgrind, "--tool=callgrind", out, sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    found = _COLLECTED.search(done.stderr)
    if found is None:
        raise RuntimeError(f"callgrind reported no count: {done.stderr[-500:].decode(errors='replace')}")
    return int(found[1])
