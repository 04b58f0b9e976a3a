"""Serve the embedded server in the foreground: `python -m letta_async.testing`, with `--port`, `--data` and so on.

`letta-async serve` serves by the same functions.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from letta_async.testing._data_file import DataFileError
from letta_async.testing.server import EmbeddedServer

__all__ = ["ListenError", "main", "read_password", "serve_until"]


class ListenError(Exception):
    """Error of an address that cannot be listened on; the message is the system's reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m letta_async.testing", description="Serve an embedded Letta server."
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--password-env", metavar="VAR", help="environment variable that holds the key to ask for")
    parser.add_argument("--data", metavar="FILE", help="SQLite file to remember all in (default: memory)")
    options = parser.parse_args(arguments)
    try:
        password = read_password(options.password_env)
    except ValueError as error:
        parser.error(str(error))
    try:
        asyncio.run(_serve(EmbeddedServer(port=options.port, password=password, path=options.data)))
    except DataFileError as error:
        parser.exit(1, f"{error}\n")
    except ListenError as error:
        parser.exit(1, f"cannot listen on port {options.port}: {error}\n")
    except OSError as error:
        parser.exit(1, f"the URL cannot be written: {error.strerror or error}\n")
    except KeyboardInterrupt:  # pragma: no cover - Windows, whose loop takes no signal handler
        pass
    return 0


def read_password(variable: str | None) -> str | None:
    """Return the password in an environment variable; `None` if no variable is named.

    Raises:
        ValueError: The variable is empty or not set.

    """
    password = None if variable is None else os.environ.get(variable)
    if variable is not None and not password:
        raise ValueError(f"the environment variable {variable} is empty or not set")
    return password


async def serve_until(
    stopped: asyncio.Event, server: EmbeddedServer, *, on_listening: Callable[[], object] = lambda: None
) -> None:
    """Serve until an event is set; write the URL to standard output once the server listens.

    Args:
        stopped: The event.
        server: A server that is not started; it is stopped at the end.
        on_listening: Called once the URL is written. Default: nothing.

    Raises:
        DataFileError: The server's file cannot be used.
        ListenError: The server's address cannot be listened on.

    """
    try:
        await server.start()
    except OSError as error:
        raise ListenError(_reason(error)) from error
    try:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        on_listening()
        await stopped.wait()
    finally:
        await server.stop()


def _reason(error: OSError) -> str:
    """Return the system's reason, without the address that asyncio adds to it."""
    if isinstance(error, socket.gaierror) or not error.errno:  # a resolver's error numbers are its own
        return error.strerror or str(error)
    return os.strerror(error.errno)


async def _serve(server: EmbeddedServer) -> None:
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt instead
            loop.add_signal_handler(number, interrupted.set)
    await serve_until(interrupted, server)


if __name__ == "__main__":
    sys.exit(main())
