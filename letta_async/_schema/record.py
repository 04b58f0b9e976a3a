"""Base class of all value classes: `repr`, and conversion to a dictionary and to JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Final

import attrs

from letta_async._schema.json_values import is_array, is_object, to_builtin_scalar
from letta_async._schema.unset import UNSET
from letta_async._utils.secret_strings import MASK, mask, mask_url_passwords
from letta_async.errors import APIStatusError, ArgumentProblem, InvalidArgumentError, LettaError

__all__ = ["SECRET", "Record", "masked", "names", "shortened", "without_password"]

SECRET: Final = {"secret": True}
"""Metadata of an attrs field that holds secrets."""
_UNMASKED: Final = frozenset({"id", "key", "description", "agent_id", "created_at", "updated_at", "type"})
"""Members of a secret that are not masked; its `key` is its name."""
_LONG: Final = 200
"""Length from which a text is shown by its length, in characters."""


def masked(value: object) -> str:
    """Return the `repr` of a field that holds a secret."""
    return repr(mask(value))


def without_password(value: object) -> str:
    """Return the `repr` of a field that holds a URL, in which a password is masked."""
    return repr(mask_url_passwords(value) if isinstance(value, str) else value)


def shortened(value: object) -> str:
    """Return the `repr` of a field that can hold a long text: its length in that case."""
    return f"<{len(value)} characters>" if isinstance(value, str) and len(value) > _LONG else repr(value)


def names(value: object) -> str:
    """Return the `repr` of a field that holds a list of objects with names: the names."""
    if not is_array(value):
        return repr(value)
    return f"[{', '.join(str(getattr(each, 'name', None) or repr(each)) for each in value)}]"


class Record:
    """Base class of frozen attrs classes that are values with named fields.

    Its special methods take the place of those that attrs would generate, which takes as long as the rest of a class.
    """

    __slots__ = ()

    _derived: ClassVar[tuple[str, ...]] = ()
    """Properties that are shown before the fields."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        parent = next(base for base in cls.__mro__[1:] if issubclass(base, Record))
        for name in ("__repr__", "__eq__", "__hash__"):
            if name not in vars(cls):
                setattr(cls, name, vars(parent)[name])  # attrs generates what a class does not have itself

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self._derived]
        for field in _ordered_fields(type(self)):
            value = getattr(self, field.name)
            if field.repr is not False and not _is_default(field, value):
                shown.append(f"{field.name}={repr(value) if field.repr is True else field.repr(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        cls: Any = type(self)  # for mypy, the class of instances with a hash has none
        values = _compared_values(cls)
        return bool(values(self) == values(other))

    def __hash__(self) -> int:
        cls: Any = type(self)
        return hash(_hashed_values(cls)(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values: dates in ISO 8601, and `extra_fields` merged with the other fields.

        A field that is `UNSET` is left out; one that the server did not send is `None`. The values of an agent's
        `secrets` are masked.
        """
        return self.model_dump(mode="json")

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the result of `to_dict` as JSON text.

        Args:
            indent: Spaces per level of indentation. Default: `None`, all on one line.

        """
        return self.model_dump_json(indent=indent)

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """Return the fields as a dictionary, under the name that pydantic's models have for this.

        Args:
            mode: `json` for JSON values, as `to_dict` returns them, or `python`, which keeps dates as `datetime`.
                Default: `python`.
            include: Names of the fields to return. Default: all.
            exclude: Names of fields to leave out. Default: none.
            by_alias: Ignored: fields have the API's names.
            exclude_unset: The same as `exclude_none`: a field that a response lacks is `None`. Default: `False`.
            exclude_defaults: The same as `exclude_none`. Default: `False`.
            exclude_none: Leave out fields that are `None`. Default: `False`.

        Raises:
            InvalidArgumentError: `mode` is neither `json` nor `python`, or `include` or `exclude` is a mapping.

        """
        del by_alias
        if mode not in ("json", "python"):
            raise InvalidArgumentError([ArgumentProblem("mode", f"{mode!r} is unknown; allowed: 'json', 'python'")])
        for name, value in (("include", include), ("exclude", exclude)):
            if is_object(value):
                raise InvalidArgumentError([ArgumentProblem(name, "is a mapping; only names of fields are possible")])
        made = _to_dict(self, mode == "json", exclude_none or exclude_unset or exclude_defaults)
        return {
            name: value
            for name, value in made.items()
            if (include is None or name in include) and name not in (exclude or ())
        }

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> str:
        """Return the fields as JSON, under the name that pydantic's models have for this.

        Args:
            indent: Spaces per level of indentation. Default: `None`, all on one line.
            include: Names of the fields to return. Default: all.
            exclude: Names of fields to leave out. Default: none.
            by_alias: Ignored: fields have the API's names.
            exclude_unset: The same as `exclude_none`: a field that a response lacks is `None`. Default: `False`.
            exclude_defaults: The same as `exclude_none`. Default: `False`.
            exclude_none: Leave out fields that are `None`. Default: `False`.

        Raises:
            InvalidArgumentError: `include` or `exclude` is a mapping.

        """
        made = self.model_dump(
            mode="json",
            include=include,
            exclude=exclude,
            by_alias=by_alias,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )
        return json.dumps(made, indent=indent)


def _ordered_fields(cls: Any) -> list[attrs.Attribute[Any]]:
    """Return a class's fields, with `extra_fields` at the end."""
    return sorted(attrs.fields(cls), key=lambda field: field.name == "extra_fields")


@cache
def _compared_values(cls: Any) -> Callable[[object], Any]:
    """Return a function that returns the class of an instance and the values of its fields that are compared."""
    return attrgetter("__class__", *(field.name for field in attrs.fields(cls) if field.eq))


@cache
def _hashed_values(cls: Any) -> Callable[[object], Any]:
    """Return a function that returns the class of an instance and the values of its fields that are hashed."""
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return attrgetter("__class__", *(each.name for each in fields if (each.eq if each.hash is None else each.hash)))


def _is_default(field: attrs.Attribute[Any], value: object) -> bool:
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return not value
    return value is field.default or (type(value) is type(field.default) and value == field.default)


def _to_dict(record: Record, as_json: bool, exclude_none: bool) -> dict[str, Any]:
    made: dict[str, Any] = {name: getattr(record, name) for name in record._derived}  # pyright: ignore[reportPrivateUsage] - of this module
    for field in _ordered_fields(type(record)):
        value = getattr(record, field.name)
        if value is UNSET or (value is None and exclude_none):
            continue
        if field.metadata.get("secret"):
            value = _mask_strings(value, as_json)
        made[field.name] = _to_plain_value(value, as_json, exclude_none)
    extra: dict[str, Any] = made.pop("extra_fields", {})
    return made | extra


def _to_plain_value(value: Any, as_json: bool, exclude_none: bool) -> Any:
    if isinstance(value, Record):
        return _to_dict(value, as_json, exclude_none)
    if is_object(value):
        return {to_builtin_scalar(name): _to_plain_value(item, as_json, exclude_none) for name, item in value.items()}
    if is_array(value):
        return [_to_plain_value(item, as_json, exclude_none) for item in value]
    return _to_json_value(value) if as_json else value


def _to_json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, LettaError):
        status = value.status_code if isinstance(value, APIStatusError) else None
        return {"type": type(value).__name__, "message": str(value), "status_code": status}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return to_builtin_scalar(value)


def _mask_strings(value: Any, as_json: bool) -> Any:
    """Mask the strings in a field of secrets, except those that identify them: as asterisks in JSON, else `Secret`."""
    if is_object(value):
        return {name: item if name in _UNMASKED else _mask_strings(item, as_json) for name, item in value.items()}
    if is_array(value):
        return [_mask_strings(item, as_json) for item in value]
    return MASK if as_json and isinstance(value, str) else mask(value)
