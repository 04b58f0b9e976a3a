"""The command `serve` with its options and its help; the work is in `serve`."""

from __future__ import annotations

from pathlib import Path

import click

from letta_async.cli.exits import Exit
from letta_async.cli.extras import is_missing
from letta_async.cli.verbosity import verbose

__all__ = ["serve"]


@click.command(
    short_help="Serve a Letta server in memory.",
    epilog="""\b
Examples:
  letta-async serve
  letta-async serve --port 0                   on a free port; standard output says where
  PASSWORD=… letta-async serve --password-env PASSWORD
  letta-async serve --data letta.db            remembers all, whatever ends it
""",
)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=8283,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option("--password-env", metavar="VAR", help="Environment variable with a key to ask for.")
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file to remember all in; made where it is missing. Without it, all is in memory.",
)
@verbose
def serve(host: str, port: int, password_env: str | None, data: Path | None) -> int:
    """Serve a Letta server in memory, for trying things and for tests.

    It needs no account, no model and no database. Without --data it forgets everything at its end, which is Ctrl-C.
    """
    if is_missing("testing", "serve"):
        return Exit.EXTRA
    from letta_async.cli.serve import serve as listen  # noqa: PLC0415 - only what a command needs

    return listen(host, port, password_env, data)
