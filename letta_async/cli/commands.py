"""Commands and options, with examples in their help."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final, TextIO

import click

from letta_async._schema.unset import UNSET
from letta_async._version import __version__
from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import explain, show_traceback
from letta_async.cli.exits import MEANINGS, Exit
from letta_async.cli.extras import is_missing
from letta_async.cli.migrating import migrate
from letta_async.cli.options import choosing, connecting, reporting
from letta_async.cli.report import FORMATS, Format, Report, say
from letta_async.cli.selection import Selection
from letta_async.cli.serve_command import serve
from letta_async.cli.stop_signals import Signalled, raising_signals
from letta_async.cli.verbosity import log_on_request, verbose
from letta_async.cli.watch_command import watch

__all__ = ["run"]

_EPILOG: Final = """\b
Examples:
  letta-async demo                               see it all, on a server of its own
  letta-async status --all                       which conversations are stale?
  letta-async recompile --block BLOCK --only-stale --diff

\b
Exit codes:
""" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())


def run(arguments: Sequence[str]) -> int:
    """Run a command; return its exit code. An error is written to standard error in one line."""
    _prepare_streams()
    try:
        with raising_signals(), log_on_request():
            return _run(arguments)
    finally:
        for stream in (sys.stdout, sys.stderr):
            _flush_or_discard(stream)


def _run(arguments: Sequence[str]) -> int:
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            command = list(dropwhile(lambda each: each.startswith("-"), arguments))
            code = letta_async.main(args=list(arguments), prog_name="letta-async", standalone_mode=False, obj=command)
    except click.UsageError as error:
        where = f" (see {error.ctx.command_path} --help)" if error.ctx is not None else ""
        say(f"error: {error.format_message()}{where}")
        return Exit.USAGE
    except click.Abort as abort:
        say("Interrupted.")
        return getattr(abort.__cause__, "code", Exit.INTERRUPTED)
    except OSError as error:
        if isinstance(signalled := error.__context__, Signalled):  # click failed to write to the terminal that is gone
            return signalled.code
        show_traceback()
        say(f"error: the output cannot be written: {error.strerror or error}")
        return Exit.UNCHECKED
    except Exception as error:  # whatever it is, it is reported in one line
        show_traceback()
        code, words = explain(error)
        say(f"error: {words}")
    return int(code)


def _prepare_streams() -> None:
    """Replace standard streams that are closed, and escape characters that they cannot encode or decode."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the parent process closed it
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the end
        if reconfigure := getattr(getattr(sys, name), "reconfigure", None):
            reconfigure(errors="backslashreplace")


def _flush_or_discard(stream: TextIO) -> None:
    """Flush a stream; redirect it to the null device if that fails, or the interpreter would fail at it again."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say_warning(message: Warning | str, *_: object, **__: object) -> None:
    say(f"warning: {message}")


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@verbose
@click.version_option(__version__, "--version", message="letta-async %(version)s")
@click.pass_context
def letta_async(context: click.Context, /) -> None:
    """Keep the system prompts of Letta conversations up to date.

    An edit of a memory block reaches the conversations that exist only when they are recompiled.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(Exit.USAGE)


@letta_async.command(
    epilog="""\b
Examples:
  letta-async status --all
  letta-async status --block BLOCK --diff
  letta-async status --agent AGENT --output jsonl > stale.jsonl
  letta-async status --all || echo "some are stale"
"""
)
@choosing
@reporting
@connecting
def status(
    ids: tuple[str, ...],
    agent: str | None,
    block: str | None,
    everything: bool,
    diff: bool,
    output: Format,
    **connection: Any,
) -> int:
    """Report which conversations are stale; change nothing.

    Stale is a conversation whose system prompt a recompile would change. Exit code 0 when none is, 1 when some are, 5
    when some could not be checked: fit for a cron job or CI. An ID of - stands for the ids on standard input, one per
    line.

    A recompile has the model read again what its provider had cached. Estimated are (characters of the new prompt after
    those that it has in common with the old one + characters of the messages in context) / 4 tokens.
    """
    from letta_async.cli.staleness_report import report_staleness  # noqa: PLC0415 - only what a command needs

    selection = Selection.read(ids, agent=agent, block=block, everything=everything)
    return report_staleness(selection, Connection(**connection), Report(output, diffs=diff))


