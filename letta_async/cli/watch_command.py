"""The command `watch` with its options and its help; the work is in `watching`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from letta_async.cli.connection import Connection
from letta_async.cli.exits import Exit
from letta_async.cli.options import connecting
from letta_async.cli.quantities import Listen, parse_duration, parse_listen, parse_rate
from letta_async.cli.report import say

__all__ = ["watch"]


@click.command(
    short_help="Recompile what becomes stale, for as long as it runs.",
    epilog="""\b
Examples:
  letta-async watch --all
  letta-async watch --block BLOCK --every 5m --max-rate 30/min --json >> outcomes.jsonl
  letta-async watch --all --once                 one scan, for a cron job
  letta-async watch --all --health-file /run/letta/health.json --metrics 9187
""",
)
@click.option("--agent", metavar="ID", help="Watch this agent.")
@click.option("--block", metavar="ID", help="Watch every agent that uses this memory block.")
@click.option("--all", "everything", is_flag=True, help="Watch all agents of the server.")
@click.option(
    "--every",
    metavar="DURATION",
    callback=parse_duration,
    default="30s",
    show_default=True,
    help="Interval between scans, such as 30s, 5m or 1h.",
)
@click.option("--once", is_flag=True, help="End after one scan, in which everything pending was tried.")
@click.option(
    "--max-rate",
    metavar="N/UNIT",
    callback=parse_rate,
    help="Most recompiles in any minute, such as 30/min; 2/s and 600/h are 120 and 10 a minute.",
)
@click.option(
    "--state",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="SQLite file with what was seen and what is pending; one watcher at a time has its lock. :memory: keeps none:"
    " each start then compares everything.  [default: a file of this server and choice of agents in STATE_DIRECTORY,"
    " which systemd sets, else in letta-async in XDG_STATE_HOME or ~/.local/state]",
)
@click.option("--standby", is_flag=True, help="Wait while another watcher has the lock, instead of ending with code 7.")
@click.option(
    "--wait-if-busy",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="How long to wait for the end of a conversation's runs before it is recompiled.  [default: do not look]",
)
@click.option("--json", "as_json", is_flag=True, help="Write each outcome as a line of JSON.")
@click.option("--diff", is_flag=True, help="With --json: include what was changed, which is text of memory.")
@click.option(
    "--health-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON file that is replaced after each scan: time, ok, error, pending, next_scan.",
)
@click.option(
    "--metrics",
    metavar="[ADDRESS:]PORT",
    callback=parse_listen,
    help="Serve metrics for Prometheus there; on this machine alone without an ADDRESS. It needs the extra watch.",
)
@connecting
@click.pass_context
def watch(
    context: click.Context,
    /,
    agent: str | None,
    block: str | None,
    everything: bool,
    every: float,
    once: bool,
    max_rate: int | None,
    state: Path | None,
    standby: bool,
    wait_if_busy: float | None,
    as_json: bool,
    diff: bool,
    health_file: Path | None,
    metrics: Listen | None,
    **connection: Any,
) -> int:
    """Recompile the conversations that become stale as memory is edited, for as long as it runs.

    Each scan lists the agents, compares the conversations of those that changed, and recompiles what is stale; at first
    it compares everything. Standard output has a line for each conversation that was recompiled, was busy or failed;
    with -v, standard error has one for each scan. While the server is out of reach, it goes on trying.

    SIGTERM and Ctrl-C end it cleanly: what is in flight is waited for, and the next start goes on with what is pending.
    A second one ends it at once.
    """
    if sum([agent is not None, block is not None, everything]) != 1:
        raise click.UsageError("choose the agents by --agent, --block or --all", context)
    if diff and not as_json:
        raise click.UsageError("--diff is for --json", context)
    if metrics is not None and find_spec("prometheus_client") is None:
        say("error: --metrics needs prometheus-client: pip install 'letta-async[watch]'")
        return Exit.EXTRA
    from letta_async.cli.watching import Watching  # noqa: PLC0415 - only what a command needs

    return Watching(
        agent=agent,
        block=block,
        everything=everything,
        every=every,
        once=once,
        max_rate=max_rate,
        state=state,
        standby=standby,
        wait_if_busy=wait_if_busy,
        as_json=as_json,
        diff=diff,
        health_file=health_file,
        metrics=metrics,
        connection=Connection(**connection),
    ).run()
