"""A server, a client of it, and programs that are run as processes of their own."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from letta_async import Letta
from tests.waiting import PATIENCE, eventually

from .server import StubServer

STRICT: Final = ("-X", "dev", "-W", "error")
FORKING: Final = ("-W", "ignore:This process:DeprecationWarning")
"""From 3.12 on, Python says of a fork beside threads that it may deadlock; a facade that was used has a thread."""


@pytest.fixture(scope="session", autouse=True)
def quick_collection() -> None:
    """Take what exists already out of the collector's sight, so that each test can afford to call it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    gc.collect()  # what was dropped without being closed warns here, and a warning is an error
    assert eventually(lambda: set(threading.enumerate()) <= before)


@pytest.fixture
def server() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


@pytest.fixture
def letta(server: StubServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url, max_retries=0, concurrency=16) as client:
        yield client


class Program:
    """A Python process under `-X dev -W error`."""

    def __init__(self, source: str, *args: str, flags: tuple[str, ...], folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *STRICT, *flags, "-c", textwrap.dedent(source), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def line(self) -> str:
        """Wait for the next line that it prints."""
        assert self._process.stdout is not None
        line = b""
        while not line.endswith(b"\n") and (byte := os.read(self._process.stdout.fileno(), 1)):
            line += byte  # `readline` would keep what came with it from `communicate`, which reads the pipe itself
        return line.decode().rstrip("\n")

    def enter(self) -> None:
        """Press Enter: what its `input()` waits for."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def finish(self, code: int = 0) -> list[str]:
        """Wait for its end, which must be a good and a silent one, and give the lines that it printed meanwhile."""
        out, err = self._process.communicate(timeout=3 * PATIENCE)
        assert (self._process.returncode, err) == (code, "")
        return out.splitlines()

    def leaves_at_once(self, code: int = 0) -> list[str]:
        """As `finish`, where it has nothing left to do but to end."""
        began = time.monotonic()
        lines = self.finish(code)
        assert time.monotonic() - began < 4.0, "waiting in vain for the private thread would take 5 s"
        return lines

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start programs: their source, `sys.argv[1:]`, and flags for the interpreter."""
    with ExitStack() as stack:

        def start(source: str, *args: Any, flags: tuple[str, ...] = ()) -> Program:
            started = Program(source, *map(str, args), flags=flags, folder=tmp_path)
            stack.callback(started.kill)
            return started

        yield start


@pytest.fixture
def forking_program(program: Callable[..., Program]) -> Callable[..., Program]:
    """Start programs that fork."""
    return lambda source, *args: program(source, *args, flags=FORKING)
