"""Which clients tell the stories, and how."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

from tests.foreign.transcript import comparable
from tools.foreign.clients import NODE, PYTHON, Client

__all__ = ["CLIENTS", "STORIES", "recorded", "tell"]

HERE: Final = Path(__file__).parent
CLIENTS: Final[dict[str, tuple[Client, Path, tuple[str, ...]]]] = {
    "python-sync": (PYTHON, HERE / "story.py", ("sync",)),
    "python-httpx": (PYTHON, HERE / "story.py", ("httpx",)),
    "python-aiohttp": (PYTHON, HERE / "story.py", ("aiohttp",)),
    "typescript": (NODE, HERE / "story.mjs", ()),
}
"""What each is installed as, its program, and how the program is told which client to be."""
STORIES: Final = ("memory", "talk", "tools", "key")


def recorded(story: str) -> Path:
    """Return the file with what a real server was seen to answer."""
    return HERE.parent / "recorded" / f"foreign-{story}.jsonl"


def tell(name: str, story: str, base_url: str, *key: str) -> list[str]:
    """Have a client tell a story of a server; give what can be compared of it, a line a step."""
    client, program, kind = CLIENTS[name]
    return comparable(client.run_program(program, *kind, story, f"foreign-{uuid.uuid4()}", base_url, *key))
