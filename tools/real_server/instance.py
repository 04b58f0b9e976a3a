"""Run Letta servers on a database of their own, with a model provider if asked for, all within one folder."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from .ports import free, free_port, listened_on
from .process import Process, spawn, wait_until
from .provision import Provision, server_environment
from .report import Failure, say

SECURE_PASSWORD = "letta-async-test"  # noqa: S105 - a test server's, for all to know
MODEL = "openai-proxy/gpt-4o-mini"  # "proxy": the server's prefix for a provider that is not at OpenAI's own address
EMBEDDING = "openai/text-embedding-3-small"
_SERVE = Path(__file__).with_name("serve.py")
_PROJECT = Path(__file__).parents[2]
_PATIENCE = 180.0


@dataclass
class Instance:
    """PostgreSQL and one or two Letta servers on it: one open to all, one asking for a password.

    With a model, a stub provider answers their agents, and Redis holds the events of background streams.
    """

    folder: Path
    port: int = 0
    secure_port: int | None = None
    pooled: bool = True
    model_port: int | None = None
    processes: list[Process] = field(default_factory=list[Process])

    @classmethod
    def load(cls, folder: Path) -> Instance:
        """Read what was started in a folder, maybe by another run of this program, maybe nothing."""
        try:
            state = cast("dict[str, Any]", json.loads((folder / "state.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls(folder)
        processes = [Process(**process) for process in state["processes"]]
        kind = state.get("pooled", False), state.get("model_port")
        return cls(folder, state["port"], state["secure_port"], *kind, processes)

    @property
    def base_url(self) -> str:
        """Where the open server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secure_base_url(self) -> str | None:
        """Where the server that asks for a password answers, if there is one."""
        return f"http://127.0.0.1:{self.secure_port}" if self.secure_port else None

    @property
    def model_url(self) -> str | None:
        """Where the stub model provider answers, if there is one."""
        return f"http://127.0.0.1:{self.model_port}" if self.model_port else None

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
        for port in filter(None, (self.port, self.secure_port, self.model_port)):
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
        settings = self._database_settings(cluster.uri(database_port))
        if self.model_port:
            settings |= self._start_model(provision, self.model_port, linked=linked)
        say("starting the Letta server, about 15 seconds")
        self._add(self._serve("server", self.port, provision, settings, linked=linked))
        if self.model_port:
            # Two servers that start at once would race to record the provider and its models.
            self._wait(self.base_url)
        if self.secure_port:
            self._add(self._serve("secure", self.secure_port, provision, settings, linked=linked))
        self._wait(self.base_url)
        if self.secure_base_url:
            self._wait(self.secure_base_url)

    def _database_settings(self, uri: str) -> dict[str, str]:
        if not self.pooled:
            return {"LETTA_PG_URI": uri}
        # With a pool the server insists on TLS unless the URI says otherwise.
        return {"LETTA_PG_URI": f"{uri}?sslmode=disable", "LETTA_DISABLE_SQLALCHEMY_POOLING": "false"}

    def _start_model(self, provision: Provision, model_port: int, *, linked: bool) -> dict[str, str]:
        """Start the provider and Redis; return what the servers are to know of them."""
        command = [str(provision.python), "-m", f"{__package__}.stub_model", str(model_port)]
        environment = {"PYTHONPATH": str(_PROJECT), "PATH": os.defpath}
        self._add(spawn("model", command, environment=environment, log=self.folder / "model.log", linked=linked))
        redis_port = free_port()
        command = [str(provision.redis_server), "--port", str(redis_port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self._add(spawn("redis", command, environment={}, log=self.folder / "redis.log", linked=linked))
        for name, port in (("model", model_port), ("redis", redis_port)):
            wait_until(lambda port=port: bool(self.dead) or listened_on(port), _PATIENCE)
            self._check_alive()
            if not listened_on(port):
                raise Failure(f"{name} does not listen", self.folder / f"{name}.log")
        return {
            "OPENAI_API_KEY": "none",
            "OPENAI_API_BASE": f"http://127.0.0.1:{model_port}/v1",
            "LETTA_REDIS_HOST": "127.0.0.1",
            "LETTA_REDIS_PORT": str(redis_port),
        }

    def _serve(
        self, name: str, port: int, provision: Provision, settings: Mapping[str, str], *, linked: bool
    ) -> Process:
        home = self.folder / name
        home.mkdir()
        environment = {**server_environment(home), **settings}
        command = [str(provision.python), str(_SERVE), "server", "--host", "127.0.0.1", "--port", str(port)]
        if name == "secure":
            environment["LETTA_SERVER_PASSWORD"] = SECURE_PASSWORD
            command.append("--secure")
        return spawn(name, command, environment=environment, log=self.folder / f"{name}.log", linked=linked)

    def _wait(self, base_url: str) -> None:
        wait_until(lambda: bool(self.dead) or _healthy(base_url), _PATIENCE)
        self._check_alive()
        if not _healthy(base_url):
            raise Failure(f"{base_url} does not answer", self.folder / "server.log")

    def _check_alive(self) -> None:
        for name in self.dead:
            raise Failure(f"{name} has ended by itself", self.folder / f"{name}.log")

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
