"""Reports: rows that a table omits, and fields that JSON always has."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from letta_async.cli.report import Report, Row, Status
from letta_async.errors import APIError


def test_of_many_recompiled_ones_a_table_gives_the_number_and_names_what_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report("table")
    report.add(Row(conversation_id="conv-bad", status="failed", error=APIError("too\nbad \x1b[31m")))
    for number in range(101):
        report.add(Row(conversation_id=f"conv-{number}", status="recompiled"))
    for status in ("unchanged", "skipped", "current"):
        report.add(Row(conversation_id=f"conv-{status}", status=status))
    report.close(not_done=0)
    _, many, failed = capsys.readouterr().out.splitlines()
    assert many.split() == ["101", "conversations", "recompiled"]
    assert failed.split(maxsplit=2) == ["conv-bad", "failed", "too bad �[31m"]


def test_a_json_document_has_every_count(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("json")
    report.add(Row(conversation_id="conv-1", status="recompiled", seconds=0.12345, diff="left out"))
    report.close(not_done=2)
    assert json.loads(capsys.readouterr().out) == {
        "conversations": [
            {
                "conversation_id": "conv-1",
                "status": "recompiled",
                "seconds": 0.123,
                "diff": None,
                "reread_tokens": None,
                "error": None,
            }
        ],
        "counts": dict.fromkeys(get_args(Status), 0) | {"recompiled": 1},
        "reread_tokens": 0,
        "not_done": 2,
    }


def test_nothing_to_tell_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    Report("table").close(not_done=0)
    assert capsys.readouterr().out == ""
