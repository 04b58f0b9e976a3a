"""Read the command line: start, stop, status, run."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from .instance import EMBEDDING, MODEL, SECURE_PASSWORD, Instance
from .ports import free_port
from .provision import Provision, provision_in
from .report import Failure, say

_FOLDER = Path(__file__).parents[2] / ".real-server"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 10.0
_MODEL_PORT = 18400


def start(root: Path, wanted: Instance) -> int:
    """Start servers that run until they are stopped."""
    with _locked(root / "lock"):
        instance = Instance.load(root / "started")
        if not instance.running:
            provision = _provision(root)
            instance.stop()
            instance = wanted
            instance.start(provision, linked=False)
        elif replace(instance, processes=[]) != wanted:
            raise Failure(f"another server runs already, at {_addresses(instance, ', ')}: stop it first")
        else:
            say("runs already")
    say(f"logs: {instance.folder}")
    print(_addresses(instance, "\n"))
    return 0


def stop(root: Path) -> int:
    """Stop what `start` started."""
    with _locked(root / "lock"), _undisturbed():
        instance = Instance.load(root / "started")
        say("stopping" if instance.processes else "nothing runs")
        instance.stop()
    return 0


def status(root: Path) -> int:
    """Return what `start` started; the exit code is 0 if it runs."""
    instance = Instance.load(root / "started")
    if instance.running:
        print(_addresses(instance, "\n"))
        return 0
    say(f"these have ended by themselves: {', '.join(instance.dead)}" if instance.dead else "nothing runs")
    return 1


def run(root: Path, command: Sequence[str], *, model: bool, pooled: bool) -> int:
    """Run a command beside servers of its own, which are stopped whatever happens."""
    if not command or shutil.which(command[0]) is None:
        raise Failure(f"there is no such command: {' '.join(command) or '(none given)'}")
    with _locked(root / "lock"):
        provision = _provision(root)
        _sweep(root)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=root))
        alive = (folder / "alive").open("wb")
        fcntl.flock(alive, fcntl.LOCK_EX)
    port, secure_port, model_port = free_port(), free_port(), free_port() if model else None
    instance = Instance(folder / "instance", port, secure_port, pooled=pooled, model_port=model_port)
    try:
        instance.start(provision, linked=True)
        say(f"{_addresses(instance, ', ')}: running {' '.join(command)}")
        environment = {
            **os.environ,
            "LETTA_TEST_BASE_URL": instance.base_url,
            "LETTA_TEST_SECURE_BASE_URL": instance.secure_base_url or "",
            "LETTA_TEST_SECURE_PASSWORD": SECURE_PASSWORD,
            "LETTA_TEST_MODEL": MODEL if model else "",
            "LETTA_TEST_EMBEDDING": EMBEDDING if model else "",
            "LETTA_TEST_MODEL_URL": instance.model_url or "",
        }
        return _supervise(command, environment)
    finally:
        with _undisturbed(), alive:
            instance.stop()
            _keep_logs(instance, root / "logs")
            shutil.rmtree(folder)
            say(f"stopped; logs: {root / 'logs'}")


def _provision(root: Path) -> Provision:
    provision = provision_in(root)
    if not provision.ready:
        if provision.outdated and Instance.load(root / "started").running:
            raise Failure("the requirements have changed since the server was started: stop it first")
        provision.make()
    return provision


def _supervise(command: Sequence[str], environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=environment)
    try:
        code = child.wait()
    except BaseException as interruption:
        # After a Ctrl-C the command knows it too, from the terminal: it gets time to end in its own way.
        knows = isinstance(interruption, KeyboardInterrupt)
        for end in (child.poll if knows else child.terminate, child.terminate, child.kill):
            end()
            with suppress(subprocess.TimeoutExpired):
                child.wait(_PATIENCE)
                break
        raise
    return code if code >= 0 else 128 - code


def _addresses(instance: Instance, separator: str) -> str:
    addresses = [instance.base_url]
    if instance.secure_base_url:
        addresses.append(f"{instance.secure_base_url} (password {SECURE_PASSWORD})")
    if instance.model_url:
        addresses.append(f"{instance.model_url} (model {MODEL}, embedding {EMBEDDING})")
    return separator.join(addresses)


def _sweep(root: Path) -> None:
    """Delete what killed runs have left: nobody holds their lock any more."""
    for folder in root.glob("run-*"):
        with suppress(BlockingIOError, FileNotFoundError), (folder / "alive").open("wb") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _keep_logs(instance: Instance, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for log in instance.folder.glob("*.log"):
        log.rename(folder / log.name)


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """Let one at a time install, start or stop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another one to finish installing, starting or stopping")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _undisturbed() -> Generator[None]:
    """Let no second Ctrl-C break off the stopping, whose time is limited anyway."""
    handlers = [(number, signal.signal(number, signal.SIG_IGN)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)


def _exit(number: int, _: object) -> None:
    sys.exit(128 + number)


def _port(text: str) -> int | None:
    return None if text == "none" else int(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.real_server", description="A real Letta server, for tests.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--folder", type=Path, default=_FOLDER, help="where everything lives (default: .real-server)")
    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument("--unpooled", action="store_true", help="a database connection per transaction, Letta's default")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", parents=[common, kind], help="start servers in the background")
    starting.add_argument("--port", type=int, default=8283, help="of the server open to all (default: 8283)")
    starting.add_argument("--secure-port", type=_port, metavar="PORT|none", help="of one with a password (none)")
    model = "of a stub model provider, to start beside them with Redis (without a number: 18400)"
    starting.add_argument("--model", type=int, nargs="?", const=_MODEL_PORT, metavar="PORT", help=model)
    commands.add_parser("stop", parents=[common], help="stop what `start` started")
    commands.add_parser("status", parents=[common], help="tell what `start` started; exit code 0 if it runs")
    running = commands.add_parser("run", parents=[common, kind], help="run a command beside servers of its own")
    running.add_argument("--model", action="store_true", help="with a stub model provider, and Redis")
    running.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD ...", help="finds LETTA_TEST_* variables")
    return parser.parse_args()


def main() -> int:
    """Do what the command line says."""
    arguments = _arguments()
    root: Path = arguments.folder.resolve()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as it is below nohup
            signal.signal(number, _exit)
    try:
        match arguments.command:
            case "start":
                ports = arguments.port, arguments.secure_port
                pooled = not arguments.unpooled
                return start(root, Instance(root / "started", *ports, pooled=pooled, model_port=arguments.model))
            case "stop":
                return stop(root)
            case "status":
                return status(root)
            case _:
                command: list[str] = arguments.argv
                command = command[1:] if command[:1] == ["--"] else command
                return run(root, command, model=arguments.model, pooled=not arguments.unpooled)
    except (Failure, OSError) as failure:
        say(f"error: {failure}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
