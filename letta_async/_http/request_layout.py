"""Places of an operation's parameters in its requests, found once from the annotations of its class."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args
from urllib.parse import quote

import attrs

from letta_async._schema.class_code import Hook
from letta_async._schema.converter import reader_of, write
from letta_async._schema.placement import Body, Form, Header, Path, Placement, Query, WholeBody, split_placement
from letta_async._schema.validation import is_validated, maker_of
from letta_async._schema.weak_cache import WeakIdCache
from letta_async.operations._operation import SEGMENT, Operation

__all__ = ["NO_OTHERS", "Layout", "OtherParts", "layout_of", "to_json"]

to_json: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Encode a value as compact JSON; `json.dumps` would create an encoder per call."""


class OtherParts:
    """Parameters of a call by the part of the request that carries them, but for path and members of the body."""

    __slots__ = ("form", "headers", "query", "whole_body")

    def __init__(self) -> None:
        self.query: dict[str, object] = {}
        self.headers: dict[str, str] = {}
        self.form: dict[str, tuple[str, Any]] = {}
        """Python parameter and value of each field of a form."""
        self.whole_body: bytes | None = None

    def put(self, place: _ParameterPlace, name: str, value: Any) -> None:
        """Put a parameter in its place."""
        if place.kind is Query:
            self.query[place.key] = write(value)
        elif place.kind is Header:
            self.headers[place.key] = value
        elif place.kind is Form:
            self.form[place.key] = name, value
        elif place.kind is WholeBody:
            self.whole_body = _encode_value(value).encode()


NO_OTHERS: Final = OtherParts()
"""The parts of a call whose parameters are all of the path or members of the body; it stays empty."""


@attrs.frozen(eq=False)
class _ParameterPlace:
    """Place of a parameter in the request."""

    kind: type[Placement]
    key: str
    """Name of the parameter in the request; in the body, encoded as JSON."""
    quoted: bool
    """Whether the value has to be percent-encoded."""


@attrs.frozen(eq=False)
class Layout:
    """Layout of the requests of an operation."""

    make: Hook
    """Function that makes a call of usual parameters; see `maker_of`."""
    places: Mapping[str, _ParameterPlace]
    """Place of each parameter."""
    checks: bool
    """Whether the operation checks more than the annotations tell."""
    warns: bool
    """Whether it warns about parameters."""
    prepares: bool
    """Whether it adds something by itself."""
    decides: bool
    """Whether it decides more of a request than the endpoint tells, such as whether the response is a stream."""

    def place(
        self, call: Operation[Any], parameters: Iterable[str]
    ) -> tuple[dict[str, str], dict[str, str], OtherParts]:
        """Return some parameters of a call by their places: segments of the path, members of the body, and others.

        Names and values of members are encoded as JSON.
        """
        segments: dict[str, str] = {}
        members: dict[str, str] = {}
        others = NO_OTHERS
        places = self.places
        for name in parameters:
            value, place = getattr(call, name), places[name]
            kind = place.kind
            if kind is Path:
                segments[place.key] = quote(value, safe="") if place.quoted else value
            elif kind is Body:
                members[place.key] = _encode_value(value)
            else:
                if others is NO_OTHERS:
                    others = OtherParts()
                others.put(place, name, value)
        return segments, members, others


_layouts: Final[dict[type[Operation[Any]], Layout]] = {}


def layout_of(operation: type[Operation[Any]]) -> Layout:
    """Return the layout of an operation; it is found once."""
    return _layouts.get(operation) or _find_layout(operation)


def _find_layout(operation: type[Operation[Any]]) -> Layout:
    reader_of(operation.answer)  # imports what the response is made into, before it arrives
    places: dict[str, _ParameterPlace] = {}
    for field in attrs.fields(attrs.resolve_types(operation, include_extras=True)):
        placement, annotation = split_placement(field.type)
        key = placement.name or field.name
        kind = type(placement)
        places[field.name] = _ParameterPlace(
            kind, to_json(key) if kind is Body else key, SEGMENT in get_args(annotation)
        )
    layout = _layouts[operation] = Layout(
        maker_of(operation),
        places,
        checks=_overrides(operation, "argument_problems"),
        warns=_overrides(operation, "parameter_warnings"),
        prepares=_overrides(operation, "prepared"),
        decides=_overrides(operation, "streams", "is_repeatable", "conflict_patience", "masked_segment"),
    )
    return layout


def _overrides(operation: type[Operation[Any]], *names: str) -> bool:
    """Return whether an operation has some attributes of its own, instead of those of all operations."""
    return any(getattr(operation, name) is not getattr(Operation, name) for name in names)


_encoded: Final = WeakIdCache[str]()


def _encode_value(value: object) -> str:
    """Return a value as JSON; cached for immutable values, such as settings that a thousand calls share."""
    text = _encoded.get(value)
    if text is None:
        text = to_json(write(value))
        if is_validated(value):
            _encoded.put(value, text)
    return text
