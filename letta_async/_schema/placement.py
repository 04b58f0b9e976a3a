"""Mark annotations of parameters: where a value goes in a request, and the form that a string must have."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

import attrs

__all__ = ["Body", "Form", "Hidden", "Path", "Pattern", "Placement", "Query", "split_placement"]


@attrs.frozen
class Placement:
    """Mark an annotation with the part of the request that carries the parameter."""

    name: str | None = None
    """Name on the wire, where it differs from the field's; default: the field's name."""


class Path(Placement):
    """The parameter fills a segment of the path."""

    __slots__ = ()


class Query(Placement):
    """The parameter goes into the query."""

    __slots__ = ()


class Body(Placement):
    """The parameter is a member of the JSON object in the body."""

    __slots__ = ()


class Form(Placement):
    """The parameter is a field of a form: the body is `multipart/form-data`."""

    __slots__ = ()


def split_placement(annotation: Any) -> tuple[Placement, Any]:
    """Return where a parameter goes, and its annotation without that; an unmarked parameter goes into the body."""
    if get_origin(annotation) is not Annotated:
        return Body(), annotation
    base, *marks = get_args(annotation)
    placement = next((mark for mark in marks if isinstance(mark, Placement)), Body())
    rest = tuple(mark for mark in marks if not isinstance(mark, Placement))
    return placement, Annotated[(base, *rest)] if rest else base


@attrs.frozen
class Pattern:
    """Mark a string annotation with the regular expression that the whole string must match."""

    regex: str
    words: str
    """Description of the form, for error messages."""


@attrs.frozen
class Hidden:
    """Mark a string annotation as holding a secret: no error message shows the value."""
