"""Benchmark of the embedded server: requests per second of processor time, and memory per conversation.

The server is in a process of its own. What counts is its processor time, from `/proc`: how many requests it answers in
a second of one core, whatever else the machine does. The requests come from bare sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
from yarl import URL

from benchmarks.process import Process, place
from benchmarks.report import Section, Spread, Table, Target, render, say
from letta_async.testing import EmbeddedServer

__all__ = ["measure"]

_CONVERSATIONS: Final = 10_000
_CONNECTIONS: Final = 16
_MODEL: Final = "letta/letta-free"


@attrs.frozen
class Run:
    """Results of a number of requests of a kind: the server's processor time, and the responses other than 200."""

    per_core: float
    """Requests per second of the server's processor time."""
    per_second: float
    errors: int


def measure(*, short: bool = False) -> Section:
    """Measure the server in memory, then with a file."""
    requests, repeats = (1_000, 1) if short else (3_000, 5)
    conversations = 1_000 if short else _CONVERSATIONS
    runs: dict[str, dict[str, list[Run]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in (("in memory", ""), ("in a file", str(Path(folder) / "letta.db"))):
            with Process("embedded", "--serve", path) as server:
                runs[name] = asyncio.run(_load(server, requests, repeats))
    with Process("embedded", "--serve", "") as server:
        before = server.report()["kib"]
        asyncio.run(_fill(URL(server.url), conversations))
        grown = (server.report()["kib"] - before) / 1024
    return _section(runs, conversations, grown, requests)


def _section(runs: dict[str, dict[str, list[Run]]], conversations: int, grown: float, requests: int) -> Section:
    slowest = {
        name: min(statistics.median(run.per_core for run in kind) for kind in kinds.values())
        for name, kinds in runs.items()
    }
    errors = sum(run.errors for kinds in runs.values() for kind in kinds.values() for run in kind)
    return Section(
        "The embedded server",
        f"{requests:,} requests of each kind over {_CONNECTIONS} connections from bare sockets; medians of the repeats"
        " (quartiles). The conversations have prompts of some 1,000 characters, and were made over the wire.",
        [
            *(
                Target(
                    f"requests a second of one core, {name}, the slowest kind",
                    "at least 1,000",
                    f"{rate:,.0f}",
                    rate >= 1_000,
                )
                for name, rate in slowest.items()
            ),
            Target("requests that were not answered with 200", "none", str(errors), not errors),
            Target(
                f"{conversations:,} conversations, resident memory beyond the empty server",
                "less than 100 MiB",
                f"{grown:.1f} MiB",
                grown < 100,
            ),
        ],
        [
            Table(
                f"State {name}",
                ("request", "a second of one core", "a second, here and now"),
                [
                    [
                        kind,
                        Spread.of([run.per_core for run in found]).show(0),
                        Spread.of([run.per_second for run in found]).show(0),
                    ]
                    for kind, found in kinds.items()
                ],
            )
            for name, kinds in runs.items()
        ],
    )


async def _load(server: Process, requests: int, repeats: int) -> dict[str, list[Run]]:
    url = URL(server.url)
    block, agent, conversation = await _fill(url, 50)
    kinds = {
        "recompile": [_request("POST", f"/v1/conversations/{conversation}/recompile")],
        "recompile, dry": [_request("POST", f"/v1/conversations/{conversation}/recompile?dry_run=true")],
        "retrieve a conversation": [_request("GET", f"/v1/conversations/{conversation}")],
        "list its messages": [_request("GET", f"/v1/conversations/{conversation}/messages")],
        "change a block": [_request("PATCH", f"/v1/blocks/{block}", {"value": text}) for text in ("Paris", "London")],
        "make a conversation": [_request("POST", f"/v1/conversations/?agent_id={agent}", {})],
    }
    runs: dict[str, list[Run]] = {kind: [] for kind in kinds}
    for _ in range(repeats):
        for kind, turns in kinds.items():
            wanted = list(itertools.islice(itertools.cycle(turns), requests))
            runs[kind].append(await _run(server, url, wanted))
            say(f"{kind}: {runs[kind][-1].per_core:,.0f} a second of one core", error=True)
    return runs


async def _run(server: Process, url: URL, requests: Sequence[bytes]) -> Run:
    cpu, began = server.cpu_seconds(), time.perf_counter()
    answers = await _ask(url, requests)
    cpu, seconds = server.cpu_seconds() - cpu, time.perf_counter() - began
    count = len(requests)
    return Run(count / cpu if cpu else 0.0, count / seconds, sum(status != 200 for status, _ in answers))


async def _fill(url: URL, conversations: int) -> tuple[str, str, str]:
    """Create an agent with a block, and conversations of it; return the IDs of block, agent and last conversation."""
    body = {"model": _MODEL, "memory_blocks": [{"label": "human", "value": "Ada lives in London. " * 20}]}
    ((_, agent),) = await _ask(url, [_request("POST", "/v1/agents/", body)])
    create = _request("POST", f"/v1/conversations/?agent_id={agent['id']}", {})
    made = await _ask(url, [create] * conversations)
    return agent["blocks"][0]["id"], agent["id"], made[-1][1]["id"]


def _request(method: str, target: str, body: Any = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nUser-Agent: b/0\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


async def _ask(url: URL, requests: Sequence[bytes]) -> list[tuple[int, Any]]:
    """Send requests over several connections concurrently; return the status and body of each, in no order."""
    waiting = iter(requests)
    answers: list[tuple[int, Any]] = []

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(*place(url))
        try:
            for request in waiting:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                answers.append((int(head.split(b" ", 2)[1]), json.loads(await reader.readexactly(length))))
        finally:
            writer.close()

    await asyncio.gather(*(ask() for _ in range(min(_CONNECTIONS, len(requests)))))
    return answers


# --- in the process that is measured ----------------------------------------------------------------------------------


async def _serve(path: str) -> None:
    loop = asyncio.get_running_loop()
    async with EmbeddedServer(path=path or None) as server:
        _write({"port": URL(server.base_url).port})
        questions = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
        async for _ in questions:
            _write({"kib": _resident()})


def _resident() -> int:
    """Return the resident set of this process, in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def _write(answer: dict[str, Any]) -> None:
    say(json.dumps(answer))


def main() -> None:
    """Measure and print; with `--serve`, be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick form: fewer requests, 1,000 conversations")
    parser.add_argument("--serve", metavar="PATH", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        asyncio.run(_serve(options.serve))
    else:
        say(render(measure(short=options.short)))


if __name__ == "__main__":
    main()
