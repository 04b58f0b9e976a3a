"""Checks that generated code makes in place for the usual values of the usual types, before it calls a hook."""

from __future__ import annotations

from typing import Any, Final

from letta_async._schema.class_code import Hook
from letta_async._schema.scalar_checks import PatternCheck, check_bool, check_str

__all__ = ["NULLABLE", "check_line"]


def _check_nullable_str(value: Any, _: Any) -> str | None:
    return None if value is None else check_str(value, None)


def _check_nullable_bool(value: Any, _: Any) -> bool | None:
    return None if value is None else check_bool(value, None)


NULLABLE: Final[dict[Hook, Hook]] = {check_str: _check_nullable_str, check_bool: _check_nullable_bool}
"""Hooks of types that `None` belongs to as well, by the hook of the type without it."""
_UNUSUAL_STR: Final = "type({field}) is not str or not {field}.isascii() or '\\0' in {field}"
_UNUSUAL_MATCH: Final = f"{_UNUSUAL_STR} or not hook_{{field}}.matches({{field}})"
_UNUSUAL_BOOL: Final = "{field} is not True and {field} is not False"
_UNUSUAL: Final[dict[Hook, str]] = {
    check_str: _UNUSUAL_STR,
    check_bool: _UNUSUAL_BOOL,
    _check_nullable_str: f"{{field}} is not None and ({_UNUSUAL_STR})",
    _check_nullable_bool: f"{{field}} is not None and {_UNUSUAL_BOOL}",
}
"""Conditions under which a hook must look at a value."""


def check_line(hook: Hook, variable: str) -> str:
    """Return the source that checks a variable."""
    condition = _UNUSUAL_MATCH if isinstance(hook, PatternCheck) else _UNUSUAL.get(hook, "True")
    return f"    if given and ({condition.format(field=variable)}): {variable} = hook_{variable}({variable}, None)"
