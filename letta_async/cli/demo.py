"""The command `demo`: conversations become stale, are found and recompiled, on an embedded server."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final

from letta_async.cli.exits import Exit
from letta_async.sync import Letta
from letta_async.testing import EmbeddedServer

__all__ = ["demo"]

MODEL: Final = "letta/letta-free"


def demo(run: Callable[[Sequence[str]], int]) -> Exit:
    """Run the demonstration, and return its exit code.

    Args:
        run: Runs a command with the given arguments; returns its exit code.

    """

    def run_shown(*arguments: str) -> None:
        _print(f"$ {shlex.join(['letta-async', *arguments])}")
        code = run(arguments)
        _print(f"(exit code {code})\n")

    with EmbeddedServer() as server, _environment(server.base_url), Letta(base_url=server.base_url) as client:
        _print(f"An embedded server listens at {server.base_url}.")
        block = client.blocks.create(label="project", value="The release is on Friday.")
        conversations: list[str] = []
        for name, shared in (("writer", [block.id]), ("tester", [block.id]), ("gardener", [])):
            agent = client.agents.create(name=name, model=MODEL, embedding=MODEL, block_ids=shared)
            conversations += [client.conversations.create(agent_id=agent.id).id for _ in range(2)]
        _print("Three agents have two conversations each; writer and tester share the memory block 'project'.\n")

        client.blocks.update(block.id, value="The release is on Monday.")
        _print("The block was edited: the release is on Monday now. Which conversations have not heard of it?\n")
        run_shown("status", "--all")
        _print("What would a recompile change in the first of them?\n")
        run_shown("recompile", conversations[0], "--dry-run", "--diff")
        _print("Those are brought up to date, and no others:\n")
        run_shown("recompile", "--block", block.id, "--only-stale", "--yes")
        _print("Nothing is stale any more:\n")
        run_shown("status", "--all")
    return Exit.DONE


def _print(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


@contextmanager
def _environment(base_url: str) -> Generator[None, None, None]:
    """Set the environment so that commands use this server, and send it no API key of the user's."""
    before = dict(os.environ)
    os.environ["LETTA_BASE_URL"] = base_url
    for name in ("LETTA_API_KEY", "LETTA_CUSTOM_HEADERS"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
