"""Fixtures of the fault tests; each test also checks that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from tests.waiting import eventually

from .driver import DRIVERS, Driver
from .secrets import assert_not_told
from .server import FarSide, Server
from .tls import CONTEXTS

_LOOP = os.environ.get("LETTA_TEST_LOOP", "asyncio")
"""Event loop that the clients run on: `asyncio` or `uvloop`."""


def _new_loop() -> asyncio.AbstractEventLoop:
    if _LOOP == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.SelectorEventLoop()


@pytest.fixture(scope="session", autouse=True)
def warmed_up() -> None:
    """Create what lasts for the session, such as the loop's descriptors, and freeze it for the garbage collector."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(asyncio.sleep(0))
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def far_side() -> Iterator[FarSide]:
    side = FarSide()
    yield side
    side.end()


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Run a coroutine on a loop of the chosen kind; check that no task is left when it ends."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        yield runner.run
        assert not asyncio.all_tasks(runner.get_loop())


_LOGGERS: Final = ("asyncio", "aiohttp", "aiohttp.client", "aiohttp.internal", "letta_async")


class _Journal(logging.Filter):
    """Filter that stores records as text, and drops those of other libraries; records would keep objects alive."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.errors: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        line = f"{record.getMessage()} {record.__dict__!r}"
        self.lines.append(line)
        if record.levelno >= logging.ERROR:
            self.errors.append(line)
        return record.name == "letta_async"


@pytest.fixture
def journal() -> Iterator[_Journal]:
    """Return all that the package and its libraries log, at every level."""
    journal = _Journal()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addFilter(journal)
    yield journal
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
        logger.removeFilter(journal)


@pytest.fixture(autouse=True)
def nothing_left_behind(far_side: FarSide, journal: _Journal) -> Iterator[None]:
    before = _descriptors()
    yield
    gc.collect()  # what was dropped without being closed warns here, and a warning is an error
    gc.freeze()  # what is left now need not be looked at again
    assert eventually(lambda: _descriptors() <= before), f"descriptors left: {_descriptors() - before}"
    assert_not_told(*journal.lines)
    assert not journal.errors


def _descriptors() -> set[str]:
    """Return the open file descriptors with their targets; empty if the system does not list them."""
    found: set[str] = set()
    for link in Path("/proc/self/fd").glob("*"):
        try:
            found.add(f"{link.name} {link.readlink()}")
        except OSError:
            continue
    return found


@pytest.fixture
def serve(far_side: FarSide) -> Iterator[Callable[..., Server]]:
    """Start servers; check at the end that the clients have closed every connection."""
    servers: list[Server] = []
    with ExitStack() as stack:

        def start(tls: str | None = None) -> Server:
            context = None if tls is None else CONTEXTS[tls]()
            servers.append(stack.enter_context(far_side.server(context)))
            return servers[-1]

        yield start
        for server in servers:
            assert server.all_closed()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture(params=list(DRIVERS))
def drive(request: pytest.FixtureRequest, serve: Callable[..., Server]) -> Iterator[Callable[..., Driver]]:
    """Create a driver of a client for a URL; parametrized by both clients."""
    drivers: list[Driver] = []

    def make(url: str, **options: Any) -> Driver:
        drivers.append(DRIVERS[request.param](url, _new_loop, **options))
        return drivers[-1]

    yield make
    for driver in drivers:
        left = [] if driver.lingers else driver.left_behind()
        driver.close()
        assert not left
