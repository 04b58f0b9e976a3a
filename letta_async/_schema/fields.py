"""What the wire classes share: the numeric ranges that annotations carry, and the room for fields not known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final, Self

import attrs

from letta_async._schema.annotations import tag_of
from letta_async._schema.converter import read
from letta_async._schema.json_values import is_object, show
from letta_async._schema.record import Record
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["Count", "Fraction", "PageSize", "Range", "Seconds", "WireObject"]


_MAX_SHOWN: Final = 200


@attrs.frozen
class Range:
    """Bounds of a number, both included; `None` leaves that side open."""

    minimum: float | None = None
    maximum: float | None = None

    def __contains__(self, number: float) -> bool:
        return (self.minimum is None or number >= self.minimum) and (self.maximum is None or number <= self.maximum)

    def __str__(self) -> str:
        if self.maximum is None:
            return f"at least {self.minimum:g}"
        if self.minimum is None:
            return f"at most {self.maximum:g}"
        return f"from {self.minimum:g} to {self.maximum:g}"


Count = Annotated[int, Range(minimum=0)]
"""A whole number of things: zero or more."""

Seconds = Annotated[float, Range(minimum=0)]
"""Duration in seconds."""

PageSize = Annotated[int, Range(minimum=1)]
"""Maximum number of items of a page."""

Fraction = Annotated[float, Range(minimum=0, maximum=1)]
"""A share of a whole: 0 to 1, both included."""


def _shown(extra: Mapping[str, Any]) -> str:
    """Show fields that have no name here: where they are long, as all those of an agent are, by their names."""
    text = repr(dict(extra))
    return text if len(text) <= _MAX_SHOWN else f"<{', '.join(map(str, extra))}>"


@attrs.frozen(kw_only=True)
class WireObject(Record):
    """A JSON object of the API.

    A field defaults to `UNSET` unless the API requires it, or to `None` in what only a server sends. Making an instance
    checks nothing, so that what a newer server answers can be held; values are checked where they are sent.
    """

    tag_is_optional: ClassVar[bool] = False
    """Whether a mapping without the field that tells the classes of a union apart is one of this class."""

    extra_fields: Mapping[str, Any] = attrs.field(factory=dict[str, Any], hash=False, repr=_shown)
    """Fields of the JSON object that this version has no name for: kept when read, sent unchecked when given."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read an instance from what `to_dict` or `model_dump` returned, or from JSON that a server answered.

        As tolerant as reading an answer: fields that are not known are kept in `extra_fields`, and a value that is not
        as it should be stays as it is.

        Args:
            data: The fields, as JSON values; dates may also be `datetime` objects.

        Raises:
            InvalidArgumentError: it is not a mapping of names, lacks a required field, or is of another class.

        """
        if faults := list(_read_faults(cls, data)):
            raise InvalidArgumentError(faults)
        made: Self = read(cls, data)
        return made


def _read_faults(cls: type[WireObject], data: object) -> Iterable[ArgumentProblem]:
    if not is_object(data):
        yield ArgumentProblem("data", f"{show(data)} is not a mapping")
        return
    for name in data:
        if not isinstance(name, str):
            yield ArgumentProblem("data", f"{show(name)} is not a string, as names are")
    for field in attrs.fields(cls):
        if field.default is attrs.NOTHING and field.name not in data:
            yield ArgumentProblem(field.name, f"is required of {cls.__name__}")
    name, value = tag_of(cls) or ("", "")
    if name and data.get(name, value) != value:
        yield ArgumentProblem(name, f"{show(data[name])} is not {value!r}, as it is in {cls.__name__}")
