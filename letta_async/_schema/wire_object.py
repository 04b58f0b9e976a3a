"""Base class of the JSON objects of the API, with room for fields that are not declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

import attrs

from letta_async._schema.annotations import tag_of
from letta_async._schema.converter import read
from letta_async._schema.json_values import is_object, show
from letta_async._schema.record import Record
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["WireObject", "assignable"]

Class = TypeVar("Class", bound=type)

_MAX_SHOWN: Final = 200


def _repr_of_extra(extra: Mapping[str, Any]) -> str:
    """Return the `repr` of fields that are not declared; only their names if it is long."""
    text = repr(dict(extra))
    return text if len(text) <= _MAX_SHOWN else f"<{', '.join(map(str, extra))}>"


def _no_fields() -> dict[str, Any]:
    """Return an empty dictionary; `dict[str, Any]()` takes nine times as long."""
    return {}


def _make_extra_fields(instance: WireObject) -> dict[str, Any]:
    """Return an empty dictionary, and keep it: most objects of a response need none, so it is not made with them."""
    made = _no_fields()
    object.__setattr__(instance, "extra_fields", made)
    return made


@attrs.frozen(kw_only=True)
class WireObject(Record):
    """Base class of the JSON objects of the API.

    A field defaults to `UNSET` unless the API requires it, or to `None` in objects that only a server sends. Creating
    an instance validates nothing, so that it can hold what a newer server sends; values are validated when they are
    sent.
    """

    tag_is_optional: ClassVar[bool] = False
    """Whether a mapping without the field that tells the classes of a union apart is one of this class."""
    copied_from: ClassVar[tuple[type, ...]] = ()
    """Classes of which an object, or its mapping, can be sent in place of one of this class, by the fields that both
    have and that are not `None`."""

    extra_fields: Mapping[str, Any] = attrs.field(factory=_no_fields, hash=False, repr=_repr_of_extra)
    """Members of the JSON object that this version does not declare; kept from a response, sent without validation."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a field that this version does not declare, of `extra_fields`, which are made on first use."""
            if name == "extra_fields":
                return _make_extra_fields(self)
            if not name.startswith("__") and name in self.extra_fields:
                return self.extra_fields[name]
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Create an instance from the result of `to_dict` or `model_dump`, or from the JSON of a response.

        The conversion is as tolerant as that of a response: unknown fields are kept in `extra_fields`, and an invalid
        value is kept unchanged.

        Args:
            data: The fields, as JSON values; dates may also be `datetime` objects.

        Raises:
            InvalidArgumentError: `data` is not a mapping with string keys, lacks a required field, or is of another
                class.

        """
        if problems := list(_mapping_problems(cls, data)):
            raise InvalidArgumentError(problems)
        made: Self = read(cls, data)
        return made

    # --- names that pydantic's models have for this -----------------------------------------------------------

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield the names and JSON values of `to_dict`, so that `dict(self)` and encoders such as FastAPI's work."""
        yield from self.to_dict().items()

    @classmethod
    def model_validate(cls, obj: Mapping[str, Any]) -> Self:
        """Return the result of `from_dict`."""
        return cls.from_dict(obj)

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a copy with other values for some fields; nothing is validated.

        Args:
            update: New values, by field name. Default: none.

        Raises:
            TypeError: There is no field of a name.

        """
        instance: Any = self
        changed: Self = attrs.evolve(instance, **(update or {}))
        return changed

    def json(self) -> str:
        """Return the result of `to_json`, under the name that pydantic's models had in version 1."""
        return self.to_json()

    def dict(self) -> Mapping[str, Any]:
        """Return the result of `model_dump`, under the name that pydantic's models had in version 1."""
        return self.model_dump()


def assignable(*names: str) -> Callable[[Class], Class]:
    """Return a decorator for a frozen class of which some fields can be assigned to.

    So do programs that join the deltas of a stream by hand, `message.content += delta.content`. These fields must not
    be hashed. For type checkers the class stays frozen.
    """

    def decorate(cls: Class) -> Class:
        refuse: Any = cls.__setattr__

        def assign(self: object, name: str, value: object) -> None:
            (object.__setattr__ if name in names else refuse)(self, name, value)

        setattr(cls, "__setattr__", assign)  # noqa: B010 - type checkers take an assignment for that of a method
        return cls

    return decorate


def _mapping_problems(cls: type[WireObject], data: object) -> Iterable[ArgumentProblem]:
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
