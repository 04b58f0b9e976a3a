"""Tests of pickling: values sent to a worker arrive complete, and no secret is shown on the way."""

from __future__ import annotations

import enum
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import (
    UNSET,
    AsyncLetta,
    CompactionSettings,
    LettaError,
    Outcome,
    Recompile,
    RetryPolicy,
    Timeout,
)
from letta_async.dask._payload import Payload, masked_options, unsendable_problems
from tests.ids import AGENT, CONVERSATION
from tests.settings_strategies import instances
from tests.test_errors import MADE

KEY = "sk-let-secret"


def pickled_and_back(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@given(instances(CompactionSettings))
def test_settings_and_targets_come_back_equal(settings: CompactionSettings) -> None:
    target = Recompile(conversation_id=CONVERSATION, agent_id=AGENT, compaction_settings=settings)
    assert pickled_and_back(settings) == settings
    assert pickled_and_back(target) == target
    assert pickled_and_back(target).dry_run is UNSET
    assert Payload.pack("run", settings=settings).unpack() == {"settings": settings}


@pytest.mark.parametrize("error", [None, *MADE], ids=lambda error: type(error).__name__)
def test_outcomes_come_back_whole(error: LettaError | None) -> None:
    outcome = Outcome(target=CONVERSATION, status="failed", prompt="a prompt", error=error, tries=3, seconds=0.5)
    twin = pickled_and_back(outcome)
    assert (twin.target, twin.status, twin.prompt, twin.tries) == (CONVERSATION, "failed", "a prompt", 3)
    assert type(twin.error) is type(error)
    assert error is None or (str(twin.error), vars(twin.error)) == (str(error), vars(error))


@given(st.sampled_from(["api_key", "default_headers", "proxy"]))
def test_secrets_become_plain_in_the_payload_and_show_nowhere(name: str) -> None:
    given = {"Authorization": f"Bearer {KEY}"} if name == "default_headers" else f"http://u:{KEY}@proxy"
    options = masked_options({name: given, "timeout": Timeout(5), "retry": RetryPolicy(max_retries=1)})
    payload = Payload.pack("run", options=options)
    assert KEY not in repr(payload) + repr(options | {"proxy": None})
    unpacked = pickled_and_back(payload).unpack()["options"]
    assert unpacked == {name: given, "timeout": Timeout(5), "retry": RetryPolicy(max_retries=1)}
    assert KEY not in repr(AsyncLetta(base_url="https://letta.example", **unpacked)._config)


def test_members_of_enumerations_travel_as_the_values_they_hold() -> None:
    here: Any = enum.Enum("Here", {"P": "p", "X": "X-One"}, type=str)  # a worker has no such class
    unpacked = Payload.pack("run", options={"project": here.P, "default_headers": {here.X: here.P}}).unpack()
    assert unpacked == {"options": {"project": "p", "default_headers": {"X-One": "p"}}}
    assert {type(text) for text in (*unpacked["options"]["default_headers"], unpacked["options"]["project"])} == {str}


def test_only_what_is_secret_must_be_asked_for() -> None:
    harmless = {"default_headers": {"X-One": "1"}, "proxy": "http://proxy:3128", "project": "p", "api_key": None}
    assert list(unsendable_problems(harmless, {"X-Two": "2"}, send_secrets=False)) == []
    secret = {"api_key": KEY, "default_headers": {"Cookie": KEY}, "proxy": f"http://u:{KEY}@proxy"}
    assert len(list(unsendable_problems(secret, {"X-Token": KEY}, send_secrets=False))) == 4
    assert list(unsendable_problems(secret, {"X-Token": KEY}, send_secrets=True)) == []
