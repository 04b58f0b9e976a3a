"""Make and run a PostgreSQL cluster that listens on the loopback interface only."""

from __future__ import annotations

import os
import pwd
import signal
from dataclasses import dataclass
from pathlib import Path

from .process import Process, call, spawn, tool, wait_until
from .report import Failure

USER = "letta"
_PATIENCE = 60.0
_STATE = 7  # the line of the file postmaster.pid that tells how far the server is
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class Cluster:
    """A cluster's folder, with the programs and the password that go with it."""

    folder: Path
    programs: Path
    password_file: Path

    def create(self, log: Path) -> None:
        """Create an empty cluster.

        The password keeps other users of this machine out: who may talk to PostgreSQL as its superuser may run
        programs as the one who started it.
        """
        self.folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        options = ["--username", USER, "--pwfile", str(self.password_file), "--auth", "scram-sha-256"]
        # The server connects anew for each transaction: thousands of rounds would double the time of a request,
        # and only weak passwords need them.
        options += ["--set", "scram_iterations=1", "--encoding", "utf8", "--locale", "C", "--no-sync"]
        call(
            [str(self.programs / "initdb"), "--pgdata", str(self.folder), *options],
            log,
            environment=_ENVIRONMENT,
            as_user=self._as_owner(),
        )

    def copy(self, folder: Path, log: Path) -> Cluster:
        """Copy a cluster that is not running, as its owner."""
        call(
            [tool("cp"), "-R", "--preserve=mode", str(self.folder), str(folder)],
            log,
            environment=_ENVIRONMENT,
            as_user=self._as_owner(),
        )
        return Cluster(folder, self.programs, self.password_file)

    def start(self, port: int, log: Path, *, linked: bool) -> Process:
        """Start the cluster and wait until it takes connections."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",  # a socket's path would be too long in many a folder
            "fsync": "off",  # the data need not outlive the machine
        }
        command = [str(self.programs / "postgres"), "-D", str(self.folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        process = spawn(
            "postgres",
            command,
            environment=_ENVIRONMENT,
            log=log,
            as_user=self._as_owner(),
            stop_signal=signal.SIGINT,  # "fast shutdown": do not wait for clients to leave
            linked=linked,
        )
        try:
            self._wait(process, log)
        except BaseException:
            process.stop()
            raise
        return process

    def uri(self, port: int) -> str:
        """Return where to find the database, password included."""
        password = self.password_file.read_text(encoding="ascii")
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"

    def _wait(self, process: Process, log: Path) -> None:
        wait_until(lambda: self._ready() or not process.alive, _PATIENCE)
        if not (process.alive and self._ready()):
            raise Failure("PostgreSQL did not start", log)

    def _ready(self) -> bool:
        try:
            lines = (self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATE and lines[_STATE].strip() == "ready"

    def _as_owner(self) -> list[str]:
        # PostgreSQL refuses to run as root. As the owner of its folder, with the right to pass any folder, it runs
        # wherever the project is, in root's home too, and nothing's permissions need to be changed.
        if os.geteuid() != 0:
            return []
        owner = self.folder.stat()
        return [
            tool("setpriv"),
            f"--reuid={owner.st_uid}",
            f"--regid={owner.st_gid}",
            "--clear-groups",
            "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
            "--",
        ]
