"""Comparison of what the clients send and read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from letta_async import UNSET
from letta_async.resources._paging import Page
from tests.conformance.server import Request

__all__ = ["request_differences", "result_differences"]

_MISSING: Final = object()


def request_differences(theirs: Request, ours: Request) -> Iterator[str]:
    """Yield what differs between two requests, by part and member."""
    for field in dataclasses.fields(Request):
        their, our = getattr(theirs, field.name), getattr(ours, field.name)
        if isinstance(their, dict) and isinstance(our, dict):
            for name in sorted(their.keys() | our.keys()):
                yield from _difference(f"{field.name}.{name}", their.get(name, _MISSING), our.get(name, _MISSING))
        else:
            yield from _difference(field.name, their, our)


def _difference(where: str, their: object, our: object) -> Iterator[str]:
    if their != our:
        yield f"{where}: {_shown(their)} of theirs, {_shown(our)} of ours"


def _shown(value: object) -> str:
    return "nothing" if value is _MISSING else repr(value)


def result_differences(theirs: Any, ours: Any, where: str = "") -> Iterator[str]:
    """Yield what is read of a response differently, or not at all.

    `UNSET` is as good as `None`: it stands for what a response lacks in the classes that are sent as well.

    Args:
        theirs: Description of what the official client read, as `official.py` makes it.
        ours: What letta_async read.
        where: Path to both, from the nearest object.

    """
    if isinstance(theirs, list):
        if not isinstance(ours, (list, tuple, Page)) or len(ours) != len(theirs):
            yield f"{where}: a list of {len(theirs)} of theirs, {ours!r:.200} of ours"
        else:
            ours = ours[:]
            for number, (their, our) in enumerate(zip(theirs, ours, strict=True)):
                yield from result_differences(their, our, f"{where}[{number}]")
    elif not isinstance(theirs, dict):
        if not (theirs is None and ours is UNSET) and (theirs != ours or type(theirs) is not type(ours)):
            yield f"{where}: {theirs!r} of theirs, {ours!r:.200} of ours"
    elif "model" in theirs:
        yield from _attribute_differences(theirs["model"], theirs["fields"], ours, where)
    elif "mapping" in theirs:
        yield from _member_differences(theirs["mapping"], ours, where)
    else:
        instant = datetime.fromisoformat(theirs["time"])
        if not isinstance(ours, datetime) or ours != instant:
            yield f"{where}: the time {instant} of theirs, {ours!r} of ours"


def _attribute_differences(model: str, theirs: Mapping[str, Any], ours: Any, where: str) -> Iterator[str]:
    for name, value in theirs.items():
        if hasattr(ours, name):
            yield from result_differences(value, getattr(ours, name), f"{model}.{name}")
        else:
            yield f"{model}.{name}: no such attribute of {type(ours).__name__} in {where or 'the response'}"


def _member_differences(theirs: Mapping[str, Any], ours: Any, where: str) -> Iterator[str]:
    if isinstance(ours, Mapping) and ours.keys() == theirs.keys():
        for name, value in theirs.items():
            yield from result_differences(value, ours[name], f"{where}[{name!r}]")
    else:
        yield f"{where}: a mapping with {sorted(theirs)} of theirs, {ours!r:.200} of ours"
