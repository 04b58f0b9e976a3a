"""Benchmark of the time before a program's first call: import, creation of a client, and the command line's help.

Every import is that of a process of its own, in turn with that of the four dependencies alone; compiled files are there
already. Clients are made and left alone, or also opened by a first call and closed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import calls
from benchmarks.callgrind import count_instructions
from benchmarks.process import ROOT, Process
from benchmarks.report import Section, Table, Target, at_most, command, without_official
from benchmarks.turns import Meter, Sample, settled, turns
from letta_async import AsyncLetta, Letta

__all__ = ["DEPENDENCIES", "PACKAGE", "USED", "check_instructions", "import_costs", "measure", "needless_modules"]

DEPENDENCIES: Final = "aiohttp, attrs, cattrs, tenacity"
PACKAGE: Final = "letta_async"
USED: Final = "letta_async, its clients and settings"
"""Code that uses both clients and the settings, which the package imports on first use."""
_OFFICIAL: Final = "letta_client"
_CLIENT: Final = "from letta_async import AsyncLetta, CompactionSettings"
"""What most programs import; resources and their operations are imported when they are first used."""
_MOST_INSTRUCTIONS: Final = 1.25
"""Maximum ratio of the instructions of that import to those of importing the four dependencies."""
_HELP: Final = "letta-async --help"
_NEEDLESS: Final = ("letta_async.cli", "letta_async.testing", "rich", "click")
"""Modules that importing the package's root must not import."""
_ONCE: Final = {
    "made, one call, closed": "Letta, opened",
    "made, one call, left to the garbage collector": "Letta, left open",
}
"""Ways to use a client for one call, as programs do that make one for each use."""
_MOST_OF_OFFICIAL: Final = 0.5
"""Maximum ratio of that to the official client's."""
_IMPORT: Final = """import time
cpu, began = time.process_time(), time.perf_counter()
{statement}
print(time.process_time() - cpu, time.perf_counter() - began)"""
_FIRST_CALL: Final = "letta_async, a client and one resource, first call made"
_FIRST_BARE: Final = "aiohttp, attrs, cattrs, tenacity, first call made by aiohttp"
_CALLS: Final = {
    _FIRST_CALL: """import asyncio
from letta_async import AsyncLetta
async def call():
    async with AsyncLetta(base_url={url!r}, api_key="key") as client:
        await client.conversations.recompile({conversation!r})
asyncio.run(call())""",
    _FIRST_BARE: """import asyncio, json
import aiohttp, attrs, cattrs, tenacity
async def call():
    async with aiohttp.ClientSession() as session:
        async with session.post({url!r} + "/v1/conversations/{conversation}/recompile") as response:
            json.loads(await response.read())
asyncio.run(call())""",
}
"""Programs that make one call."""
_STATEMENTS: Final = {USED: "from letta_async import AsyncLetta, CompactionSettings, Letta, OpenAIModelSettings"}
_LIST: Final = "import json, sys, letta_async; print(json.dumps(sorted(sys.modules)))"
_URL: Final = "https://letta.example"

Make = Callable[[str], Any]


def measure(*, short: bool = False) -> Section:
    """Measure imports, the help, and clients."""
    rounds = 3 if short else 15
    official = calls.official() if calls.has(_OFFICIAL) else None
    imports = import_costs(rounds, (_OFFICIAL,) if official else ())
    for _ in range(rounds):
        _run_help(imports)
    first = _first_calls(rounds)
    clients = asyncio.run(_clients(official, rounds, 4 if short else 8))
    needless = needless_modules()
    seconds = imports.median(_HELP, "time") / 1e3
    return Section(
        "Imports and clients",
        f"Medians of {rounds} rounds, in turn. An import is that in a process of its own, without what the interpreter"
        " takes to start; the help is a whole process. A client that is made is left alone; one that is opened also"
        " makes its session and a first call to the stub, and is closed. aiohttp loads the certificates once a process,"
        " when it is imported; the official client loads them for each client.",
        [
            at_most(
                "CPU of the import, to that of its four dependencies", 1.1, imports.ratio(PACKAGE, DEPENDENCIES, "cpu")
            ),
            check_instructions(),
            at_most(
                "CPU of importing a client and making a first call, to aiohttp's with the four dependencies",
                _MOST_INSTRUCTIONS,
                first.ratio(_FIRST_CALL, _FIRST_BARE, "cpu"),
            ),
            Target(f"`{_HELP}`, wall clock", "at most 0.5 s", f"{seconds:.2f} s", seconds <= 0.5),
            Target(f"{', '.join(_NEEDLESS)} imported by the root", "none", ", ".join(needless) or "none", not needless),
            *(
                Target(f"CPU of making `{name}`", "less than 1 ms", f"{made:.3f} ms", made < 1)
                for name in ("AsyncLetta", "Letta")
                for made in [clients.median(f"letta_async.{name}", "cpu")]
            ),
            *_beside_official(clients),
        ],
        [
            _table("Imports", imports, DEPENDENCIES, digits=0),
            _table("Import and first call", first, _FIRST_BARE, digits=0),
            _table("Making a client", clients, "letta_async.AsyncLetta", digits=3),
        ],
    )


def import_costs(rounds: int, others: Sequence[str] = ()) -> Meter:
    """Measure imports: of the package, of what most programs use of it, of its dependencies, and of other modules."""
    names = [DEPENDENCIES, PACKAGE, USED, *others]
    meter = Meter(samples={name: [] for name in names})
    for name in names:
        _import(name)  # compiled files are written
    for name in turns(names, rounds):
        meter.samples[name].append(_import(name))
    return meter


