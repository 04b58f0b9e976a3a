"""Serve the embedded server in the foreground: `python -m letta_async.testing`, with `--port`, `--data` and so on."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from letta_async.testing._data_file import DataFileError
from letta_async.testing.server import EmbeddedServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; give the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m letta_async.testing", description="Serve an embedded Letta server."
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--password-env", metavar="VAR", help="environment variable that holds the key to ask for")
    parser.add_argument("--data", metavar="FILE", help="SQLite file to remember all in (default: memory)")
    options = parser.parse_args(arguments)
    password = None
    if options.password_env is not None:
        password = os.environ.get(options.password_env)
        if not password:
            parser.error(f"the environment variable {options.password_env} is empty or not set")
    try:
        asyncio.run(_serve(EmbeddedServer(port=options.port, password=password, path=options.data)))
    except DataFileError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"cannot listen on port {options.port}: {error.strerror or error}\n")
    except KeyboardInterrupt:  # pragma: no cover - Windows, whose loop takes no signal handler
        pass
    return 0


async def _serve(server: EmbeddedServer) -> None:
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt instead
            loop.add_signal_handler(number, interrupted.set)
    async with server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        await interrupted.wait()


if __name__ == "__main__":
    sys.exit(main())
