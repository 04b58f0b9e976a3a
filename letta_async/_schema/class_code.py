"""Functions that make instances of a class from JSON objects, as source code that is generated for each class.

Lists of thousands, event streams and the arguments of calls go through here. `__init__` of a frozen class takes longer
than all the rest: it finds each of its keyword arguments, and sets it by `object.__setattr__`, which looks the field up
again. Plain assignments in generated code take a tenth of that, so an instance is made as one of a subclass that is not
frozen, and becomes one of the class at the end; an operation, which has no slots, gets the dictionary of its values as
it is. Of a response, `extra_fields` is left out if it is empty: `WireObject` makes it on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MemberDescriptorType
from typing import Any, Final

import attrs

from letta_async._schema.annotations import wire_names
from letta_async._schema.json_values import is_object

__all__ = [
    "Hook",
    "HookOf",
    "LineOf",
    "RefusedError",
    "compiled_late",
    "generated",
    "structure_lines",
    "validation_lines",
]

Hook = Callable[[Any, Any], Any]
HookOf = Callable[[Any], Hook]
"""Function that returns the hook of an annotation."""
LineOf = Callable[[Hook, str], str | None]
"""Function that returns the source that converts a variable by its hook, `hook_` and the variable's name: an `if`."""

_MISSING: Final = object()
"""Value of a required field that a JSON object lacks."""


class RefusedError(ValueError):
    """A value is not an object of the class, without saying why."""


@attrs.frozen(eq=False)
class _Lines:
    """Source that differs between functions."""

    head: str
    """Beginning of the function."""
    unknown: str
    """Source for members that are not declared; `given` has them at its end."""
    missing: str
    """Source for a required member that is missing."""
    extra: str
    """Source that sets `extra_fields`, of a class that has them."""


structure_lines: Final = _Lines(
    head="""
    if type(value) is not dict and not is_object(value):
        return value
    unknown = None""",
    unknown="unknown = {name: given.pop(name) for name in value if name not in defaults}",
    missing="return value",
    extra="""    if unknown is not None:
        made.extra_fields = unknown""",
)
"""Lines of a tolerant function, which returns what it cannot convert and keeps unknown members."""
validation_lines: Final = _Lines(
    head="", unknown="raise RefusedError", missing="raise RefusedError", extra="    made.extra_fields = {}"
)
"""Lines of a strict function, which raises; what it makes is sent, for which `extra_fields` are read."""


def generated(cls: type[Any], hook_of: HookOf, lines: _Lines, line_of: LineOf, names: dict[str, Any]) -> Hook:
    """Return a function that makes instances of a class, whose code is generated at the first call.

    A response has few of the classes that it can have, and a call few of the arguments.

    Args:
        cls: The class.
        hook_of: Function that returns the hook of a field's type.
        lines: Source that differs between functions.
        line_of: Function that returns the source for a field that was given.
        names: Names that these use.

    """
    hook: Hook = compiled_late(
        f"{cls.__name__} from JSON", lambda: names | _names_of_code(cls, hook_of, lines, line_of)
    )
    return hook


def compiled_late(title: str, names_of_code: Callable[[], dict[str, Any]]) -> Any:
    """Return a function whose code is generated at the first call.

    Args:
        title: What it makes of what, for tracebacks.
        names_of_code: Function that returns the names that the code uses, and in `source` that of a function `make`.

    """
    known: dict[str, Any] = {}

    def generate() -> Any:
        known.update(names_of_code())
        exec(compile(known["source"], f"<{title}>", "exec"), known)  # noqa: S102 - made of field names
        function.__code__ = known["make"].__code__
        return function

    known["generate"] = generate
    function: Any = FunctionType(_first_call.__code__, known, "make")
    return function


def _first_call(*values: Any) -> Any:
    return generate()(*values)  # type: ignore[name-defined]  # noqa: F821 - of the function that gets this code


def _names_of_code(cls: type[Any], hook_of: HookOf, lines: _Lines, line_of: LineOf) -> dict[str, Any]:
    """Return the names that the code of a class's function uses, and its source."""
    fields = attrs.fields_dict(attrs.resolve_types(cls, include_extras=True))
    variables = {name: f"f{number}" for number, name in enumerate(wire_names(cls))}
    defaults = {name: fields[name].default for name in variables}
    known: dict[str, Any] = {
        "RefusedError": RefusedError,
        "cls": cls,
        "defaults": {name: _MISSING if each is attrs.NOTHING else each for name, each in defaults.items()},
        "is_object": is_object,
        "missing": _MISSING,
        "new": object.__new__,
    }
    has_dict = _has_fields_in_dict(cls)
    if has_dict:
        known["set_dict"] = next(vars(each)["__dict__"] for each in cls.__mro__ if "__dict__" in vars(each)).__set__
    else:
        known["writable"] = _writable(cls)
    source = [
        f"def make(value, _):{lines.head}",
        "    given = {**defaults, **value}",
        f"    if len(given) > {len(variables)}: {lines.unknown}",
    ]
    if variables:
        source.append(f"    {', '.join(variables.values())}, = given.values()")
    if required := [f"{variables[name]} is missing" for name, each in defaults.items() if each is attrs.NOTHING]:
        source.append(f"    if {' or '.join(required)}: {lines.missing}")
    for name, variable in variables.items():
        hook = hook_of(fields[name].type)
        line = line_of(hook, variable)
        if line is None:
            continue
        known |= {f"hook_{variable}": hook, f"default_{variable}": defaults[name]}
        given = [] if defaults[name] is attrs.NOTHING else [f"{variable} is not default_{variable}"]
        if has_dict:
            line = _with_statement(line, f"given[{name!r}] = {variable}")
        source.append(line.replace("if given", f"if {' and '.join(given) or 'True'}"))
    if has_dict:
        source += ["    made = new(cls)", "    set_dict(made, given)"]
    else:
        source.append("    made = new(writable)")
        source += [f"    made.{name} = {variable}" for name, variable in variables.items()]
        source += [lines.extra] * ("extra_fields" in fields)
        source.append("    made.__class__ = cls")
    source.append("    return made")
    return known | {"source": "\n".join(source)}


def _has_fields_in_dict(cls: type[Any]) -> bool:
    """Return whether instances have all of their fields in `__dict__`, as those of operations do."""
    in_slots = (isinstance(getattr(cls, name, None), MemberDescriptorType) for name in attrs.fields_dict(cls))
    return bool(cls.__dictoffset__) and not any(in_slots)


def _with_statement(line: str, statement: str) -> str:
    """Return the source of an `if` with a statement at the end of its block."""
    return f"{line}\n        {statement}" if "\n" in line else f"{line}; {statement}"


def _writable(cls: type[Any]) -> type[Any]:
    """Return a subclass of the same layout whose fields are assigned as those of any class.

    The interpreter does so directly only if `__delattr__` is the usual one as well.
    """
    usual = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(f"_Writable{cls.__name__}", (cls,), {**usual, "__module__": __name__})
