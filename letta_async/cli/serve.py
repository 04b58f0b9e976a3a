"""The command `serve`: runs the embedded server until a signal arrives."""

from __future__ import annotations

import asyncio
from pathlib import Path

from letta_async.cli.error_messages import Refusal
from letta_async.cli.exits import Exit
from letta_async.cli.quantities import is_loopback
from letta_async.cli.report import say
from letta_async.cli.stop_signals import Stop
from letta_async.testing import DataFileError, EmbeddedServer
from letta_async.testing.__main__ import ListenError, read_password, serve_until

__all__ = ["serve"]


def serve(host: str, port: int, password_env: str | None, data: Path | None) -> Exit:
    """Serve until a signal arrives; write the URL to standard output once the server listens.

    Raises:
        Refusal: The password's variable is empty, the address cannot be listened on, or the file cannot be used.

    """
    try:
        password = read_password(password_env)
    except ValueError as error:
        raise Refusal(f"--password-env: {error}") from None
    server = EmbeddedServer(host=host, port=port, password=password, path=data)

    def on_listening() -> None:
        if not is_loopback(host):
            key = "there is neither a key nor encryption" if password is None else "this server has no encryption"
            say(f"warning: {host} is more than this machine: whoever reaches it can read and change all; {key}")
        kept = "in memory; Ctrl-C ends it, and all that it knows" if data is None else f"from {data}; Ctrl-C ends it"
        say(f"Serving Letta {kept}.")

    async def serve_until_signal() -> None:
        stop = Stop(lambda: None)
        with stop.listening():
            await serve_until(stop.asked, server, on_listening=on_listening)

    try:
        asyncio.run(serve_until_signal())
    except DataFileError as error:
        raise Refusal(f"--data: {error}") from None
    except ListenError as error:
        raise Refusal(f"cannot listen on {host}, port {port}: {error}") from None
    return Exit.DONE
