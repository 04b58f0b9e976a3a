"""Validation of request bodies and queries by the annotations of attrs classes.

`read(annotation, value, context)` reads a JSON value as leniently as the server, and reports problems in the server's
words. Unknown fields are ignored, and missing ones get the class's default. Ranges in annotations are not checked: the
server has none. `_facts` takes precedence where this version of the server differs from `letta_async.types`.
"""

from __future__ import annotations

import copy
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

import attrs

from letta_async._schema.annotations import members_by_tag, tag_of
from letta_async._schema.constraints import Range
from letta_async._schema.unset import Unset
from letta_async.testing import _facts
from letta_async.testing._context import Reader, ValidationContext, is_array, is_object
from letta_async.testing._errors import Problem
from letta_async.testing._scalars import SCALARS, Text, read_text, read_words

__all__ = [
    "After",
    "Before",
    "Bounds",
    "Choices",
    "Enum",
    "Fields",
    "SchemaHint",
    "Tagged",
    "Undescribed",
    "defaults_of",
    "field_hint",
    "hints_of",
    "is_list",
    "known_members",
    "read",
    "reader_of",
]


class Fields(dict[str, Any]):
    """A JSON object that was read: all fields of its class, in the server's order, with defaults."""

    given: frozenset[str] = frozenset()
    """Names of the fields that the request contains."""


@attrs.frozen
class Before:
    """Annotation of a function that changes a value before it is read."""

    change: Callable[[Any], Any]


@attrs.frozen
class After:
    """Annotation of a function that checks a value that was read; it may raise `ValueError` (a 422) or a `Refusal`."""

    check: Callable[[Any], None]


@attrs.frozen
class Enum:
    """Annotation of a `Literal` that is an enumeration on the server, so that error messages differ.

    With a name, the values are some members of the enumeration of that name.
    """

    name: str | None = None
    words: tuple[str, ...] = ()
    """The values, if the annotated type is not a `Literal`."""


@attrs.frozen
class Bounds:
    """Check that a number is in a range, which the server does where it says so."""

    minimum: int
    maximum: int


@attrs.frozen
class Choices:
    """Read a value as each of several annotations, with the server's name for each, until one fits.

    Where none does, the problems of all are told.
    """

    members: tuple[tuple[str, Any], ...]


@attrs.frozen
class Tagged:
    """Read an object as the class that a field names."""

    tag: str
    enum: str | None
    """Name of the enumeration that has the words of the field; `None`: they are words and nothing else."""
    members: tuple[tuple[str, Any], ...]


@attrs.frozen
class SchemaHint:
    """Annotation with JSON Schema of what the server describes, but does not check."""

    schema: Callable[[], Mapping[str, Any]]


@attrs.frozen
class Undescribed:
    """Annotation of a parameter that the server reads, but that its OpenAPI description leaves out."""


def read(annotation: Any, value: object, context: ValidationContext) -> Any:
    """Read a JSON value by an annotation; add its problems to the context."""
    return reader_of(annotation)(value, context)


