"""Definitions of the official clients: pinned versions, steps of installation, and commands to run programs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["NODE", "PYTHON", "SOURCE", "Client", "Failure"]

_HERE: Final = Path(__file__).parent
_FOLDER: Final = Path(__file__).parents[2] / ".foreign"
_VENV_PYTHON: Final = os.path.join("venv", "bin", "python")  # noqa: PTH118 - part of a command
_PIP: Final = ("--quiet", "--disable-pip-version-check", "--no-deps", "--requirement")
_PATIENCE: Final = 300.0


class Failure(Exception):
    """A program failed; the message has its name and the end of its output."""


@dataclass(frozen=True)
class Client:
    """An official client, installed or not."""

    name: str
    pins: tuple[str, ...]
    """Files beside this one with the pinned versions; they are copied into the client's folder."""
    needs: tuple[str, ...]
    """Programs that must be on the PATH."""
    steps: tuple[tuple[str, ...], ...]
    """Commands that install the client, run in its folder."""
    runs: tuple[str, ...]
    """Command that runs a program, in that folder; the program's path and arguments follow."""

    @property
    def folder(self) -> Path:
        """Folder of the client."""
        return _FOLDER / self.name

    @property
    def missing(self) -> str | None:
        """Names of the required programs that are missing; `None` if there are none."""
        return ", ".join(program for program in self.needs if shutil.which(program) is None) or None

    @property
    def ready(self) -> bool:
        """Whether the client is installed in the pinned versions, and can be run."""
        stamp = self.folder / "stamp"
        return self.missing is None and stamp.exists() and stamp.read_text(encoding="ascii") == self._stamp

    def install(self) -> None:
        """Install the client, in place of any other version of it.

        Raises:
            Failure: A step failed.

        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for pin in self.pins:
            shutil.copy(_HERE / pin, self.folder)
        for step in self.steps:
            self._run(step, environment=None)
        (self.folder / "stamp").write_text(self._stamp, encoding="ascii")

    def run_program(self, program: Path, *arguments: str) -> str:
        """Run a program without the caller's environment, and return its standard output.

        Raises:
            Failure: The program failed, or wrote to standard error.

        """
        command = (*self.runs, str(program.absolute()), *arguments)
        return self._run(command, environment={"PATH": os.environ.get("PATH", os.defpath)})

    def _run(self, command: tuple[str, ...], *, environment: dict[str, str] | None) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=_PATIENCE,
        )
        if done.returncode:
            raise Failure(f"this failed: {' '.join(command)}\n{(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    @property
    def _stamp(self) -> str:
        return hashlib.sha256(b"\0".join((_HERE / pin).read_bytes() for pin in self.pins)).hexdigest()


PYTHON: Final = Client(
    name="python",
    pins=("requirements.txt",),
    needs=(),
    steps=(
        (sys.executable, "-m", "venv", "venv"),
        (_VENV_PYTHON, "-m", "pip", "install", *_PIP, "requirements.txt"),
    ),
    runs=(_VENV_PYTHON,),
)
SOURCE: Final = Client(
    name="python-source",
    pins=("source.txt",),
    needs=(),
    steps=(
        (
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-binary",
            "letta-client",
            "--require-hashes",
            *_PIP,
            "source.txt",
        ),
    ),
    runs=(),
)
"""The source distribution of the Python client, packed as it comes: its tests are read, and never run."""
NODE: Final = Client(
    name="node",
    pins=("package.json", "package-lock.json"),
    needs=("node", "npm"),
    steps=(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),),
    runs=("node",),
)
