"""`serve`: the embedded server, until it is interrupted."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys
from pathlib import Path

from letta_async.cli.exits import Exit
from letta_async.cli.failing import Refusal
from letta_async.cli.report import say
from letta_async.cli.stopping import Stop
from letta_async.testing import DataFileError, EmbeddedServer

__all__ = ["serve"]


def serve(host: str, port: int, password_env: str | None, data: Path | None) -> Exit:
    """Serve; standard output has the URL, once it listens.

    Raises:
        Refusal: the password's variable is empty, the address cannot be listened on, or the file cannot be used.

    """
    password = None
    if password_env is not None:
        password = os.environ.get(password_env)
        if not password:
            raise Refusal(f"--password-env: the environment variable {password_env} is empty or not set")
    server = EmbeddedServer(host=host, port=port, password=password, path=data)
    asyncio.run(_serve(server, host, port, data, asks=password is not None))
    return Exit.DONE


async def _serve(server: EmbeddedServer, host: str, port: int, data: Path | None, *, asks: bool) -> None:
    stop = Stop(lambda: None)
    with stop.listening():
        try:
            await server.start()
        except DataFileError as error:
            raise Refusal(f"--data: {error}") from None
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise Refusal(f"cannot listen on {host}, port {port}: {reason}") from None
        try:
            if not _is_loopback(host):
                key = "this server has no encryption" if asks else "there is neither a key nor encryption"
                say(f"warning: {host} is more than this machine: whoever reaches it can read and change all; {key}")
            sys.stdout.write(f"{server.base_url}\n")
            sys.stdout.flush()
            kept = (
                "in memory; Ctrl-C ends it, and all that it knows" if data is None else f"from {data}; Ctrl-C ends it"
            )
            say(f"Serving Letta {kept}.")
            await stop.asked.wait()
        finally:
            await server.stop()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
