"""pytest plugin: fixtures of an embedded server, its clients and their calls, for tests of code that uses Letta.

pytest loads this module in every run in an environment that has the extra `testing`, so it imports nothing but pytest:
the package is imported when a test asks for one of the fixtures.

`letta_server`
    An `EmbeddedServer` for one test, which runs on its own thread.
`letta_model`
    The model of its agents, which replies as the test says.
`letta_client`
    A `Letta` connected to it.
`async_letta_client`
    An `AsyncLetta` connected to it, for tests that pytest-asyncio (in either mode) or anyio (on asyncio) runs.
`letta_calls`
    The calls of all clients that are made in the test or in its fixtures.

A `letta_server` fixture of your own, in a conftest.py, replaces this one; the clients connect to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from letta_async import AsyncLetta, Letta
    from letta_async.testing import EmbeddedServer, Model, RecordedCalls

__all__ = ["async_letta_client", "letta_calls", "letta_client", "letta_model", "letta_server"]

_BY_ANYIO: Final = "_async_letta_client_by_anyio"
_BY_ASYNCIO: Final = "_async_letta_client_by_asyncio"


@pytest.fixture
def letta_server() -> Iterator[EmbeddedServer]:
    """Start an embedded server for this test alone; its data is in memory."""
    from letta_async.testing import EmbeddedServer  # noqa: PLC0415 - only if it is used

    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def letta_model(letta_server: EmbeddedServer) -> Model:
    """Return the model of the agents of `letta_server`."""
    return letta_server.model


@pytest.fixture
def letta_calls() -> Iterator[RecordedCalls]:
    """Record the calls of all clients that are made in this test, or in a fixture of it."""
    from letta_async.testing import record_calls  # noqa: PLC0415 - only if it is used

    with record_calls() as calls:
        yield calls


@pytest.fixture
def letta_client(letta_server: EmbeddedServer) -> Iterator[Letta]:
    """Return a client of `letta_server`."""
    from letta_async import Letta  # noqa: PLC0415 - only if it is used

    with Letta(base_url=letta_server.base_url, api_key=letta_server.password) as client:
        yield client


@pytest.fixture
def async_letta_client(request: pytest.FixtureRequest) -> AsyncLetta:
    """Return an async client of `letta_server`, closed on the loop that the test runs on."""
    if "anyio_backend" in request.fixturenames:
        name = _BY_ANYIO
    elif request.config.pluginmanager.hasplugin("asyncio"):
        name = _BY_ASYNCIO
    else:
        pytest.fail("async_letta_client is for async tests, which pytest-asyncio or anyio runs", pytrace=False)
    client: AsyncLetta = request.getfixturevalue(name)
    return client


def pytest_itemcollected(item: pytest.Item) -> None:
    """Set `letta_calls` up before all other fixtures of a test, which may make clients."""
    names: list[str] = getattr(item, "fixturenames", [])
    if "letta_calls" in names:
        names.remove("letta_calls")
        names.insert(0, "letta_calls")


def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures behind `async_letta_client`: for anyio, and for pytest-asyncio if installed."""
    fixtures = ModuleType("pytest_letta_async.fixtures")
    setattr(fixtures, _BY_ANYIO, pytest.fixture(name=_BY_ANYIO)(_make_fixture_function()))
    if config.pluginmanager.hasplugin("asyncio"):
        import pytest_asyncio  # noqa: PLC0415 - only if it is installed

        setattr(fixtures, _BY_ASYNCIO, pytest_asyncio.fixture(name=_BY_ASYNCIO)(_make_fixture_function()))
    config.pluginmanager.register(fixtures)


def _make_fixture_function() -> Callable[[EmbeddedServer], AsyncIterator[AsyncLetta]]:
    """Return a new fixture function that yields a connected client; each plugin needs its own, which it marks."""

    async def connect(letta_server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
        from letta_async import AsyncLetta  # noqa: PLC0415 - only if it is used

        async with AsyncLetta(base_url=letta_server.base_url, api_key=letta_server.password) as client:
            yield client

    return connect
