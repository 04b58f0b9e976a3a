"""Tests of the simulated clock, and of the times in responses that follow from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from letta_async import Letta
from letta_async.testing import EmbeddedServer, SimulatedClock
from tests.testing.story import fill


def test_it_stands_still_until_it_is_advanced() -> None:
    clock = SimulatedClock(datetime(2030, 1, 1, tzinfo=UTC))
    assert clock() == clock() == datetime(2030, 1, 1, tzinfo=UTC)
    assert clock.advance(timedelta(hours=1)) == datetime(2030, 1, 1, 1, tzinfo=UTC)
    assert clock.advance(0.5) == clock() == datetime(2030, 1, 1, 1, 0, 0, 500_000, tzinfo=UTC)
    assert repr(clock) == "SimulatedClock(2030-01-01T01:00:00.500000+00:00)"


def test_prompts_tell_its_time() -> None:
    clock = SimulatedClock()
    with EmbeddedServer(clock=clock) as server, Letta(base_url=server.base_url) as client:
        conversation = fill(client)["conversation"]
        first = client.conversations.recompile(conversation)
        assert client.conversations.recompile(conversation) == first
        clock.advance(timedelta(minutes=5))
        second = client.conversations.recompile(conversation)
    assert "- System prompt last recompiled: 2026-01-01 09:00:00 PM JST+0900\n" in first
    assert second == first.replace("09:00:00 PM", "09:05:00 PM")


def test_a_running_server_can_be_given_another(server: EmbeddedServer, client: Letta) -> None:
    machine = server.clock()
    assert abs(machine - datetime.now(UTC)) < timedelta(minutes=1)
    server.clock = SimulatedClock(datetime(2040, 1, 1, tzinfo=UTC))
    block = client.agents.create(model="letta/letta-free")
    assert block.created_at == datetime(2040, 1, 1, tzinfo=UTC)


def test_a_clock_without_a_timezone_is_refused() -> None:
    with pytest.raises(ValueError, match="in which timezone"):
        SimulatedClock(datetime(2030, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="in which timezone"):
        EmbeddedServer(clock=datetime.now)
