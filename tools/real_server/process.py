"""Start background processes, and stop exactly those, however much later."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .report import Failure

_PATIENCE = 15.0


@dataclass(frozen=True)
class Process:
    """A background process, known by its birth too: its number alone may by now be another program's."""

    name: str
    pid: int
    born: str
    stop_signal: int

    @property
    def alive(self) -> bool:
        """Return whether this very process still runs."""
        return birth_of(self.pid) == self.born

    def stop(self) -> None:
        """Ask the process to end, and kill it when it does not."""
        for number in (self.stop_signal, signal.SIGKILL):
            if not self.alive:
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if wait_until(lambda: not self.alive, _PATIENCE):
                return
        raise Failure(f"{self.name} (process {self.pid}) cannot be stopped")


def spawn(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    as_user: Sequence[str] = (),
    linked: bool = False,
) -> Process:
    """Start a process that no terminal can interrupt; a linked one ends with this process, even a killed one."""
    # The link comes after a change of user, which would cut it.
    link = [tool("setpriv"), "--pdeathsig", stop_signal.name, "--"] if linked else []
    whole = [*as_user, *link, *command]
    pid = os.posix_spawn(
        whole[0],
        whole,
        environment,
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    return Process(name, pid, birth_of(pid) or "", stop_signal)


def call(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    as_user: Sequence[str] = (),
) -> None:
    """Run a program to its end, its output going to a log."""
    with log.open("ab") as output:
        done = subprocess.run(
            [*as_user, *command],
            check=False,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise Failure(f"this failed: {' '.join(command)}", log)


def tool(name: str) -> str:
    """Find a program of the operating system."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), os.defpath, "/usr/sbin", "/sbin"]))
    if found is None:
        raise Failure(f"the program {name} is missing; on Debian it is in the package util-linux")
    return found


def wait_until(condition: Callable[[], bool], patience: float) -> bool:
    """Look again and again until the condition holds, or patience has run out."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def birth_of(pid: int) -> str | None:
    """Tell when a process started, in clock ticks of this machine; nothing if it has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may itself hold blanks and parentheses: the fields are counted from its end.
    fields = status.rpartition(")")[2].split()
    state, start_time = fields[0], fields[19]
    return None if state in "ZX" else start_time
