"""Server of a benchmark in its own process, and its processor time."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from yarl import URL

__all__ = ["ROOT", "Process", "place", "run_child", "serve"]

ROOT: Final = Path(__file__).parents[1]
"""Directory in which `python -m benchmarks.…` is run."""


def run_child(module: str, *arguments: object) -> str:
    """Run a module of this folder with `--child`, to be measured in a process of its own; return its output."""
    command = [sys.executable, "-m", f"benchmarks.{module}", "--child", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - ours


class Process:
    """Run a module of this folder that ends in `serve`; leaving the block ends it.

    The process listens at `url`, answers `report`, and ends with its parent, whatever becomes of that. Where there are
    several cores, it has one of them, and what is measured has the others: the scheduler would often put both on one,
    where they interrupt each other and share what is measured.
    """

    def __init__(self, module: str, *arguments: object, own_core: bool = True) -> None:
        self._command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
        self._own_core = own_core and hasattr(os, "sched_setaffinity")
        self._process: subprocess.Popen[str]
        self._cores: set[int] = set()
        """Cores that this thread had before."""
        self.url = ""

    def __enter__(self) -> Self:
        if self._own_core:
            self._cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {max(self._cores)})  # the process will have what its parent has
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a module of this folder
                self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        finally:
            if self._own_core:
                os.sched_setaffinity(0, self._cores - {max(self._cores)} or self._cores)
        self.url = f"http://127.0.0.1:{_answer(self._process.stdout)['port']}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._own_core:
            os.sched_setaffinity(0, self._cores)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def report(self) -> dict[str, Any]:
        """Return what the process has recorded since the last report."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened above
        self._process.stdin.write("report\n")
        self._process.stdin.flush()
        return _answer(self._process.stdout)

    def cpu_seconds(self) -> float:
        """Return the processor time of the process so far, from `/proc`; 0 if there is no `/proc`.

        The scheduler counts it in nanoseconds, for each thread that is there.
        """
        seconds = 0.0
        for thread in Path(f"/proc/{self._process.pid}/task").glob("*/schedstat"):
            try:
                seconds += int(thread.read_text(encoding="ascii").split()[0]) / 1e9
            except OSError:
                continue  # it ended
        return seconds


def _answer(pipe: IO[str] | None) -> dict[str, Any]:
    line = "" if pipe is None else pipe.readline()
    if not line:
        raise RuntimeError("a server of the benchmark ended by itself; what it wrote stands above")
    answer: dict[str, Any] = json.loads(line)
    return answer


def place(url: URL) -> tuple[str, int]:
    """Return the host and the port of a URL."""
    if url.host is None or url.port is None:
        raise ValueError(f"{url} is not the address of a server")
    return url.host, url.port


def serve(protocol: Callable[[], asyncio.Protocol], report: Callable[[], dict[str, Any]]) -> None:
    """Listen on a free port of the loopback, in the process that was started; end when the parent does."""
    try:
        import uvloop  # noqa: PLC0415 - it is optional
    except ImportError:
        asyncio.run(_serve(protocol, report))
    else:
        uvloop.run(_serve(protocol, report))


async def _serve(protocol: Callable[[], asyncio.Protocol], report: Callable[[], dict[str, Any]]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=4096)
    _write({"port": server.sockets[0].getsockname()[1]})
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    async for _ in questions:
        _write(report())


def _write(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
