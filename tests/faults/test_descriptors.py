"""Test of row 6: a program with a low limit on open files completes a large batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from .scripts import takes
from .server import PROMPT, Server

_FEW: Final = 64
"""Limit on open files, including those of the loop and libraries."""
_MANY: Final = 600

_PROGRAM: Final = f"""
    import asyncio, json, resource, sys
    import letta_async

    TARGETS = [f"conv-00000000-0000-4000-8000-{{n:012}}" for n in range({_MANY})]
    resource.setrlimit(resource.RLIMIT_NOFILE, ({_FEW}, {_FEW}))
    client = getattr(letta_async, sys.argv[1])(base_url=sys.argv[2], **json.loads(sys.argv[3]))

    async def run():
        async with client:
            return [outcome async for outcome in client.conversations.recompile_many(TARGETS, journal="journal")]

    def run_synchronously():
        with client:
            return list(client.conversations.recompile_many(TARGETS, journal="journal"))

    outcomes = run_synchronously() if sys.argv[1] == "Letta" else asyncio.run(run())
    print(json.dumps([[o.target, o.status, o.prompt, o.tries, str(o.error)] for o in outcomes]))
"""


@pytest.mark.parametrize("client", ["AsyncLetta", "Letta"])
@pytest.mark.parametrize(
    "options", [{}, {"concurrency": 200}, {"max_retries": 0}], ids=["default", "fixed", "no-retry"]
)
def test_a_batch_is_right_to_the_last_target_whatever_may_be_open(
    client: str, options: dict[str, Any], server: Server, tmp_path: Path
) -> None:
    server.follow(takes(0.1))
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(_PROGRAM), client, server.url, json.dumps(options)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    outcomes = json.loads(ended.stdout)
    assert Counter((status, prompt) for _, status, prompt, _, _ in outcomes) == {("recompiled", PROMPT): _MANY}
    assert len({target for target, *_ in outcomes}) == _MANY
    assert sum(tries for *_, tries, _ in outcomes) > _MANY, "no descriptor was wanting"
    assert server.most_at_once < _FEW
    assert len(server.requests) == _MANY
