"""Dumping of pydantic models in arguments, such as classes of a server or of another client; pydantic is not needed."""

from __future__ import annotations

import sys
from typing import Any

import attrs

from letta_async._schema.json_values import is_array, is_object, join
from letta_async._schema.record import Record
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["dump_models"]


def dump_models(value: Any, path: str = "") -> Any:
    """Return a value with the fields that were set of each pydantic model in it; the same value if there is none.

    The official client sends these fields, too.

    Args:
        value: Value to search, with the mappings, lists and records that it consists of.
        path: Dotted path to the value, for errors.

    Raises:
        InvalidArgumentError: A model cannot be dumped.

    """
    model: Any = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    if model is None:
        return value
    try:
        return _dump(value, path, model)
    except RecursionError:
        return value  # it contains itself, which is said where it is checked


def _dump(value: Any, path: str, model: Any) -> Any:
    if isinstance(value, model):
        try:
            return value.model_dump(mode="json", exclude_unset=True)
        except Exception as error:
            problem = f"{type(value).__name__}.model_dump failed: {type(error).__name__}: {error}"
            raise InvalidArgumentError([ArgumentProblem(path, problem)]) from error
    if isinstance(value, Record):
        record: Any = value
        cls: Any = type(value)
        given = {field.name: getattr(record, field.name) for field in attrs.fields(cls)}
        replaced = _dump(given, path, model)
        return value if replaced is given else attrs.evolve(record, **replaced)
    if is_object(value):
        made: Any = {name: _dump(each, join(path, str(name)), model) for name, each in value.items()}
        return made if any(made[name] is not value[name] for name in made) else value
    if is_array(value):
        dumped = [_dump(each, f"{path}[{index}]", model) for index, each in enumerate(value)]
        return dumped if any(new is not old for new, old in zip(dumped, value, strict=True)) else value
    return value
