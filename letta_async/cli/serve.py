"""`serve`: the embedded server, until it is interrupted."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys

from letta_async.cli.exits import Exit
from letta_async.cli.failing import Refusal
from letta_async.cli.report import say
from letta_async.cli.stopping import Stop
from letta_async.testing import EmbeddedServer

__all__ = ["serve"]


def serve(host: str, port: int, password_env: str | None) -> Exit:
    """Serve; standard output has the URL, once it listens.

    Raises:
        Refusal: the password's variable is empty, or the address cannot be listened on.

    """
    password = None
    if password_env is not None:
        password = os.environ.get(password_env)
        if not password:
            raise Refusal(f"--password-env: the environment variable {password_env} is empty or not set")
    asyncio.run(_serve(EmbeddedServer(host=host, port=port, password=password), host, port, asks=password is not None))
    return Exit.DONE


async def _serve(server: EmbeddedServer, host: str, port: int, *, asks: bool) -> None:
    stop = Stop(lambda: None)
    with stop.listening():
        try:
            await server.start()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise Refusal(f"cannot listen on {host}, port {port}: {reason}") from None
        try:
            if not _is_loopback(host):
                key = "this server has no encryption" if asks else "there is neither a key nor encryption"
                say(f"warning: {host} is more than this machine: whoever reaches it can read and change all; {key}")
            sys.stdout.write(f"{server.base_url}\n")
            sys.stdout.flush()
            say("Serving Letta in memory; Ctrl-C ends it, and all that it knows.")
            await stop.asked.wait()
        finally:
            await server.stop()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
