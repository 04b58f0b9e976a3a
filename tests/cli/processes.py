"""Commands as processes, with pipes or with a pseudo-terminal, and, where that makes no difference, in this process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, Final, Self
from unittest import mock

import attrs

from letta_async.cli import main
from tests.waiting import PATIENCE, eventually

PROGRAM: Final = (sys.executable, "-m", "letta_async")

_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_COLOURS: Final = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])(?:;\d+)*m")

MEASURED: Final = ("COVERAGE_PROCESS_CONFIG",)
"""Environment variables by which coverage is measured in a child process."""


def environment(base_url: str | None = None, **more: str) -> dict[str, str]:
    """Return an environment without the developer's own variables."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", *MEASURED) if name in os.environ}
    place = {} if base_url is None else {"LETTA_BASE_URL": base_url}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONWARNINGS": "error", **place, **more}


@attrs.frozen
class Done:
    """Exit code and output of a process that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def jsonl(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    def with_status(self, status: str) -> set[str]:
        """Return the conversations that have a status; the output is JSON or JSON lines."""
        rows = self.jsonl if not self.stdout.startswith("{\n") else self.json["conversations"]
        return {row["conversation_id"] for row in rows if row["status"] == status}


def run(*arguments: str, base_url: str | None = None, stdin: str = "", **env: str) -> Done:
    """Run a command to its end, without a terminal."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(base_url, **env),
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def run_here(*arguments: str, base_url: str | None = None, stdin: str = "") -> Done:
    """Run a command to its end in this process, which is ten times as fast."""
    with (
        mock.patch.dict(os.environ, environment(base_url), clear=True),
        mock.patch("sys.stdin", StringIO(stdin)),
        redirect_stdout(StringIO()) as stdout,
        redirect_stderr(StringIO()) as stderr,
    ):
        code = main(arguments)
    return Done(code, stdout.getvalue(), stderr.getvalue())


class Running:
    """Running command without a terminal."""

    def __init__(
        self,
        *arguments: str,
        base_url: str | None = None,
        stdin: bytes = b"",
        program: Sequence[str] = PROGRAM,
        **env: str,
    ) -> None:
        """Start the command; `stdin` is its whole standard input."""
        read, write = os.pipe()
        os.write(write, stdin)
        os.close(write)
        self._process = subprocess.Popen(
            [*program, *arguments],
            stdin=read,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(base_url, **env),
        )
        os.close(read)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.stdout = _Reader(self._process.stdout.fileno())
        self.stderr = _Reader(self._process.stderr.fileno())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> Done:
        """Wait until the command has ended."""
        code = self._process.wait(PATIENCE)
        return Done(code, self.stdout.rest(), self.stderr.rest())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self.stdout.rest()
        self.stderr.rest()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdout.close()
        self._process.stderr.close()


class Terminal:
    """Command on a pseudo-terminal of its own, its controlling terminal, so that Ctrl-C can be typed."""

    def __init__(
        self,
        *arguments: str,
        base_url: str | None = None,
        piped: bool = False,
        blind: bool = False,
        unread: bool = False,
        columns: int = 120,
        program: Sequence[str] = PROGRAM,
        **env: str,
    ) -> None:
        """Start the command.

        Args:
            arguments: Its arguments.
            base_url: URL of its server.
            piped: Whether its standard output is a pipe, read as `stdout`.
            blind: Whether its standard error is written to that pipe as well.
            unread: Whether nothing reads the screen, so that the terminal can be closed.
            columns: Width of the terminal.
            program: The program.
            env: Further environment variables.

        """
        import pty
        import termios

        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, columns))
        output = "2>&1" if blind else '2>"$0"' if piped else '>"$0" 2>"$0"'
        # a session leader that opens a terminal has it as its controlling one
        script = f'exec "$@" <"$0" {output}'
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", script, os.ttyname(slave), *program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment(base_url, **env),
        )
        self._slave = slave  # held, or the terminal would end before the process has opened it
        assert self._process.stdout is not None
        self._screen = None if unread else _Reader(self._master)
        self.stdout = _Reader(self._process.stdout.fileno())

    @property
    def screen(self) -> _Reader:
        """Text on the screen; not for a terminal that is `unread`."""
        assert self._screen is not None
        return self._screen

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Type Ctrl-C once the command sleeps: `readline` loses a signal between its prompt and its waiting."""
        self.wait_until_asleep()
        self.type("\x03")

    def wait_until_asleep(self) -> None:
        """Wait until the command waits for something."""
        assert eventually(lambda: _is_asleep(self._process.pid))

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as when the connection to it is lost."""
        self._close_slave()
        os.close(self._master)
        self._master = -1

    def end(self) -> Done:
        """Wait until the command has ended; `stderr` of the result is the text on the screen."""
        code = self._process.wait(PATIENCE)
        self._close_slave()
        return Done(code, self.stdout.rest(), "" if self._screen is None else self._screen.rest())

    def _close_slave(self) -> None:
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._close_slave()
        if self._screen is not None:
            self._screen.rest()
        self.stdout.rest()
        assert self._process.stdout is not None
        self._process.stdout.close()
        if self._master >= 0:
            os.close(self._master)


def _is_asleep(pid: int) -> bool:
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.startswith("S")


class _Reader:
    """Reader of a file descriptor on its own thread."""

    def __init__(self, descriptor: int) -> None:
        self._data = b""
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(descriptor,), daemon=True)
        self._thread.start()

    def _read(self, descriptor: int) -> None:
        while True:
            try:
                data = os.read(descriptor, 65536)
            except OSError:  # how a terminal reports that its other end is closed
                data = b""
            with self._more:
                self._data += data
                self._more.notify_all()
            if not data:
                return

    @property
    def text(self) -> str:
        return self._data.decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, words: str, *, times: int = 1) -> None:
        """Wait until the text, without escape sequences, has these words that many times."""
        end = time.monotonic() + PATIENCE
        with self._more:
            while plain(self.text).count(words) < times:
                left = end - time.monotonic()
                if left <= 0 or not self._more.wait(left):
                    raise AssertionError(f"{words!r} did not come, but: {self.text!r}")

    def rest(self) -> str:
        """Return the whole text, once the other end is closed."""
        self._thread.join(PATIENCE)
        return self.text


def plain(text: str) -> str:
    """Return text without escape sequences."""
    return _ESCAPES.sub("", text)


def has_colours(text: str) -> bool:
    return _COLOURS.search(text) is not None
