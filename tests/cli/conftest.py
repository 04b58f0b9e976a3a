"""Fixtures of the command line: a server with agents and conversations, and commands that use it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from letta_async import Letta
from tests.cli.held import HeldServer
from tests.cli.processes import Done, run_here
from tests.cli.stories import Story, tell

if sys.platform == "win32":
    collect_ignore = ["test_terminal.py", "test_interrupt.py", "test_chat_terminal.py"]

Cli = Callable[..., Done]
Prompts = Callable[[], dict[str, str]]


@pytest.fixture
def server() -> Iterator[HeldServer]:
    with HeldServer() as running:
        yield running
        running.release()


@pytest.fixture
def client(server: HeldServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url) as made:
        yield made


@pytest.fixture
def story(client: Letta) -> Story:
    return tell(client)


@pytest.fixture
def cli(server: HeldServer) -> Cli:
    """Return a function that runs a command against the server, in this process."""
    return partial(run_here, base_url=server.base_url)


@pytest.fixture
def prompts(client: Letta, story: Story) -> Prompts:
    """Return a function that reads the stored prompts of all conversations."""

    def read() -> dict[str, str]:
        return {each: client.conversations.staleness(each).stored for each in story.all}

    return read
