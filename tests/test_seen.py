"""What a batch remembers of its targets."""

from __future__ import annotations

import gc
import sqlite3

import pytest

from letta_async._seen import Seen
from letta_async.models.outcome import Outcome
from tests.ids import CONVERSATION


def test_what_was_seen_is_found_and_nothing_else() -> None:
    seen = Seen()
    outcome = Outcome(target=CONVERSATION, status="recompiled", prompt="prompt")
    seen.add("one", outcome)
    seen.add("done", None)
    assert [seen.find(key) for key in ("one", "done", "other")] == [(True, outcome), (True, None), (False, None)]
    seen.close()


def test_what_is_dropped_unclosed_closes_its_file() -> None:
    seen = Seen()
    database = seen._database
    del seen
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")
