"""The tool that runs a real server: what can be told without starting one."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the tool runs on Linux", allow_module_level=True)

from tools.real_server import process as processes
from tools.real_server import provision as provisions
from tools.real_server.instance import Instance
from tools.real_server.ports import free, free_port
from tools.real_server.process import Process, spawn
from tools.real_server.provision import Provision, provision_in
from tools.real_server.report import Failure
from tools.real_server.serve import stay_home

ROOT = Path(__file__).parents[2]
SLEEP = ["/bin/sleep", "60"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = spawn("sleeper", SLEEP, environment={}, log=tmp_path / "log")
    yield process
    os.kill(process.pid, signal.SIGKILL)
    os.waitpid(process.pid, 0)


def tool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.real_server", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_process_is_stopped_by_its_signal(sleeper: Process) -> None:
    assert sleeper.alive
    sleeper.stop()
    assert not sleeper.alive


def test_a_process_that_ignores_its_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_PATIENCE", 0.2)
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    stubborn = spawn("stubborn", ["/bin/sh", "-c", script], environment={}, log=tmp_path / "log")
    while "ready" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    stubborn.stop()
    assert os.WTERMSIG(os.waitpid(stubborn.pid, 0)[1]) == signal.SIGKILL


def test_another_process_with_the_same_number_is_left_alone(sleeper: Process) -> None:
    earlier = replace(sleeper, born="1")
    assert not earlier.alive
    earlier.stop()
    assert sleeper.alive


def test_a_linked_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from tools.real_server.process import spawn\n"
        f"print(spawn('sleeper', {SLEEP}, environment={{}}, log=pathlib.Path(sys.argv[1]), linked=True).pid)\n"
        "sys.stdout.flush()\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        executable = Path(f"/proc/{pid}/cmdline")
        assert processes.wait_until(lambda: executable.read_text().startswith("/bin/sleep"), 5)
        starter.kill()
    assert processes.wait_until(lambda: processes.birth_of(pid) is None, 5)


def test_a_port_that_is_listened_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert not free(server.getsockname()[1])


def test_an_interrupted_installation_is_neither_ready_nor_in_use(tmp_path: Path) -> None:
    provision = provision_in(tmp_path)
    provision.python.parent.mkdir(parents=True)
    provision.python.touch()
    assert (provision.ready, provision.outdated) == (False, False)
    (provision.folder / "stamp").write_text(provision.stamp)
    assert (provision.ready, provision.outdated) == (True, False)


def test_an_installation_from_other_requirements_is_outdated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provision = provision_in(tmp_path / "root")
    provision.python.parent.mkdir(parents=True)
    provision.python.touch()
    (provision.folder / "stamp").write_text(provision.stamp)
    changed = tmp_path / "requirements.txt"
    changed.write_text("letta==0.16.9\n")
    monkeypatch.setattr(provisions, "_SHAPED_BY", (changed,))
    assert provision_in(tmp_path / "root").outdated


def test_a_python_too_new_for_the_server_is_replaced_by_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = sys.version_info[:2]
    monkeypatch.setattr(provisions, "_SUPPORTED", ("3.0", "3.1"))
    with pytest.raises(Failure, match=r"needs Python 3\.11"):
        provision_in(tmp_path)
    (tmp_path / "python3.1").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provision_in(tmp_path).folder == tmp_path / f"python{own[0]}.{own[1]}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", b"localhost", None])
def test_the_server_reaches_this_machine(host: str | bytes | None) -> None:
    stay_home("socket.getaddrinfo", (host, 80, 0, 0, 0))
    stay_home("socket.connect", (None, (host, 80)))


@pytest.mark.parametrize("host", ["example.org", b"example.org", "192.0.2.1", "2001:db8::1", "localhost.example.org"])
def test_the_server_reaches_no_other_machine(host: str | bytes) -> None:
    with pytest.raises(PermissionError, match="this machine only"):
        stay_home("socket.getaddrinfo", (host, 80, 0, 0, 0))
    with pytest.raises(PermissionError, match="this machine only"):
        stay_home("socket.connect", (None, (host, 80)))


def test_a_failure_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    message = str(Failure("it failed", log))
    assert message.startswith("it failed")
    assert message.endswith("line 99")
    assert "line 69\n" not in message


def test_every_requirement_is_pinned_and_names_no_place() -> None:
    requirements = (ROOT / "tools/real_server/requirements.txt").read_text().splitlines()
    pins = [line for line in requirements if not line.startswith("#")]
    assert all("==" in pin for pin in pins)
    assert not [line for line in requirements if "://" in line or line.startswith("-")]
    assert "psycopg2" not in [pin.partition("==")[0] for pin in pins]


@pytest.mark.parametrize("broken", ["model", "redis"])
def test_what_was_started_ends_when_something_does_not_start(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "redis").write_text("#!/bin/sh\n" + ("exit 1\n" if broken == "redis" else "exec sleep 60\n"))
    (programs / "redis").chmod(0o700)
    monkeypatch.setattr(Provision, "redis_server", programs / "redis")
    monkeypatch.setattr(Provision, "python", Path("/bin/false" if broken == "model" else sys.executable))
    monkeypatch.setattr(Provision, "template", FakeCluster())
    started: list[Process] = []
    monkeypatch.setattr(
        Instance, "_add", lambda self, process: (started.append(process), self.processes.append(process))
    )
    instance = Instance(tmp_path / "instance", free_port(), model_port=free_port())
    with pytest.raises(Failure, match=f"{broken} has ended by itself"):
        instance.start(Provision(tmp_path, "", ""), linked=True)
    assert {"postgres", broken} <= {process.name for process in started}
    assert not [process.name for process in started if process.alive]
    for process in started:
        os.waitpid(process.pid, 0)


class FakeCluster:
    """A cluster that only sleeps."""

    def copy(self, folder: Path, log: Path) -> "FakeCluster":
        return self

    def start(self, port: int, log: Path, *, linked: bool) -> Process:
        return spawn("postgres", SLEEP, environment={}, log=log, linked=linked)

    def uri(self, port: int) -> str:
        return f"postgresql://127.0.0.1:{port}/postgres"


def test_what_was_started_is_known_by_a_later_run(tmp_path: Path, sleeper: Process) -> None:
    instance = Instance(tmp_path, 1, 2, pooled=False, model_port=3)
    instance._add(sleeper)
    assert Instance.load(tmp_path) == instance
    assert instance.model_url == "http://127.0.0.1:3"


@pytest.mark.parametrize(("pooled", "names"), [(True, {"DISABLE_SQLALCHEMY_POOLING", "PG_URI"}), (False, {"PG_URI"})])
def test_connections_are_pooled_unless_declined(pooled: bool, names: set[str], tmp_path: Path) -> None:
    settings = Instance(tmp_path, pooled=pooled)._database_settings("postgresql://here/postgres")
    assert {name.removeprefix("LETTA_") for name in settings} == names
    assert settings["LETTA_PG_URI"].endswith("?sslmode=disable") is pooled


def test_a_folder_where_nothing_was_started_holds_nothing_to_stop(tmp_path: Path) -> None:
    assert not Instance.load(tmp_path).running
    status = tool("status", "--folder", tmp_path)
    assert (status.returncode, status.stdout, status.stderr) == (1, "", "nothing runs\n")
    assert tool("stop", "--folder", tmp_path).returncode == 0


def test_a_command_that_does_not_exist_is_found_out_before_anything_is_started(tmp_path: Path) -> None:
    done = tool("run", "--folder", tmp_path / "root", "--", "no-such-command")
    assert done.returncode == 1
    assert "no-such-command" in done.stderr
    assert not (tmp_path / "root").exists()
