"""Fixtures for tests of code that uses Letta: a server, and clients of it.

pytest loads this module in every run in an environment that has the extra `testing`, so it imports nothing but pytest:
the package is imported when a test asks for one of the fixtures.

`letta_server`
    An `EmbeddedServer` that the test has to itself, running in a thread of its own.
`letta_model`
    The model of its agents, which says what the test tells it to.
`letta_client`
    A `Letta` connected to it.
`async_letta_client`
    An `AsyncLetta` connected to it, for tests that pytest-asyncio (in either mode) or anyio (on asyncio) runs.

A `letta_server` fixture of your own, in a conftest.py, takes the place of this one; the clients connect to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from letta_async import AsyncLetta, Letta
    from letta_async.testing import EmbeddedServer, Model

__all__ = ["async_letta_client", "letta_client", "letta_model", "letta_server"]

_BY_ANYIO: Final = "_async_letta_client_by_anyio"
_BY_ASYNCIO: Final = "_async_letta_client_by_asyncio"


@pytest.fixture
def letta_server() -> Iterator[EmbeddedServer]:
    """Serve a Letta server in memory, for this test alone."""
    from letta_async.testing import EmbeddedServer  # noqa: PLC0415 - only where it is asked for

    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def letta_model(letta_server: EmbeddedServer) -> Model:
    """Return the model of the agents of `letta_server`."""
    return letta_server.model


@pytest.fixture
def letta_client(letta_server: EmbeddedServer) -> Iterator[Letta]:
    """Return a client of `letta_server`."""
    from letta_async import Letta  # noqa: PLC0415 - only where it is asked for

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


def pytest_configure(config: pytest.Config) -> None:
    """Create the fixtures behind `async_letta_client`, each the way its plugin wants it."""
    behind = ModuleType("pytest_letta_async.behind")
    setattr(behind, _BY_ANYIO, pytest.fixture(name=_BY_ANYIO)(_connecting()))
    if config.pluginmanager.hasplugin("asyncio"):
        import pytest_asyncio  # noqa: PLC0415 - it is loaded already

        setattr(behind, _BY_ASYNCIO, pytest_asyncio.fixture(name=_BY_ASYNCIO)(_connecting()))
    config.pluginmanager.register(behind)


def _connecting() -> Callable[[EmbeddedServer], AsyncIterator[AsyncLetta]]:
    """Return a function of its own to each plugin, since they mark it."""

    async def connect(letta_server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
        from letta_async import AsyncLetta  # noqa: PLC0415 - only where it is asked for

        async with AsyncLetta(base_url=letta_server.base_url, api_key=letta_server.password) as client:
            yield client

    return connect
