"""Tests of the command line on the server under test: conversations that are stale after an edit, and a watch."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.contract.conftest import Make
from tests.contract.wire import Http

AT_ONCE = 4
"""Maximum number of requests that the test itself has in flight."""


async def command(base_url: str, *arguments: str, stdin: str = "") -> tuple[int, list[dict[str, Any]], str]:
    """Run a command as a process; return its exit code, its rows and its standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "letta_async", *arguments, "--base-url", base_url, "--output", "jsonl"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, [json.loads(line) for line in stdout.splitlines()], stderr.decode()


def with_status(rows: Iterable[dict[str, Any]], status: str) -> set[str]:
    return {row["conversation_id"] for row in rows if row["status"] == status}


async def test_exactly_the_stale_conversations_are_found_and_recompiled(
    base_url: str, http: Http, make_agent: Make, make_block: Make, make_conversation: Make
) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def talk(agent: dict[str, Any], count: int) -> list[str]:
        async def begin() -> str:
            async with room:
                return str((await make_conversation(agent["id"]))["id"])

        return await asyncio.gather(*(begin() for _ in range(count)))

    async def prompts() -> dict[str, str]:
        async def read(conversation_id: str) -> str:
            async with room:
                return await http.prompt(conversation_id)

        return dict(zip(everything, await asyncio.gather(*map(read, everything)), strict=True))

    block = await make_block(label="project", value="The release is on Friday.")
    sharing = [await make_agent(name=f"sharing-{number}", block_ids=[block["id"]]) for number in range(3)]
    alone = await make_agent(name="alone", memory_blocks=[{"label": "human", "value": "Ada"}])
    stale = {each for agent in sharing for each in await talk(agent, 9)}
    unshared = set(await talk(alone, 10))
    assert (await http.patch(f"/v1/blocks/{block['id']}", {"value": "The release is on Monday."})).status == 200
    current = {each for agent in sharing for each in await talk(agent, 1)}
    everything = sorted(stale | current | unshared)
    assert len(everything) == 40
    before = await prompts()

    code, rows, said = await command(base_url, "status", "-", stdin="\n".join(everything))
    assert code == 1
    assert said.startswith(
        "40 conversations: 27 stale, 13 current. Recompiling 27 stale conversations makes models read "
    )
    assert with_status(rows, "stale") == stale

    code, rows, _ = await command(base_url, "status", "--agent", alone["id"])
    assert (code, with_status(rows, "current")) == (0, unshared)
    assert await prompts() == before  # asking changes nothing

    recompile = ("recompile", "--block", block["id"], "--only-stale", "--yes")
    code, rows, said = await command(base_url, *recompile)
    assert code == 0, said
    assert with_status(rows, "recompiled") == stale
    assert with_status(rows, "unchanged") == current
    after = await prompts()
    assert {each for each in everything if after[each] != before[each]} == stale
    assert all("Monday" in after[each] and "Friday" not in after[each] for each in stale)

    code, rows, said = await command(base_url, "status", "--block", block["id"])
    assert (code, said) == (0, "30 conversations: 0 stale, 30 current.\n")
    assert with_status(rows, "current") == stale | current

    code, rows, _ = await command(base_url, *recompile)
    assert (code, with_status(rows, "unchanged")) == (0, stale | current)
    assert await prompts() == after


async def test_a_watch_recompiles_what_becomes_stale_and_ends_cleanly(
    base_url: str, http: Http, make_agent: Make, make_block: Make, make_conversation: Make, tmp_path: Path
) -> None:
    block = await make_block(label="project", value="The release is on Friday.")
    agents = [(await make_agent(name=f"watched-{number}", block_ids=[block["id"]]))["id"] for number in range(2)]
    conversations = {str((await make_conversation(agent))["id"]) for agent in agents for _ in range(2)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "letta_async", "watch", "--block", block["id"], "--every", "1s", "--json", "-v"),
        *("--state", str(tmp_path / "state"), "--base-url", base_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        while b"INFO scan: " not in await process.stderr.readline():
            pass
        assert (await http.patch(f"/v1/blocks/{block['id']}", {"value": "The release is on Monday."})).status == 200
        recompiled: set[str] = set()
        async with asyncio.timeout(60):
            while not conversations <= recompiled:
                row = json.loads(await process.stdout.readline())
                assert row["status"] == "recompiled"
                recompiled.add(row["conversation_id"])
        for each in conversations:
            assert "The release is on Monday." in await http.prompt(each)
        process.send_signal(signal.SIGTERM)
        rest, said = await process.communicate()
        assert (process.returncode, rest) == (143, b"")
        assert b" 0 failed, 0 pending." in said
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