@functools.cache
def reader_of(annotation: Any) -> Reader:
    """Return the reader of an annotation, which is cached."""
    if annotation in SCALARS:
        return SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is Literal:
        return read_words(arguments)
    if origin in {typing.Union, types.UnionType}:
        return _union(arguments)
    if origin is list:
        return _list(reader_of(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(reader_of(arguments[1]))
    return _object(annotation)


def _annotated(base: Any, marks: Sequence[Any]) -> Reader:
    reader = reader_of(base)
    for mark in marks:
        if isinstance(mark, Text):
            reader = read_text(mark)
        elif isinstance(mark, Enum):
            reader = read_words(get_args(base) or mark.words, members_of=mark.name, enum=mark.name is None)
        elif isinstance(mark, Choices):
            reader = _choices(mark)
        elif isinstance(mark, Tagged):
            reader = _by_word(mark.tag, mark.enum, {word: reader_of(cls) for word, cls in mark.members})
        elif isinstance(mark, Bounds):
            reader = _bounded(reader, mark)
        elif isinstance(mark, Range) and base is int and mark.minimum is not None and mark.maximum is not None:
            # Both ends are the server's own; where the client alone refuses zero, the other is open.
            reader = _bounded(reader, Bounds(int(mark.minimum), int(mark.maximum)))
        elif isinstance(mark, After):
            reader = _checked(reader, mark.check)
        elif isinstance(mark, Before):
            reader = _changed(reader, mark.change)
    return reader


def _choices(choices: Choices) -> Reader:
    readers = [(label, reader_of(annotation)) for label, annotation in choices.members]

    def read_choice(value: Any, here: ValidationContext) -> Any:
        wrong: list[Problem] = []
        for label, reader in readers:
            problems: list[Problem] = []
            result = reader(value, ValidationContext((*here.loc, label), problems))
            if not problems:
                return result
            wrong += problems
        here.problems.extend(wrong)
        return value

    return read_choice


def _bounded(reader: Reader, bounds: Bounds) -> Reader:
    def read_bounded(value: Any, here: ValidationContext) -> Any:
        before = len(here.problems)
        number = reader(value, here)
        if len(here.problems) > before or number is None:
            return number
        if number < bounds.minimum:
            msg = f"Input should be greater than or equal to {bounds.minimum}"
            here.refuse("greater_than_equal", msg, value, ge=bounds.minimum)
        elif number > bounds.maximum:
            msg = f"Input should be less than or equal to {bounds.maximum}"
            here.refuse("less_than_equal", msg, value, le=bounds.maximum)
        return number

    return read_bounded


def _checked(reader: Reader, check: Callable[[Any], None]) -> Reader:
    def read_and_check(value: Any, context: ValidationContext) -> Any:
        before = len(context.problems)
        result = reader(value, context)
        if len(context.problems) == before:
            try:
                check(result)
            except ValueError as error:
                context.refuse("value_error", f"Value error, {error}", value, error=error)
        return result

    return read_and_check


def _changed(reader: Reader, change: Callable[[Any], Any]) -> Reader:
    return lambda value, context: reader(change(value), context)


def _list(item: Reader) -> Reader:
    def read_list(value: Any, context: ValidationContext) -> Any:
        if not is_array(value):
            context.refuse("list_type", "Input should be a valid list", value)
            return value
        return [item(each, context.at(index)) for index, each in enumerate(value)]

    return read_list


def _mapping(member: Reader) -> Reader:
    def read_mapping(value: Any, context: ValidationContext) -> Any:
        if not is_object(value):
            context.refuse("dict_type", "Input should be a valid dictionary", value)
            return value
        return {key: member(each, context.at(key)) for key, each in value.items()}

    return read_mapping


def _union(members: Sequence[Any]) -> Reader:
    nullable = types.NoneType in members
    rest = [member for member in members if member not in {types.NoneType, Unset}]
    reader = reader_of(rest[0]) if len(rest) == 1 else _tagged(rest)
    if not nullable:
        return reader
    return lambda value, context: None if value is None else reader(value, context)


def _tagged(members: Sequence[Any]) -> Reader:
    """Return the reader of a union of classes that are distinguished by a field which is a literal in each."""
    tag, classes = members_by_tag(known_members(members))
    enum = _facts.ENUM_NAMES.get(next(iter(classes)), _facts.ENUM_NAMES.get(tag))
    return _by_word(tag, enum, {word: _object(cls) for word, cls in classes.items()})


def _by_word(tag: str, enum: str | None, readers: Mapping[str, Reader]) -> Reader:
    expected = ", ".join(f"'{word}'" if enum is None else f"<{enum}.{word}: '{word}'>" for word in readers)

    def read_tagged(value: Any, context: ValidationContext) -> Any:
        if not is_object(value):
            return _no_object(value, context)
        if tag not in value:
            msg = f"Unable to extract tag using discriminator '{tag}'"
            context.refuse("union_tag_not_found", msg, value, discriminator=f"'{tag}'")
            return value
        word = value[tag]
        if not isinstance(word, str) or word not in readers:
            shown = str(word).encode(errors="surrogatepass").decode(errors="replace")
            msg = f"Input tag '{shown}' found using '{tag}' does not match any of the expected tags: {expected}"
            ctx = {"discriminator": f"'{tag}'", "tag": shown, "expected_tags": expected}
            context.refuse("union_tag_invalid", msg, value, **ctx)
            return value
        return readers[word](value, context.at(word))

    return read_tagged


def known_members(members: Sequence[Any]) -> list[Any]:
    """Return the classes of a union that this version has, in its order; if it has none, those with a tag."""
    return [cls for cls in _facts.FIELDS if cls in members] or [cls for cls in members if tag_of(cls) is not None]


def _no_object(value: Any, context: ValidationContext) -> Any:
    msg = "Input should be a valid dictionary or object to extract fields from"
    context.refuse("model_attributes_type", msg, value)
    return value


@functools.cache
def hints_of(cls: type) -> dict[str, Any]:
    """Return the resolved annotations of a class, by field name."""
    return typing.get_type_hints(cls, include_extras=True)


def is_list(annotation: Any) -> bool:
    """Return whether an annotation is a list, or an optional list."""
    return get_origin(annotation) is list or any(get_origin(each) is list for each in get_args(annotation))


def field_hint(cls: type, name: str) -> Any:
    """Return the annotation of a field in this version of the server."""
    return _facts.NARROWED_FIELDS.get((cls, name), hints_of(cls)[name])


def defaults_of(cls: type) -> Mapping[str, Any]:
    """Return the defaults of a class's fields that this version has; `REQUIRED` for those without one."""
    if cls in _facts.FIELDS:
        return _facts.FIELDS[cls]
    return {
        field.name: _facts.REQUIRED if field.default is attrs.NOTHING else field.default
        for field in attrs.fields(cls)
        if field.name != "extra_fields"
    }


def _object(cls: type) -> Reader:
    defaults = defaults_of(cls)
    readers: dict[str, Reader] = {name: reader_of(field_hint(cls, name)) for name in defaults}
    prepare: Callable[[dict[str, Any]], dict[str, Any]] | None = getattr(cls, "prepare", None)
    check: Callable[[Fields], None] | None = getattr(cls, "check", None)

    def read_object(value: Any, context: ValidationContext) -> Any:
        if not is_object(value):
            return _no_object(value, context)
        try:
            members = value if prepare is None else prepare(value)
        except ValueError as error:
            context.refuse("value_error", f"Value error, {error}", value, error=error)
            return value
        fields, before = Fields(), len(context.problems)
        fields.given = frozenset(members).intersection(readers)
        for name, reader in readers.items():
            if name in members:
                fields[name] = reader(members[name], context.at(name))
            elif defaults[name] is _facts.REQUIRED:
                context.at(name).refuse("missing", "Field required", members)
            else:
                fields[name] = _default(defaults[name])
        if check is not None and len(context.problems) == before:
            try:
                check(fields)
            except ValueError as error:
                context.refuse("value_error", f"Value error, {error}", value, error=error)
        return fields

    return read_object


def _default(value: Any) -> Any:
    factory: Callable[[], Any] | None = getattr(value, "factory", None)
    return copy.deepcopy(value) if factory is None else factory()
