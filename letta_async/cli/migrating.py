"""The command `migrate` with its options and its help; the work is in `migration`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from letta_async.cli.exits import Exit
from letta_async.cli.report import say
from letta_async.cli.verbosity import verbose

__all__ = ["migrate"]


@click.command(
    short_help="Change programs from letta_client to letta_async.",
    epilog="""\b
Examples:
  letta-async migrate src                      show what would change, and what to look at
  letta-async migrate src tests --write
  letta-async migrate . > changes.patch
  letta-async migrate . --check                exit code 1 if something would change
  letta-async migrate - --write < old.py > new.py
""",
)
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@click.option("--write", is_flag=True, help="Change the files; without it, only the diff is shown.")
@click.option("--check", is_flag=True, help="End with exit code 1 if something would change; write nothing.")
@verbose
@click.pass_context
def migrate(context: click.Context, /, paths: tuple[Path, ...], write: bool, check: bool) -> int:
    """Change programs from the official client, letta_client, to letta_async.

    Imports are changed, and names of methods and keywords that letta_client had before 1.0, where it is certain that
    the object is a client. What is not certain is written to standard error with file and line; the diff goes to
    standard output. Functions that are uploaded as tools stay as they are: they run on the server, which has
    letta_client. A PATH of - is the program on standard input.
    """
    if write and check:
        raise click.UsageError("--check writes nothing: leave out --write", context)
    if Path("-") in paths and len(paths) > 1:
        raise click.UsageError("- excludes other paths", context)
    if find_spec("libcst") is None:
        say("error: migrate needs libcst: pip install 'letta-async[cli]'")
        return Exit.EXTRA
    from letta_async.cli.migration.command import Migration, migrate_stdin  # noqa: PLC0415 - only what a command needs

    if paths == (Path("-"),):
        return migrate_stdin(write=write, check=check)
    return Migration(write=write).run(paths, check=check)