def _first_calls(rounds: int) -> Meter:
    """Measure programs that import what they need and make one call."""
    meter = Meter(samples={name: [] for name in _CALLS})
    with Process("stub") as stub:
        programs = {
            name: _IMPORT.format(statement=text.format(url=stub.url, conversation=calls.CONVERSATION))
            for name, text in _CALLS.items()
        }
        for name in (*programs, *turns(list(programs), rounds)):
            meter.samples[name].append(_sample(programs[name]))
    for samples in meter.samples.values():
        del samples[0]  # compiled files were written
    return meter


def check_instructions() -> Target:
    """Count the instructions of importing a client and settings against those of importing the four dependencies.

    Unlike processor time, the ratio is the same on a busy machine.
    """
    what = f"instructions of `{_CLIENT}`, to importing the four dependencies"
    goal = f"at most {_MOST_INSTRUCTIONS:g}"
    statements = (f"import {DEPENDENCIES}", _CLIENT)
    for statement in statements:
        _output("-c", statement)  # compiled files are written
    counted = count_instructions([("-c", statement) for statement in statements])
    if counted is None:
        return Target(what, goal, "not counted: valgrind is missing", None)
    ratio = counted[1] / counted[0]
    return Target(what, goal, f"{ratio:.2f}", ratio <= _MOST_INSTRUCTIONS)


def needless_modules() -> list[str]:
    """Return the modules of `_NEEDLESS` that importing the root imports."""
    modules = json.loads(_output("-c", _LIST))
    return [name for name in _NEEDLESS if name in modules]


def _import(name: str) -> Sample:
    statement = _STATEMENTS.get(name, f"import {name}")
    return _sample(_IMPORT.format(statement=statement))


def _sample(program: str) -> Sample:
    cpu, seconds = map(float, _output("-c", program).split())
    return Sample(seconds * 1e3, cpu * 1e3, 0)


def _output(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    return done.stdout


def _run_help(meter: Meter) -> None:
    script = Path(sys.executable).with_name("letta-async")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "letta_async"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--help"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    meter.samples.setdefault(_HELP, []).append(Sample((ended - began) * 1e3, cpu * 1e3, 0))


async def _clients(official: Any, rounds: int, count: int) -> Meter:
    """Create and open clients, a number of them per turn."""
    makes: dict[str, Make] = {
        "letta_async.AsyncLetta": lambda url: AsyncLetta(base_url=url, api_key="key"),
        "letta_async.Letta": lambda url: Letta(base_url=url, api_key="key"),
    }
    if official:
        http_client = official.DefaultAioHttpClient
        makes |= {
            "letta_client.AsyncLetta": lambda url: official.AsyncLetta(base_url=url, api_key="key"),
            "letta_client.AsyncLetta, aiohttp": lambda url: official.AsyncLetta(
                base_url=url, api_key="key", http_client=http_client()
            ),
            "letta_client.Letta": lambda url: official.Letta(base_url=url, api_key="key"),
        }
    meter = Meter(samples={kind: [] for name in makes for kind in (name, f"{name}, opened")})
    meter.samples |= {f"{name}, left open": [] for name in makes if name.endswith(".Letta")}
    with Process("stub") as stub:
        for make in makes.values():
            await _open(make(stub.url))  # what is imported and made once a process
        with settled():
            for name in turns(list(makes), rounds):
                await _open(makes[name](stub.url))  # meets what the clients before it left in caches
                with meter.turn(name, count):
                    clients = [makes[name](_URL) for _ in range(count)]
                while clients:  # gone before the next turn, which would else pay for it
                    await _finished(clients.pop().close())
                with meter.turn(f"{name}, opened", count):
                    for _ in range(count):
                        await _open(makes[name](stub.url))
                if name.endswith(".Letta"):
                    with meter.turn(f"{name}, left open", count):
                        for _ in range(count):
                            makes[name](stub.url).conversations.recompile(calls.CONVERSATION)
                        gc.collect()
    return meter


async def _open(client: Any) -> None:
    await _finished(client.conversations.recompile(calls.CONVERSATION))
    await _finished(client.close())


async def _finished(result: object) -> None:
    """Await the result of an async client; a sync one's is complete."""
    if isinstance(result, Awaitable):
        await result


def _beside_official(clients: Meter) -> list[Target]:
    """Return the targets about a client that is made for one sync call."""
    found: list[Target] = []
    for what, form in _ONCE.items():
        name, ours, theirs = f"`Letta` {what}, to letta-client's: CPU", f"letta_async.{form}", f"letta_client.{form}"
        if theirs in clients.samples:
            found.append(at_most(name, _MOST_OF_OFFICIAL, clients.ratio(ours, theirs, "cpu")))
        else:
            found.append(without_official(name, f"at most {_MOST_OF_OFFICIAL:g}"))
    return found


def _table(caption: str, meter: Meter, base: str, *, digits: int) -> Table:
    rows: list[list[str]] = []
    for name in meter.samples:
        ratio = "1" if name == base else meter.ratio(name, base, "cpu").show()
        rows.append([f"`{name}`", *(f"{meter.median(name, what):.{digits}f}" for what in ("cpu", "time")), ratio])
    return Table(caption, ("what", "CPU, ms", "wall clock, ms", "CPU, ratio to the first"), rows)


if __name__ == "__main__":
    command(__doc__, measure)
