"""Run Letta servers on a database of their own, all within one folder."""

from __future__ import annotations

import json
import shutil
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from .ports import free, free_port
from .process import Process, spawn, wait_until
from .provision import Provision, server_environment
from .report import Failure, say

SECURE_PASSWORD = "letta-async-test"  # noqa: S105 - a test server's, for all to know
_SERVE = Path(__file__).with_name("serve.py")
_PATIENCE = 180.0


@dataclass
class Instance:
    """PostgreSQL and one or two Letta servers on it: one open to all, one asking for a password."""

    folder: Path
    port: int = 0
    secure_port: int | None = None
    processes: list[Process] = field(default_factory=list[Process])

    @classmethod
    def load(cls, folder: Path) -> Instance:
        """Read what was started in a folder, maybe by another run of this program, maybe nothing."""
        try:
            state = cast("dict[str, Any]", json.loads((folder / "state.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls(folder)
        processes = [Process(**process) for process in state["processes"]]
        return cls(folder, state["port"], state["secure_port"], processes)

    @property
    def base_url(self) -> str:
        """Where the open server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secure_base_url(self) -> str | None:
        """Where the server that asks for a password answers, if there is one."""
        return f"http://127.0.0.1:{self.secure_port}" if self.secure_port else None

    @property
    def dead(self) -> list[str]:
        """The names of the processes that have ended by themselves."""
        return [process.name for process in self.processes if not process.alive]

    @property
    def running(self) -> bool:
        """Whether all that was started still runs."""
        return bool(self.processes) and not self.dead

    def start(self, provision: Provision, *, linked: bool) -> None:
        """Start everything on an empty database; linked processes end with this one."""
        for port in filter(None, (self.port, self.secure_port)):
            if not free(port):
                raise Failure(f"port {port} is taken by another program")
        try:
            self._start(provision, linked=linked)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what still runs, the servers first; the logs stay."""
        while self.processes:
            self.processes[-1].stop()
            self.processes.pop()
            self._save()
        (self.folder / "state.json").unlink(missing_ok=True)

    def _start(self, provision: Provision, *, linked: bool) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        log = self.folder / "postgres.log"
        cluster = provision.template.copy(self.folder / "cluster", log)
        database_port = free_port()
        self._add(cluster.start(database_port, log, linked=linked))
        say("starting the Letta server, about 15 seconds")
        database = cluster.uri(database_port)
        self._add(self._serve("server", self.port, provision, database, linked=linked))
        if self.secure_port:
            self._add(self._serve("secure", self.secure_port, provision, database, linked=linked))
        self._wait(self.base_url)
        if self.secure_base_url:
            self._wait(self.secure_base_url)

    def _serve(self, name: str, port: int, provision: Provision, database: str, *, linked: bool) -> Process:
        home = self.folder / name
        home.mkdir()
        environment = server_environment(home, database)
        command = [str(provision.python), str(_SERVE), "server", "--host", "127.0.0.1", "--port", str(port)]
        if name == "secure":
            environment["LETTA_SERVER_PASSWORD"] = SECURE_PASSWORD
            command.append("--secure")
        return spawn(name, command, environment=environment, log=self.folder / f"{name}.log", linked=linked)

    def _wait(self, base_url: str) -> None:
        wait_until(lambda: bool(self.dead) or _healthy(base_url), _PATIENCE)
        for name in self.dead:
            raise Failure(f"{name} has ended by itself", self.folder / f"{name}.log")
        if not _healthy(base_url):
            raise Failure(f"{base_url} does not answer", self.folder / "server.log")

    def _add(self, process: Process) -> None:
        self.processes.append(process)
        self._save()

    def _save(self) -> None:
        state = asdict(self) | {"folder": str(self.folder)}
        (self.folder / "state.json").write_text(json.dumps(state, indent=2), encoding="utf-8")


def _healthy(base_url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with suppress(OSError), direct.open(f"{base_url}/v1/health/", timeout=5) as answer:
        return answer.status == 200
    return False
