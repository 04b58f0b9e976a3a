"""Write `docs/reference/providers.md` from the classes: `python -m tests.docs.providers`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import attrs

from letta_async import CompactionSettings, ModelSettings, ResponseFormat, UnknownModelSettings, Unset
from letta_async._schema.annotations import (
    is_annotated,
    is_literal,
    is_union,
    is_wire_class,
    tag_of,
    value_members,
    wire_names,
)
from letta_async._schema.constraints import Range
from letta_async.testing._facts import FIELDS, REQUIRED, VERSION

from .fields import documented_fields

__all__ = ["PATH", "PROVIDERS", "document"]

PATH: Final = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"
PROVIDERS: Final = [cls for cls in get_args(ModelSettings) if cls is not UnknownModelSettings]

_INTRODUCTION: Final = f"""\
# Settings, field by field

Every class of [settings](../settings.md), with what each field may be, what the server takes when it is left out, and
what it means. The defaults are those of Letta {VERSION}; of what only the hosted API knows, none was seen. This page is
written from the classes, and from the defaults that the embedded server goes by: `python -m tests.docs.providers`.
"""
_HEAD: Final = "| field | values | server's default | meaning |\n|---|---|---|---|"
_NOT_SEEN: Final = object()
_DEFAULT: Final = re.compile(r" *Server default:.*")


def document() -> str:
    """Create the page."""
    parts = [cls for cls in _reached(PROVIDERS) if tag_of(cls) is None]
    lines = [
        *(_INTRODUCTION, *_section(CompactionSettings, level=2)),
        *("## Providers\n", *_sections(PROVIDERS)),
        *("## Parts of these\n", *_sections(parts)),
        *("## Response formats\n", *_sections(get_args(ResponseFormat))),
    ]
    return "\n".join(lines)


def _reached(classes: Iterable[type[Any]]) -> list[type[Any]]:
    """Return the classes that fields of these classes hold, each once."""
    found: dict[type[Any], None] = {}
    for cls in classes:
        for field in attrs.fields(attrs.resolve_types(cls)):
            found |= dict.fromkeys(filter(is_wire_class, value_members(field.type) if is_union(field.type) else []))
    return list(found)


def _sections(classes: Iterable[type[Any]]) -> list[str]:
    return [line for cls in classes for line in _section(cls, level=3)]


def _section(cls: type[Any], *, level: int) -> list[str]:
    docs = documented_fields(cls)
    types = {field.name: field.type for field in attrs.fields(attrs.resolve_types(cls))}
    tag, value = tag_of(cls) or (None, None)
    rows = [
        f"| `{name}` | {_values(types[name])} | {_default(cls, name)} | {_meaning(docs[name])} |"
        for name in wire_names(cls)
        if name != tag
    ]
    table = [_HEAD, *rows, ""] if rows else []
    known_by = f" `{tag}` is `{value}`." if tag else ""
    return [f"{'#' * level} {cls.__name__}\n", f"{_first_paragraph(cls)}{known_by}\n", *table]


def _first_paragraph(cls: type[Any]) -> str:
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def _values(annotation: Any) -> str:
    if annotation == ResponseFormat | None | Unset:
        return "a [response format](#response-formats), `None`"
    if annotation == ModelSettings | None | Unset:
        return "one of the [providers](#providers), `UnknownModelSettings`, `None`"
    if is_union(annotation):
        values = [_values(member) for member in value_members(annotation)]
        return ", ".join([*values, "`None`"] if type(None) in get_args(annotation) else values)
    if is_literal(annotation):
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if is_annotated(annotation):
        kind, mark = get_args(annotation)
        return f"{_values(kind)} {mark}" if isinstance(mark, Range) else _values(kind)
    if is_wire_class(annotation):
        return f"[`{annotation.__name__}`](#{annotation.__name__.lower()})"
    return {bool: "`True`, `False`", int: "whole number", float: "number", str: "text"}.get(annotation, "mapping")


def _default(cls: type[Any], name: str) -> str:
    default = FIELDS.get(cls, {}).get(name, _NOT_SEEN)
    if default is _NOT_SEEN:
        return "not seen"
    if default is REQUIRED:
        return "none: required"
    if isinstance(default, Mapping):
        return ", ".join(f"`{key}={value!r}`" for key, value in default.items())
    return f"`{default!r}`" if not isinstance(default, str) else f"`{default}`"


def _meaning(text: str) -> str:
    """Take out what another column says."""
    return _DEFAULT.sub("", " ".join(text.split())).replace("|", "\\|")


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
