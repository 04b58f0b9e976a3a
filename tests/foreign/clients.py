"""Which clients tell the stories, and how."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

from tests.foreign.transcript import comparable
from tools.foreign.clients import NODE, PYTHON, Client

__all__ = ["CLIENTS", "NEED_A_MODEL", "STORIES", "recorded", "tell"]

HERE: Final = Path(__file__).parent
CLIENTS: Final[dict[str, tuple[Client, str, tuple[str, ...]]]] = {
    "python-sync": (PYTHON, ".py", ("sync",)),
    "python-httpx": (PYTHON, ".py", ("httpx",)),
    "python-aiohttp": (PYTHON, ".py", ("aiohttp",)),
    "typescript": (NODE, ".mjs", ()),
}
"""What each is installed as, the suffix of its programs, and how a program is told which client to be."""
STORIES: Final = {
    "memory": "story",
    "talk": "story",
    "tools": "story",
    "key": "story",
    "folders": "stored",
    "passages": "stored",
}
"""The program that tells each."""
NEED_A_MODEL: Final = frozenset({"talk", "folders", "passages"})
"""Those for servers with the models of `tools.real_server run --model`."""


def recorded(story: str) -> Path:
    """Return the file with what a real server was seen to answer."""
    return HERE.parent / "recorded" / f"foreign-{story}.jsonl"


def tell(name: str, story: str, base_url: str, *key: str) -> list[str]:
    """Have a client tell a story of a server; give what can be compared of it, a line a step."""
    client, suffix, kind = CLIENTS[name]
    program = HERE / f"{STORIES[story]}{suffix}"
    return comparable(client.run_program(program, *kind, story, f"foreign-{uuid.uuid4()}", base_url, *key))