@letta_async.command(
    epilog="""\b
Examples:
  letta-async recompile --block BLOCK --only-stale --diff
  letta-async recompile --all --only-stale --yes --output jsonl > done.jsonl
  letta-async recompile --all --journal run.jsonl
  letta-async recompile --agent AGENT --settings '{"mode": "all"}' --dry-run
  letta-async recompile --all --yes --dask tcp://scheduler:8786
  cat ids.txt | letta-async recompile - --yes
"""
)
@choosing
@click.option("--dry-run", is_flag=True, help="Show the plan, change nothing.")
@click.option("--only-stale", is_flag=True, help="Leave alone those that a recompile would not change.")
@click.option("--settings", metavar="FILE|JSON", help="Compaction settings, as JSON or a file with it.")
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write down what is done; a second run with the same journal goes on where the first was cut short. After one"
    " that was complete, --only-stale looks at all again; without it, what was done is skipped.",
)
@click.option(
    "--wait-if-busy",
    metavar="SECONDS",
    type=click.FloatRange(0),
    help="Wait so long for the end of a conversation's active runs, then leave it alone, as busy.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Recompile on the workers of this Dask cluster, as tcp://scheduler:8786; each takes the API key from its own"
    " environment.",
)
@click.option("--send-secrets", is_flag=True, help="With --dask: hand the API key to the workers.")
@reporting
@connecting
@click.pass_context
def recompile(
    context: click.Context,
    /,
    ids: tuple[str, ...],
    agent: str | None,
    block: str | None,
    everything: bool,
    dry_run: bool,
    only_stale: bool,
    settings: str | None,
    journal: Path | None,
    wait_if_busy: float | None,
    yes: bool,
    dask: str | None,
    send_secrets: bool,
    diff: bool,
    output: Format,
    **connection: Any,
) -> int:
    """Bring the system prompts of conversations up to date.

    First comes a plan: how many conversations there are, and which are stale. Then a question, unless --yes is given or
    standard input is no terminal. Ctrl-C ends cleanly and says how to go on. An ID of - stands for the ids on standard
    input, one a line.

    The plan estimates how many tokens models will read again, since providers have cached only what comes before the
    change: (characters of the new prompt after those that it has in common with the old one + characters of the
    messages in context) / 4.
    """
    from letta_async.cli.compaction_settings import read_compaction_settings  # noqa: PLC0415 - as above
    from letta_async.cli.recompiling import Recompiling  # noqa: PLC0415 - only what a command needs

    if dry_run and journal is not None:
        raise click.UsageError("--dry-run does nothing that a --journal could tell of", context)
    if send_secrets and dask is None:
        raise click.UsageError("--send-secrets is for --dask", context)
    if dask is not None and is_missing("dask", "--dask"):
        return Exit.EXTRA
    return Recompiling(
        selection=Selection.read(ids, agent=agent, block=block, everything=everything),
        connection=Connection(**connection),
        report=Report(output, diffs=diff),
        dry_run=dry_run,
        only_stale=only_stale,
        diff=diff,
        yes=yes,
        settings=None if settings is None else read_compaction_settings(settings),
        journal=journal,
        wait_if_busy=wait_if_busy,
        dask=dask,
        send_secrets=send_secrets,
        command=context.obj,
    ).run()


@letta_async.command(
    epilog="""\b
Examples:
  letta-async compact CONVERSATION
  letta-async compact --agent AGENT --yes --output jsonl
  letta-async compact CONVERSATION --settings '{"mode": "all", "clip_chars": 2000}'
"""
)
@choosing
@click.option("--settings", metavar="FILE|JSON", help="Compaction settings, as JSON or a file with it.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--output", type=click.Choice(FORMATS), default="table", show_default=True, help="Form of the result.")
@connecting
@click.pass_context
def compact(
    context: click.Context,
    /,
    ids: tuple[str, ...],
    agent: str | None,
    block: str | None,
    everything: bool,
    settings: str | None,
    yes: bool,
    output: Format,
    **connection: Any,
) -> int:
    """Summarize the messages of conversations, so that fewer of them stay in context.

    The server asks a model for each summary. A request whose fate is unknown is not sent again, since that would
    summarize the summary. Ctrl-C ends cleanly: what is in flight is waited for. A second one ends it at once.
    """
    from letta_async.cli.compacting import Compacting  # noqa: PLC0415 - only what a command needs
    from letta_async.cli.compaction_settings import read_compaction_settings  # noqa: PLC0415 - as above

    return Compacting(
        selection=Selection.read(ids, agent=agent, block=block, everything=everything),
        connection=Connection(**connection),
        report=Report(output),
        yes=yes,
        settings=None if settings is None else read_compaction_settings(settings),
        command=context.obj,
    ).run()


@letta_async.command(
    short_help="Chat with an agent.",
    epilog="""\b
Examples:
  letta-async chat assistant
  letta-async chat AGENT --conversation CONVERSATION --background
  echo "What is due today?" | letta-async chat AGENT
  letta-async chat AGENT --json < question.txt | jq .message_type
""",
)
@click.argument("agent", metavar="AGENT")
@click.option("--conversation", metavar="ID", help="Chat in this conversation.  [default: the agent's own messages]")
@click.option("--reasoning", is_flag=True, help="Show the reasoning, too.")
@click.option("--json", "as_json", is_flag=True, help="Write each event as a line of JSON instead of the text.")
@click.option("--background", is_flag=True, help="Let turns survive a broken connection; the server needs Redis.")
@click.option(
    "--wait-if-busy",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="How long to wait while the conversation is busy with another turn.  [default: about a second]",
)
@connecting
def chat(
    agent: str,
    conversation: str | None,
    reasoning: bool,
    as_json: bool,
    background: bool,
    wait_if_busy: float | None,
    **connection: Any,
) -> int:
    """Chat with an agent, given by its ID or its name.

    A line is a message. Ctrl-C ends the turn, /quit or Ctrl-D the chat, and so does Ctrl-C on an empty line. Where
    standard input is no terminal, all of it is one message, and the answer alone goes to standard output.
    """
    from letta_async.cli.chat import chat as converse  # noqa: PLC0415 - only what a command needs
    from letta_async.cli.chat_view import EventView, TextView  # noqa: PLC0415 - as above

    return converse(
        agent,
        conversation,
        Connection(**connection),
        EventView() if as_json else TextView(reasoning=reasoning),
        options={"background": background or UNSET, "wait_if_busy": UNSET if wait_if_busy is None else wait_if_busy},
    )


@letta_async.command(short_help="See it all, on a server of its own.")
@verbose
def demo() -> int:
    """See stale conversations found and recompiled, on a server of its own."""
    if is_missing("testing", "demo"):
        return Exit.EXTRA
    from letta_async.cli.demo import demo as show  # noqa: PLC0415 - only what a command needs

    return show(run)


letta_async.add_command(migrate)
letta_async.add_command(serve)
letta_async.add_command(watch)
