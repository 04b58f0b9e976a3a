"""Run every Python block of README and docs, and every command there, against an embedded server."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from letta_async import Letta
from letta_async.testing import EmbeddedServer
from tests.cli.documents import ConsoleBlockParser, ScriptBlockParser, WorkflowBlockParser
from tests.docs.notebook import NotebookParser
from tests.docs.picture import PICTURE


@pytest.fixture(scope="session")
def documented_server() -> Iterator[dict[str, Any]]:
    """Return what the documents take for granted: a server, an agent with a memory block, some conversations."""
    with EmbeddedServer() as server:
        with Letta(base_url=server.base_url) as client:
            agent_id, block_id, made = _prepare(client)
        yield {
            "base_url": server.base_url,
            "agent_id": agent_id,
            "block_id": block_id,
            "conversation_id": made[0],
            "conversation_ids": made,
        }


def _prepare(client: Letta) -> tuple[str, str, list[str]]:
    """Create the agent and the conversations; return its ID, its block's and theirs."""
    agent = client.agents.create(
        name="assistant",
        model="letta/letta-free",
        embedding="letta/letta-free",
        memory_blocks=[{"label": "human", "value": "Ada lives in London."}],
    )
    conversations = [client.conversations.create(agent_id=agent.id).id for _ in range(3)]
    return agent.id, (agent.blocks or [])[0].id, conversations


@pytest.fixture
def documented(documented_server: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point the environment at the server, as a reader would have done; set logging back afterwards."""
    monkeypatch.setenv("LETTA_BASE_URL", documented_server["base_url"])
    monkeypatch.delenv("LETTA_API_KEY", raising=False)
    loggers = [logging.getLogger(name) for name in (None, "letta_async")]
    before = [(logger, logger.level, [*logger.handlers]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def agent_id(documented_server: dict[str, Any]) -> str:
    """Return the id of an agent."""
    return documented_server["agent_id"]


@pytest.fixture
def block_id(documented_server: dict[str, Any]) -> str:
    """Return the id of that agent's memory block."""
    return documented_server["block_id"]


@pytest.fixture
def conversation_id(documented_server: dict[str, Any]) -> str:
    """Return the id of a conversation."""
    return documented_server["conversation_ids"][0]


@pytest.fixture
def conversation_ids(documented_server: dict[str, Any]) -> list[str]:
    """Return the ids of several conversations."""
    return documented_server["conversation_ids"]


@pytest.fixture
def has_celery() -> bool:
    """Return whether Celery is installed."""
    return find_spec("celery") is not None


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of an image file."""
    path = tmp_path_factory.mktemp("picture") / "picture.png"
    path.write_bytes(PICTURE)
    return str(path)


@pytest.fixture(scope="session")
def notebook_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return the event loop of a notebook's kernel, which lasts from cell to cell."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def console_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder where commands find their files."""
    return str(tmp_path_factory.mktemp("console"))


_IDS = ["agent_id", "block_id", "conversation_id", "conversation_ids"]
_FIXTURES = ["documented", *_IDS, "picture", "has_celery", "console_folder"]
_NOTEBOOKS = "docs/how-to/notebooks.md"

_documents = Sybil(
    parsers=[PythonCodeBlockParser(), ConsoleBlockParser(), ScriptBlockParser(), WorkflowBlockParser(), SkipParser()],
    patterns=["README.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md"],
    excludes=[_NOTEBOOKS] if find_spec("distributed") else [_NOTEBOOKS, "docs/dask.md"],
    fixtures=_FIXTURES,
)
_notebooks = Sybil(parsers=[NotebookParser()], patterns=[_NOTEBOOKS], fixtures=[*_FIXTURES, "notebook_loop"])

pytest_collect_file = (_documents + _notebooks).pytest()

_SLOW = (
    "tests/facade/",  # before the documents, whose clients may stay open
    "docs/",
    "README.md",
    "tests/cli/",
    "tests/browser/",
    "tests/dask/",
    "tests/foreign/",
    "tests/benchmarks/",
    "tests/mutants/",
    "tests/faults/",
)


def pytest_configure() -> None:
    """Heed Ctrl-C, which a shell ignores for jobs in the background: the programs that tests start inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run last, folder by folder, what takes long."""
    items.sort(key=lambda item: next((place for place, folder in enumerate(_SLOW, 1) if folder in item.nodeid), 0))
