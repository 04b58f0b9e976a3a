"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import click

from letta_async.cli.report import FORMATS
from letta_async.cli.verbosity import verbose
from letta_async.config import ENVIRONMENTS

__all__ = ["choosing", "connecting", "reporting"]

Command = TypeVar("Command", bound=Callable[..., Any])


class Decorator(Protocol):
    """Decorator of a command, which stays what it is."""

    def __call__(self, command: Command, /) -> Command:
        """Return the command with the options."""
        ...


def _combine_options(*options: Decorator) -> Decorator:
    """Return one decorator that applies several options; the help lists them in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


choosing: Final[Decorator] = _combine_options(
    click.argument("ids", metavar="[ID]...", nargs=-1),
    click.option(
        "--agent", metavar="ID", help="All conversations of this agent; beside the ID 'default', its own messages."
    ),
    click.option("--block", metavar="ID", help="All conversations of every agent that uses this memory block."),
    click.option("--all", "everything", is_flag=True, help="All conversations of the server."),
)
reporting: Final[Decorator] = _combine_options(
    click.option("--diff", is_flag=True, help="Show what a recompile would change."),
    click.option(
        "--output",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="Form of the result on standard output; jsonl is written as it comes.",
    ),
)
connecting: Final[Decorator] = _combine_options(
    click.option("--base-url", metavar="URL", help="Where the server is.  [default: LETTA_BASE_URL, else the cloud]"),
    click.option(
        "--environment", type=click.Choice(list(ENVIRONMENTS)), help="The cloud, or local: http://localhost:8283."
    ),
    click.option(
        "--api-key-file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="File with the API key, read again when the server refuses it.  [default: LETTA_API_KEY, or the file that"
        " LETTA_API_KEY_FILE names]",
    ),
    click.option("--project", metavar="NAME", help="Project, sent as X-Project."),
    click.option("--project-id", metavar="ID", help="Project, sent as X-Project-Id."),
    click.option("--timeout", metavar="SECONDS", type=float, help="Limit on one attempt of a request.  [default: 60]"),
    click.option("--max-retries", metavar="N", type=int, help="Most retries of one request.  [default: 2]"),
    click.option("--proxy", metavar="URL", help="HTTP proxy to use."),
    click.option("--trust-env", is_flag=True, help="Use the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names."),
    click.option(
        "--max-concurrency",
        metavar="N",
        type=click.IntRange(min=1),
        default=256,
        show_default=True,
        help="Most requests in flight at once; up to that the client finds by itself what the server takes.",
    ),
    verbose,
)
