"""Benchmark of uploading a file of 100 MB, beside aiohttp that is given the open file.

The server, in a process of its own, reads each request to its end and keeps nothing of it. Memory is the peak of a
process of its own, which uploads a small file and then the large one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

import aiohttp

from benchmarks.memory import peak_kib
from benchmarks.process import Process, run_child, serve
from benchmarks.report import Section, Spread, Table, Target, at_most, render, say
from benchmarks.turns import Meter, settled, turns
from letta_async import AsyncLetta

__all__ = ["BARE", "OURS", "measure"]

BARE: Final = "bare aiohttp, an open file"
OURS: Final = "letta_async, a path"
OURS_OPEN: Final = "letta_async, an open file"
_SIZE: Final = 100_000_000
_SMALL: Final = 1_000_000
_MOST: Final = 1.1
_MOST_MEMORY: Final = 8.0
"""Maximum growth of the process by a large file, in MiB."""
_FOLDER: Final = "source-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
_FILE: Final = {"id": "file-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e", "source_id": _FOLDER, "file_name": "large.txt"}

Upload = Callable[[Path], Awaitable[object]]


def ways() -> Mapping[str, Callable[[str], AbstractAsyncContextManager[Upload]]]:
    """Return the ways to upload a file."""
    return {BARE: _bare, OURS: _ours, OURS_OPEN: _ours_open}


@asynccontextmanager
async def _bare(url: str) -> AsyncGenerator[Upload, None]:
    target = f"{url}/v1/folders/{_FOLDER}/upload"
    async with aiohttp.ClientSession() as session:

        async def upload(path: Path) -> object:
            with path.open("rb") as file:
                form = aiohttp.FormData()
                form.add_field("file", file, filename=path.name, content_type="text/plain")
                async with session.post(target, data=form) as response:
                    return json.loads(await response.read())

        yield upload


@asynccontextmanager
async def _ours(url: str) -> AsyncGenerator[Upload, None]:
    async with AsyncLetta(base_url=url, api_key="key") as client:
        yield lambda path: client.folders.files.upload(_FOLDER, file=path)


@asynccontextmanager
async def _ours_open(url: str) -> AsyncGenerator[Upload, None]:
    async with AsyncLetta(base_url=url, api_key="key") as client:

        async def upload(path: Path) -> object:
            with path.open("rb") as file:
                return await client.folders.files.upload(_FOLDER, file=file)

        yield upload


def measure(*, short: bool = False) -> Section:
    """Measure processor time and duration in turn, then the memory of each way."""
    size, rounds, repeats = (20_000_000, 3, 1) if short else (_SIZE, 11, 3)
    with tempfile.TemporaryDirectory() as folder, Process("uploads", "--serve") as server:
        large, small = _file(Path(folder) / "large.txt", size), _file(Path(folder) / "small.txt", _SMALL)
        meter = asyncio.run(_costs(server, large, size, rounds))
        grown = {name: Spread.of([_growth(name, server.url, small, large) for _ in range(repeats)]) for name in ways()}
    what = f"uploading {size // 1_000_000} MB, to bare aiohttp"
    return Section(
        "Uploads",
        f"A file of {size:,} bytes, as a form; {rounds} rounds, in turn, to a server that reads it and keeps nothing."
        " The system has the file in its cache. Memory is what the peak of a process of its own grows by, from an"
        " upload of 1 MB to one of the whole file.",
        [
            at_most(f"{what}: CPU", _MOST, meter.ratio(OURS, BARE, "cpu")),
            at_most(f"{what}: time", _MOST, meter.ratio(OURS, BARE, "time")),
            Target(
                f"uploading {size // 1_000_000} MB: memory",
                f"at most {_MOST_MEMORY:g} MiB more",
                f"{grown[OURS].median:.1f} MiB more",
                grown[OURS].median <= _MOST_MEMORY,
            ),
        ],
        [
            Table(
                "",
                ("way", "CPU, ms", "time, ms", "CPU, ratio", "time, ratio", "memory, MiB more"),
                [
                    [
                        name,
                        f"{meter.median(name, 'cpu'):.0f}",
                        f"{meter.median(name, 'time'):.0f}",
                        meter.ratio(name, BARE, "cpu").show(),
                        meter.ratio(name, BARE, "time").show(),
                        grown[name].show(1),
                    ]
                    for name in meter.samples
                ],
            )
        ],
    )


def _file(path: Path, size: int) -> Path:
    line = b"What an agent should know of the papers, a line of 64 characters\n"
    path.write_bytes((line * (size // len(line) + 1))[:size])
    return path


async def _costs(server: Process, path: Path, size: int, rounds: int) -> Meter:
    meter = Meter(server)
    async with AsyncExitStack() as stack:
        uploads = {name: await stack.enter_async_context(way(server.url)) for name, way in ways().items()}
        meter.samples = {name: [] for name in uploads}
        for upload in uploads.values():
            await upload(path)
        with settled():
            for name in turns(list(uploads), rounds):
                with meter.turn(name, 1):
                    await uploads[name](path)
    received = server.report()["bytes"]
    least = size * len(uploads) * (rounds + 1)
    if received < least:
        raise AssertionError(f"the server received {received} bytes instead of {least}")
    return meter


# --- memory, in a process of its own ----------------------------------------------------------------------------------


def _growth(name: str, url: str, small: Path, large: Path) -> float:
    """Return by how many MiB a large upload raises the peak of a process."""
    return float(run_child("uploads", name, url, small, large))


async def _child(name: str, url: str, small: Path, large: Path) -> float:
    async with ways()[name](url) as upload:
        for _ in range(3):
            await upload(small)
        before = peak_kib()
        await upload(large)
        return (peak_kib() - before) / 1024


# --- the server -------------------------------------------------------------------------------------------------------


class _Sink(asyncio.Protocol):
    """Connection that counts what it receives, and responds at the end of each request."""

    received = 0

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        _Sink.received += len(data)
        if not self._left:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            self._left = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        self._left -= len(data)
        if not self._left:
            body = json.dumps(_FILE).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            self._transport.write(head + body)


def _report() -> dict[str, Any]:
    received, _Sink.received = _Sink.received, 0
    return {"bytes": received}


def main() -> None:
    """Measure and print; with `--serve`, be the server, with `--child`, be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick form: 20 MB")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=4, metavar=("WAY", "URL", "SMALL", "LARGE"), help=argparse.SUPPRESS)
    options: Any = parser.parse_args()
    if options.serve:
        serve(_Sink, _report)
    elif options.child:
        name, url, small, large = options.child
        say(str(asyncio.run(_child(name, url, Path(small), Path(large)))))
    else:
        say(render(measure(short=options.short)))


if __name__ == "__main__":
    main()
