"""The benchmark of decoding: bodies that have every field typed, which all ways decode to the same rows."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from benchmarks import decoding
from letta_async._schema.record import Record

KINDS = {kind.name: kind for kind in (decoding.AGENTS, decoding.MESSAGES)}


def parts(value: Any) -> list[Record]:
    """Return a value's records, itself included, at every depth."""
    if isinstance(value, list):
        return [part for each in value for part in parts(each)]
    if not isinstance(value, Record):
        return []
    fields: Any = attrs.fields(type(value))  # type: ignore[arg-type]  # every record is a class of attrs
    return [value, *(part for field in fields for part in parts(getattr(value, field.name)))]


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_a_body_is_typed(name: str) -> None:
    kind = KINDS[name]
    body = kind.body(100)
    rows = decoding.decoder(kind, body)()
    assert [row.id for row in rows] == [row["id"] for row in json.loads(body)]
    found: list[Any] = parts(rows)
    assert [part for part in found if part.extra_fields] == []
    classes = {type(part).__name__ for part in found}
    assert not [each for each in classes if each.startswith("Unknown")]
    assert len(classes) >= 14


@pytest.mark.parametrize("name", KINDS)
def test_a_body_is_the_same_each_time_and_its_rows_differ(name: str) -> None:
    body = KINDS[name].body(80)
    assert body == KINDS[name].body(80)
    rows = json.loads(body)
    assert len(rows) == len({row["id"] for row in rows}) == 80


@pytest.mark.parametrize("name", KINDS)
def test_every_way_is_measured(name: str) -> None:
    measured = decoding.meter(KINDS[name], 8, 1)
    assert {decoding.JSON, decoding.OURS} <= measured.samples.keys()
    assert all(sample.cpu > 0 for samples in measured.samples.values() for sample in samples)
