"""State of a watch: its file, its lock, and what happens when either is lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from letta_async import (
    AsyncLetta,
    InvalidArgumentError,
    LettaError,
    Outcome,
    Scan,
    WatchLockedError,
    WatchStateError,
)
from letta_async.testing import EmbeddedServer
from letta_async.watching.state_file import StateFile
from tests.watching.opened_files import HEADER, left_open, opened
from tests.watching.simulated import Time, watching_client

__all__ = ["left_open"]


@pytest.fixture
async def client(server: EmbeddedServer, time: Time) -> AsyncIterator[AsyncLetta]:
    async with watching_client(server.base_url, time) as client:
        yield client


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state")


async def new_agent(client: AsyncLetta) -> str:
    agent = await client.agents.create(model="letta/letta-free", memory_blocks=[{"label": "human", "value": "Ada"}])
    await client.conversations.create(agent_id=agent.id)
    assert agent.blocks is not None
    return agent.blocks[0].id


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_file_is_private_and_has_no_text(path: str) -> None:
    file = opened(path)
    file.acquire(1)
    for each in Path(path).parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    file.close()
    assert [each.name for each in Path(path).parent.iterdir()] == ["state"]


def test_changes_and_pending_targets_are_kept(path: str) -> None:
    file = opened(path)
    file.acquire(1)
    file.add_change("agent-1", "print", [("agent-1", False), ("conv-1", False), ("conv-2", True)], 2)
    file.delay_pending("conv-1", 50, 3)
    file.close()
    file = opened(path, "another")
    file.acquire(4)
    assert file.changed_agents({"agent-1": "print", "agent-2": "new"}) == ["agent-2"]
    assert [each.target for each in file.read_pending(("", ""), 4, 9, isolated=False)] == ["agent-1"]
    assert [
        (each.target, each.attempts) for each in file.read_pending(("agent-1", "agent-1"), 50, 9, isolated=False)
    ] == [("conv-1", 1)]
    assert [each.target for each in file.read_pending(("", ""), 4, 9, isolated=True)] == ["conv-2"]
    file.add_change("agent-1", "other", [("conv-1", False)], 5)
    assert [(each.target, each.attempts) for each in file.read_pending(("", ""), 5, 9, isolated=False)] == [
        ("agent-1", 0),
        ("conv-1", 0),
    ]
    file.keep_agents(["agent-2"], 6)
    assert (file.count_pending(), file.changed_agents({"agent-1": "other"})) == (0, ["agent-1"])
    file.close()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"server": "http://elsewhere", "scope": "all"}, "server: http://localhost, not http://elsewhere"),
        ({"server": "http://localhost", "scope": "agent_id x"}, "scope: all, not agent_id x"),
        ({**HEADER, "options": "0123"}, r"another watch \(extra_query or extra_body\)"),
    ],
)
def test_a_state_of_another_watch_is_refused(path: str, header: dict[str, str], words: str) -> None:
    opened(path).close()
    with pytest.raises(InvalidArgumentError, match=words):
        StateFile(path, "me", 60).open(header)
    opened(path).close()


def spoil_text(path: str) -> None:
    Path(path).write_text("Ada lives in London. " * 400, encoding="utf-8")


def spoil_foreign(path: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table recipes (name text)")


def spoil_newer(path: str) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("pragma user_version = 99")


def spoil_page(path: str) -> None:
    file = opened(path)
    file.acquire(1)
    file.add_change("agent-1", "print", [(f"conv-{number:05}", False) for number in range(2000)], 2)
    file.close()
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = b"\xff" * 8192
    Path(path).write_bytes(content)


def spoil_directory(path: str) -> None:
    Path(path).mkdir()


def spoil_device(path: str) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_text, "is not a state of watch, or is damaged"),
        (spoil_foreign, "another SQLite database"),
        (spoil_newer, "another version"),
        (spoil_page, "damaged"),
        (spoil_directory, "not a regular file"),
        (spoil_device, "not a regular file"),
    ],
)
def test_what_is_no_state_is_refused_and_left_alone(path: str, spoil: object, words: str) -> None:
    assert callable(spoil)
    spoil(path)
    before = Path(path).read_bytes() if Path(path).is_file() else None
    with pytest.raises(InvalidArgumentError, match=words):
        opened(path)
    assert before is None or Path(path).read_bytes() == before


@pytest.mark.parametrize("name", ["missing/state", "nul\0byte", "x" * 300])
def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="state"):
        opened(f"{tmp_path}/{name}")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full to be there")
def test_a_full_disk_is_an_error_of_the_package(path: str) -> None:
    file = opened(path)
    file.acquire(1)
    file._database.execute("pragma max_page_count = 1")  # pyright: ignore[reportPrivateUsage] - as a full disk
    with pytest.raises(WatchStateError, match="full"):
        file.add_change("agent-1", "print", [(f"conv-{number:05}", False) for number in range(5000)], 2)
    assert file.changed_agents({"agent-1": "print"}) == ["agent-1"]
    assert file.count_pending() == 0
    file.close()


def test_a_file_that_was_removed_is_noticed(path: str) -> None:
    file = opened(path)
    file.acquire(1)
    Path(path).unlink()
    with pytest.raises(WatchStateError, match="removed or replaced"):
        file.renew(2)
    file.close()


# --- the lock ---------------------------------------------------------------------------------------------------------


def test_one_watcher_at_a_time(path: str) -> None:
    first, second = opened(path, "first"), opened(path, "second")
    first.acquire(100)
    with pytest.raises(WatchLockedError, match="first") as refused:
        second.acquire(159.9)
    assert (refused.value.owner, refused.value.until) == ("first", datetime.fromtimestamp(160, UTC))
    first.renew(150)
    with pytest.raises(WatchLockedError):
        second.acquire(209)
    second.acquire(210)  # the lease has expired
    for write in (
        lambda: first.renew(211),
        lambda: first.add_change("agent-1", "print", [("conv-1", False)], 211),
        lambda: first.remove_pending("conv-1", 211),
        lambda: first.delay_pending("conv-1", 300, 211),
    ):
        with pytest.raises(WatchLockedError, match="second"):
            write()
    first.close()  # takes nothing away from the second
    second.renew(212)
    assert second.changed_agents({"agent-1": "print"}) == ["agent-1"]
    second.close()
    third = opened(path, "third")
    third.acquire(213)
    third.close()


def test_a_lease_that_expired_is_renewed_if_nobody_took_the_lock(path: str) -> None:
    first = opened(path, "first")
    first.acquire(100)
    first.renew(5000)
    with pytest.raises(WatchLockedError):
        opened(path, "second").acquire(5001)
    first.close()


async def test_a_second_watch_is_refused_until_the_first_ends(client: AsyncLetta, path: str, time: Time) -> None:
    block = await new_agent(client)
    await client.blocks.update(block, value="Bob")
    first = client.watch(all=True, state=path)
    await anext(first)
    with pytest.raises(WatchLockedError, match=f"process {os.getpid()}") as refused:
        await anext(client.watch(all=True, state=path))
    assert refused.value.until.timestamp() == time.now + 60
    await first.aclose()
    assert [each async for each in client.watch(all=True, once=True, state=path)] == []


async def test_a_standby_takes_over_when_the_lease_of_a_killed_one_expires(
    client: AsyncLetta, path: str, time: Time, server: EmbeddedServer
) -> None:
    block = await new_agent(client)
    killed = opened(path, "the killed one", 60, {"server": client.base_url, "scope": "all", "options": "none"})
    killed.acquire(time.now)
    began, scans = time.now, list[Scan]()
    await client.blocks.update(block, value="Bob")
    server.requests.clear()
    outcomes = [
        each
        async for each in client.watch(all=True, once=True, every=25, state=path, standby=True, on_scan=scans.append)
    ]
    assert [each.status for each in outcomes] == ["recompiled"]
    assert [scan.at.timestamp() - began for scan in scans] == [0, 25, 50, 60]
    assert [type(scan.error) for scan in scans] == [WatchLockedError] * 3 + [type(None)]
    with pytest.raises(WatchLockedError):
        killed.renew(time.now)


async def test_the_lease_is_renewed_between_scans_and_while_the_caller_is_busy(
    client: AsyncLetta, path: str, time: Time
) -> None:
    block = await new_agent(client)
    await client.blocks.update(block, value="Bob")
    other = StateFile(path, "other", 60)
    refusals = list[float]()

    async def attempt() -> None:
        with pytest.raises(WatchLockedError):
            other.acquire(time.now)
        refusals.append(time.now)

    async def edit() -> None:
        await client.blocks.update(block, value="Carl")

    watch = client.watch(all=True, state=path, every=600)
    await anext(watch)
    other.open({"server": client.base_url, "scope": "all", "options": "none"})
    for seconds in (59, 119, 500, 3599):
        time.at(seconds, attempt)
    time.at(3600, edit)
    await anext(watch)
    assert len(refusals) == 4
    await watch.aclose()
    other.acquire(time.now)
    other.close()


async def test_a_watch_that_lost_its_lock_recompiles_nothing_more(client: AsyncLetta, path: str, time: Time) -> None:
    block = await new_agent(client)
    watch = client.watch(all=True, state=path, every=600, lease=60)
    other = StateFile(path, "other", 60)

    async def be_suspended() -> None:
        time.now += 90
        other.open({"server": client.base_url, "scope": "all", "options": "none"})
        other.acquire(time.now)
        await client.blocks.update(block, value="Bob")

    time.at(10, be_suspended)
    with pytest.raises(WatchLockedError, match="other"):
        await anext(watch)
    (conversation,) = [each async for each in client.conversations.targets(all=True)]
    assert (await client.conversations.staleness(conversation)).stale
    other.renew(time.now)
    other.close()


# --- the end ----------------------------------------------------------------------------------------------------------


async def test_cancelling_releases_the_lock(client: AsyncLetta, path: str) -> None:
    await new_agent(client)
    scanned = asyncio.Event()

    async def watch() -> None:
        slow = client.watch(all=True, state=path, on_scan=lambda _: scanned.set())
        client._watch_clock = Time().clock()  # pyright: ignore[reportPrivateUsage] - as elsewhere
        async for _ in slow:
            pass

    task = asyncio.create_task(watch())
    await scanned.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async for _ in client.watch(all=True, once=True, state=path):
        pass


async def test_closing_it_again_and_again_leaves_nothing_behind(client: AsyncLetta, path: str) -> None:
    """Cancelled at any step, and once more while it ends, a watch releases the lock."""
    block = await new_agent(client)
    for steps in range(0, 60, 2):
        await client.blocks.update(block, value=str(steps))

        async def watch() -> None:
            async for _ in client.watch(all=True, once=True, state=path):
                pass

        task = asyncio.create_task(watch())
        for _ in range(steps):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        for _ in range(200):  # the thread closes the file even if nobody waits for that any more
            if not Path(path + "-wal").exists():
                break
            await asyncio.sleep(0.005)
        async for _ in client.watch(all=True, once=True, state=path):
            pass
    (conversation,) = [each async for each in client.conversations.targets(all=True)]
    assert not (await client.conversations.staleness(conversation)).stale


async def test_what_on_scan_raises_ends_it_and_awaitables_are_awaited(client: AsyncLetta, path: str) -> None:
    async def report(scan: Scan) -> None:
        await asyncio.sleep(0)
        raise KeyError(scan.agents)

    with pytest.raises(KeyError):
        await anext(client.watch(all=True, state=path, on_scan=report))
    outcomes: list[Outcome] = [each async for each in client.watch(all=True, once=True, state=path)]
    assert outcomes == []


async def test_a_state_that_breaks_ends_it(client: AsyncLetta, path: str, time: Time) -> None:
    await new_agent(client)

    async def remove() -> None:
        Path(path).unlink()

    time.at(100, remove)
    with pytest.raises(LettaError, match="removed or replaced"):
        await anext(client.watch(all=True, state=path))
