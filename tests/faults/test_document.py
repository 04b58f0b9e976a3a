"""Test that docs/faults.md agrees with the table."""

from __future__ import annotations

from collections import Counter

from .document import PATH, document
from .promises import CONNECTIONS, PROGRAM
from .table import FAULTS


def test_the_page_is_in_step_with_the_table() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run: python -m tests.faults.document"


def test_every_fault_is_named_once() -> None:
    names = Counter(str(fault) for fault in FAULTS)
    assert set(names.values()) == {1}, names.most_common(3)


def test_every_row_of_the_catalogue_is_kept_by_something() -> None:
    rows = {fault.row for fault in FAULTS}.union(*(promise.rows for promise in (*CONNECTIONS, *PROGRAM)))
    assert rows | {50} == set(range(1, max(rows) + 1))  # 50 is the facade's own
