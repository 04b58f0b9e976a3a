"""Returns of tools in the form in which an agent reads them: text, or parts such as images."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

import attrs

from letta_async._schema.json_values import is_array, is_object, show, to_builtin_scalar
from letta_async._schema.record import Record
from letta_async._schema.validation import check
from letta_async.types.content import Content, ImageContent, TextContent
from letta_async.types.message import ToolReturn

__all__ = ["content_of"]


def content_of(value: object) -> Content:
    """Return what a tool returned as the content of a message.

    A string stays as it is, and `None` is `"None"`, as with the server's own tools. `TextContent`, `ImageContent` and
    lists of them are sent as parts. Anything else is JSON, in which objects are written by their fields.

    Raises:
        InvalidArgumentError: A part is not what the API takes.
        TypeError: A value has no form in JSON.
        RecursionError: A value contains itself.

    """
    if isinstance(value, str):
        return str(to_builtin_scalar(value))
    if value is None:
        return "None"
    if isinstance(value, TextContent | ImageContent):
        return _check_parts([value])
    if is_array(value) and value and all(isinstance(each, TextContent | ImageContent) for each in value):
        return _check_parts(list(value))
    return json.dumps(_json_value(value), ensure_ascii=False)


def _check_parts(parts: list[Any]) -> Content:
    """Return parts that the request with them can be made of: else it would fail after the tools have run."""
    return check(ToolReturn, {"tool_return": parts, "status": "success", "tool_call_id": ""}).tool_return


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it: objects by their fields, keys as strings, sets as arrays."""
    if value is None or isinstance(value, str | bool | int | float):
        return to_builtin_scalar(value)
    if isinstance(value, Enum):
        return _json_value(value.value)
    if isinstance(value, Record):
        return value.to_dict()
    if is_object(value):
        return {_key_text(name): _json_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_value(each) for each in cast("Iterable[Any]", value)]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal | PurePath):
        return str(value)
    if callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
        return dump(mode="json")  # pydantic's models, and what has their methods
    names = _field_names(value)
    if names is not None:
        return {name: _json_value(getattr(value, name)) for name in names}
    raise TypeError(f"the tool returned {show(value)}, which has no form in JSON")


def _field_names(value: Any) -> list[str] | None:
    """Return the names of the fields of an object; `None` if its class declares none."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    return [field.name for field in attrs.fields(value.__class__)] if attrs.has(value.__class__) else None


def _key_text(name: Any) -> str:
    plain = _json_value(name)
    return plain if isinstance(plain, str) else str(plain)
