"""Markers for annotations of parameters: the part of the request, and constraints on strings."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

import attrs

__all__ = [
    "Body",
    "Form",
    "Header",
    "Hidden",
    "Local",
    "Path",
    "Pattern",
    "Placement",
    "Query",
    "WholeBody",
    "split_placement",
]


@attrs.frozen(eq=False)
class Placement:
    """Marker of the part of the request that carries the parameter."""

    name: str | None = None
    """Name of the parameter in the request. Default: `None`, the name of the field."""


class Path(Placement):
    """Marker of a parameter that fills a segment of the path."""

    __slots__ = ()


class Query(Placement):
    """Marker of a query parameter."""

    __slots__ = ()


class Body(Placement):
    """Marker of a member of the JSON object in the body."""

    __slots__ = ()


class WholeBody(Placement):
    """Marker of the parameter that is the body itself, such as a list."""

    __slots__ = ()


class Header(Placement):
    """Marker of a parameter that is the value of a header."""

    __slots__ = ()


class Form(Placement):
    """Marker of a field of a form, a body that is `multipart/form-data`."""

    __slots__ = ()


class Local(Placement):
    """The parameter is not sent: it says how the client is to make the call."""

    __slots__ = ()


def split_placement(annotation: Any) -> tuple[Placement, Any]:
    """Return the placement of a parameter, by default `Body`, and its annotation without the placement."""
    if get_origin(annotation) is not Annotated:
        return Body(), annotation
    base, *marks = get_args(annotation)
    placement = next((mark for mark in marks if isinstance(mark, Placement)), Body())
    rest = tuple(mark for mark in marks if not isinstance(mark, Placement))
    return placement, Annotated[(base, *rest)] if rest else base


@attrs.frozen(eq=False)
class Pattern:
    """Marker of a string that must match a regular expression as a whole."""

    regex: str
    words: str
    """Description of the form, for error messages."""


class Hidden:
    """Marker of a string that is secret: no error message contains the value."""

    __slots__ = ()
