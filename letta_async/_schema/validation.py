"""Strict validation of arguments against the annotations of wire classes and operations, by cattrs hooks.

All problems of a call are raised at once, each with its path, the value and what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, get_args

import attrs
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.cols import list_structure_factory
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from letta_async._schema.annotations import (
    is_annotated,
    is_callable,
    is_list,
    is_literal,
    is_mapping,
    is_path,
    is_typed_mapping,
    is_union,
    is_wire_class,
    members_by_tag,
    tag_of,
    untagged_member,
    value_members,
    wire_names,
)
from letta_async._schema.checked_in_place import NULLABLE, check_line
from letta_async._schema.class_code import Hook, generated, validation_lines
from letta_async._schema.constraints import NulAllowed, Range
from letta_async._schema.json_values import (
    copy_of_usual,
    guess,
    is_array,
    is_object,
    join,
    json_problems,
    show,
    text_problem,
    to_builtin_scalar,
    to_builtins,
)
from letta_async._schema.placement import Hidden, split_placement
from letta_async._schema.scalar_checks import (
    InvalidTextError,
    InvalidValueError,
    PatternCheck,
    check_bool,
    check_callable,
    check_datetime,
    check_float,
    check_int,
    check_literal,
    check_path,
    check_str,
    check_str_with_nul,
)
from letta_async._schema.unset import UNSET
from letta_async._schema.untagged_unions import describe_member, json_type_of, members_by_json_type
from letta_async._schema.upload import Upload, upload_of
from letta_async._schema.weak_cache import WeakIdCache
from letta_async._schema.wire_object import WireObject
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["check", "is_validated", "maker_of", "with_places"]

T = TypeVar("T")


_validated: Final = WeakIdCache[bool]()


def is_validated(value: object) -> bool:
    """Return whether a value is an instance that was validated before, and is immutable with all that it contains."""
    return _validated.get(value) is not None


class _InvalidMembersError(ValueError):
    """Some members of a mapping do not match its annotation."""

    def __init__(self, problems: list[ArgumentProblem]) -> None:
        super().__init__("invalid members")
        self.problems = problems


_makers: Final[dict[type[Any], Hook]] = {}


def maker_of(cls: type[Any]) -> Hook:
    """Return the function that makes a class's instances of usual values in a dictionary.

    It raises some exception for what is invalid or needs a closer look, which is what `check` takes.
    """
    _strict_converter.get_structure_hook(cls)
    return _makers[cls]


def check(cls: type[T], values: Mapping[str, object]) -> T:
    """Validate arguments, and return an instance of `cls` with them; pydantic models count as mappings.

    Raises:
        InvalidArgumentError: At least one value is invalid; the error lists all problems.

    """
    try:
        return _strict_converter.structure(values, cls)
    except ClassValidationError as error:
        from letta_async._schema.pydantic_models import dump_models  # noqa: PLC0415 - imported by what is not valid as it is

        if (dumped := dump_models(values)) is not values:
            return check(cls, dumped)
        raise InvalidArgumentError(list(_problems(error, ""))) from None


def _problems(error: BaseException, path: str) -> Iterable[ArgumentProblem]:
    """Yield a problem for each leaf in the tree of errors that cattrs raised."""
    if isinstance(error, ClassValidationError):
        placed, rest = error.group_exceptions()
        for inner, note in placed:
            yield from _problems(inner, join(path, note.name))
        for inner in rest:
            yield from _problems(inner, path)
    elif isinstance(error, IterableValidationError):
        for inner, place in error.group_exceptions()[0]:
            yield from _problems(inner, f"{path}[{place.index}]")
    elif isinstance(error, _InvalidMembersError):
        for problem in error.problems:
            yield ArgumentProblem(join(path, problem.path), problem.problem)
    elif isinstance(error, ForbiddenExtraKeysError):
        for name in sorted(map(str, error.extra_fields)):
            yield ArgumentProblem(join(path, name), _unknown_field(name, error.cl))
    elif isinstance(error, KeyError):
        yield ArgumentProblem(path, "is required")
    else:
        yield ArgumentProblem(join(path, getattr(error, "at", "")), str(error))


def _unknown_field(name: str, cls: type) -> str:
    tag = tag_of(cls)
    known = [known for known in wire_names(cls) if tag is None or known != tag[0]]
    place = f" of {tag[0]} {tag[1]!r}" if tag else ""
    hint = guess(name, known)
    allowed = f"; allowed: {', '.join(known)}" if known else ""
    return f"is not a field{place}{hint or allowed}"


def _check_mapping(value: Any, _: Any) -> Mapping[str, Any]:
    if (copy := copy_of_usual(value)) is not None:
        return copy
    if not is_object(value):
        raise InvalidValueError(f"{show(value)} is not a mapping")
    for problem in json_problems(value, ""):
        raise InvalidValueError(problem.problem, at=problem.path)
    checked: dict[str, Any] = to_builtins(value)
    return checked


def _check_typed_mapping(annotation: Any) -> Hook:
    _, member = get_args(annotation)
    inner = _strict_converter.get_structure_hook(member)

    def hook(value: Any, _: Any) -> Mapping[str, Any]:
        if not is_object(value):
            raise InvalidValueError(f"{show(value)} is not a mapping")
        checked: dict[str, Any] = {}
        problems: list[ArgumentProblem] = []
        for name, each in value.items():
            if not isinstance(name, str):
                problems.append(ArgumentProblem("", f"the key {show(name)} is not a string"))
                continue
            if problem := text_problem(name, with_nul=False):
                problems.append(ArgumentProblem("", f"the key {show(name)} {problem}"))
                continue
            try:
                checked[to_builtin_scalar(name)] = inner(each, member)
            except Exception as error:
                problems += _problems(error, name)
        if problems:
            raise _InvalidMembersError(problems)
        return checked

    return hook


def _check_upload(value: Any, _: Any) -> Upload:
    try:
        return upload_of(value)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(str(error)) from None


def _check_list(annotation: Any) -> Hook:
    inner: Hook = list_structure_factory(annotation, _strict_converter)

    item = _strict_converter.get_structure_hook(get_args(annotation)[0])

    def hook(value: Any, _: Any) -> Any:
        if not is_array(value):
            raise InvalidValueError(f"{show(value)} is not a list")
        try:
            return [item(each, None) for each in value]
        except Exception:
            return inner(value, annotation)  # it has the place of each item, and says it

    return hook


def _check_annotated(annotation: Any) -> Hook:
    _, unplaced = split_placement(annotation)
    if unplaced != annotation:
        return _strict_converter.get_structure_hook(unplaced)
    base, mark = get_args(annotation)
    if isinstance(mark, NulAllowed):
        return check_str_with_nul
    inner = _strict_converter.get_structure_hook(base)

    def check_range(value: Any, _: Any) -> Any:
        checked = inner(value, base)
        if checked not in mark:
            raise InvalidValueError(f"{show(value)} is out of range; allowed: {mark}")
        return checked

    def check_hidden(value: Any, _: Any) -> Any:
        try:
            return inner(value, base)
        except InvalidTextError:
            raise
        except InvalidValueError:
            raise InvalidValueError(f"a value of type {type(value).__name__} is not a string") from None

    if isinstance(mark, Range):
        return check_range
    if isinstance(mark, Hidden):
        return check_hidden
    return PatternCheck(mark)


def _check_union(annotation: Any) -> Hook:
    """Return a hook for a union; `UNSET` is none of its values."""
    members = value_members(annotation)
    if len(members) == 1:
        inner = _strict_converter.get_structure_hook(members[0])
    elif all(map(is_wire_class, members)):
        inner = _check_tagged_union(members)
    else:
        inner = _check_untagged_union(members)
    if NoneType not in get_args(annotation):
        return inner
    return NULLABLE.get(inner) or (lambda value, _: None if value is None else inner(value, None))


def _check_untagged_union(members: list[Any]) -> Hook:
    """Return a hook for a union without tags; the kind of the JSON value selects the member."""
    kinds = members_by_json_type(members)
    checks = {kind: _strict_converter.get_structure_hook(member) for kind, member in kinds.items()}
    allowed = ", ".join(map(describe_member, dict.fromkeys(kinds.values())))

    def hook(value: Any, _: Any) -> Any:
        kind = json_type_of(value)
        if kind is None or (inner := checks.get(kind)) is None:
            raise InvalidValueError(f"{show(value)} is of no form that is allowed; allowed: {allowed}")
        return inner(value, None)

    return hook


def _check_tagged_union(members: list[type[Any]]) -> Hook:
    name, classes = members_by_tag(members)
    fallback = untagged_member(members)
    default = next((tag for tag, cls in classes.items() if getattr(cls, "tag_is_optional", False)), None)
    allowed = ", ".join(map(repr, classes))
    hooks = {cls: _strict_converter.get_structure_hook(cls) for cls in members}

    def hook(value: Any, _: Any) -> Any:
        cls: Any = type(value)  # pyright: ignore[reportUnknownVariableType] - and that is the matter here
        if cls is fallback:
            return _check_extra_fields(value)
        if cls in members:
            return hooks[cls](value, None)
        if not is_object(value):
            raise InvalidValueError(
                f"{show(value)} is neither a mapping nor one of {', '.join(m.__name__ for m in members)}"
            )
        if name not in value and default is None:
            raise InvalidValueError(f"is required; allowed: {allowed}", at=name)
        tag = value.get(name, default)
        if not isinstance(tag, str) or tag not in classes:
            hint = guess(tag, classes) if isinstance(tag, str) else ""
            raise InvalidValueError(f"{show(tag)} is unknown; allowed: {allowed}{hint}", at=name)
        return hooks[classes[tag]](value, None)

    return hook


def _check_class(cls: type[Any]) -> Hook:
    """Return a hook for a class.

    Generated code validates mappings without saying what is wrong. If something is, cattrs's code, which is slower and
    has the place of each value, says it.
    """
    names = wire_names(cls)
    copied_from: tuple[type, ...] = getattr(cls, "copied_from", ())
    not_copied = {name for each in copied_from for name in wire_names(each)}.difference(names)
    key: Any = cls
    make = _makers[cls] = generated(cls, _strict_converter.get_structure_hook, validation_lines, check_line, {})

    def from_mapping(value: Mapping[str, Any]) -> Any:
        try:
            return make(value, None)
        except Exception:
            return with_places(key)(value, cls)

    def hook(value: Any, _: Any) -> Any:
        if type(value) is dict:
            try:
                return make(value, None)
            except Exception:
                return from_object(value)  # it may have fields that are `UNSET`, or are not copied
        return from_object(value)

    def from_object(value: Any) -> Any:
        if type(value) is cls:
            if is_validated(value):
                return value
            given = {name: field for name in names if (field := getattr(value, name)) is not UNSET}
            checked = from_mapping(given)
            if isinstance(value, WireObject) and value.extra_fields:
                return _check_extra_fields(attrs.evolve(checked, extra_fields=value.extra_fields))
            if all(_is_immutable(field) and getattr(checked, name) is field for name, field in given.items()):
                _validated.put(value, True)
                return value
            return checked
        if isinstance(value, copied_from):
            value = {name: field for name in names if (field := getattr(value, name, None)) not in (None, UNSET)}
        if not is_object(value):
            raise InvalidValueError(f"{show(value)} is neither a mapping nor a {cls.__name__}")
        if any(field is UNSET for field in value.values()):
            value = {name: field for name, field in value.items() if field is not UNSET}
        if not not_copied.isdisjoint(value):  # the mapping of an object that can be copied
            value = {
                name: field
                for name, field in value.items()
                if name not in not_copied and (field is not None or name not in names)
            }
        return from_mapping(value)

    return hook


@cache
def with_places(cls: type[Any]) -> Hook:
    """Return the hook for mappings whose errors have the place of each value."""
    overrides: dict[str, Any] = {"extra_fields": override(omit=True)} if issubclass(cls, WireObject) else {}
    hook: Hook = make_dict_structure_fn(
        cls, _strict_converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True, **overrides
    )
    return hook


def _is_immutable(value: object) -> bool:
    """Return whether a valid value can never become invalid."""
    return value is None or type(value) in (str, int, float, bool) or is_validated(value)


def _check_extra_fields(value: Any) -> Any:
    for problem in json_problems(value.extra_fields, ""):
        raise InvalidValueError(problem.problem, at=problem.path)
    return attrs.evolve(value, extra_fields=to_builtins(value.extra_fields))


def _make_strict_converter() -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    hooks: dict[type, Hook] = {int: check_int, float: check_float, bool: check_bool, str: check_str}
    for kind, hook in hooks.items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook(datetime, check_datetime)
    converter.register_structure_hook(Upload, _check_upload)
    converter.register_structure_hook_func(is_callable, check_callable)
    converter.register_structure_hook_factory(is_literal, check_literal)
    converter.register_structure_hook_func(is_mapping, _check_mapping)
    converter.register_structure_hook_factory(is_typed_mapping, _check_typed_mapping)
    converter.register_structure_hook_factory(is_list, _check_list)
    converter.register_structure_hook_factory(is_wire_class, _check_class)
    converter.register_structure_hook_factory(is_union, _check_union)
    converter.register_structure_hook_factory(is_path, check_path)
    converter.register_structure_hook_factory(is_annotated, _check_annotated)
    return converter


_strict_converter: Final = _make_strict_converter()
