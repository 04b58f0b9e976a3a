"""Record of the public API at a release, and comparison with the current one.

`python -m tools.public` writes `tests/recorded/public.txt`: every public name with its parameters, attributes and
result, the commands with their options. Between two releases the file stays as it is, and what differs from it must be
named in the changelog. So once a version is released, this refuses to write while the changelog has something
unreleased.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, ForwardRef

import attrs
import click

import letta_async
from letta_async import dask, otel, testing
from letta_async.cli import commands, exits
from letta_async.resources._resource import Part, RawAccess

ROOT: Final = Path(__file__).resolve().parent.parent
RECORD: Final = ROOT / "tests" / "recorded" / "public.txt"
_OURS: Final = "letta_async"


def main() -> int:
    """Write the record."""
    changelog = Changelog.read((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if changelog.released is not None and changelog.unreleased:
        print("the changelog has something unreleased: give it a version first", file=sys.stderr)
        return 1
    face = describe()
    blocks = [f"# As of {changelog.released or 'no release'}; written by python -m tools.public"]
    blocks += ["\n    ".join([name, *lines]) for name, lines in face.items()]
    RECORD.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    print(f"{RECORD.relative_to(ROOT)}: {len(face)} names")
    return 0


@attrs.frozen
class Changelog:
    """The latest changes in the changelog."""

    unreleased: str
    """Text of the section `Unreleased`."""
    released: str | None
    """The version of the latest release, if there was one."""

    @classmethod
    def read(cls, text: str) -> Changelog:
        """Parse the text of the changelog."""
        sections = re.split(r"^## \[(.+?)\].*$", text, flags=re.MULTILINE)
        if sections[1:2] != ["Unreleased"]:
            raise ValueError("the changelog does not begin with a section [Unreleased]")
        return cls(unreleased=sections[2].strip(), released=sections[3] if len(sections) > 3 else None)

    def names(self, name: str) -> bool:
        """Return whether a name is in a code span of `unreleased`, by itself or in a longer expression."""
        spans = re.findall(r"`([^`]+)`", self.unreleased)
        bare = [re.sub(r"\b(client|letta_async)\.", "", span) for span in spans]
        return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", span) for span in bare)


def recorded() -> tuple[str | None, dict[str, list[str]]]:
    """Read the record; return its release, if any, and the lines of each name."""
    head, *blocks = RECORD.read_text(encoding="utf-8").split("\n\n")
    release = head.removeprefix("# As of ").partition(";")[0]
    face = {name: [line.strip() for line in lines] for name, *lines in (block.splitlines() for block in blocks)}
    return None if release == "no release" else release, face


def changed(before: dict[str, list[str]], now: dict[str, list[str]]) -> list[str]:
    """Return the names that were added, removed or changed, without the parts of those added or removed as a whole."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    whole = {name for name in names if name not in before or name not in now}
    return [name for name in names if not any(name.startswith(f"{other}.") for other in whole)]


def describe() -> dict[str, list[str]]:
    """Return lines that describe each public name, and change when it does."""
    face: dict[str, list[str]] = {}
    for prefix, module in (("", letta_async), ("testing.", testing), ("dask.", dask), ("otel.", otel)):
        for name in module.__all__:
            face.update(_described(prefix + name, getattr(module, name)))
    for name, resource in _resources(letta_async.AsyncLetta):
        face.update(_members(name, resource))
    for name, command in commands.letta_async.commands.items():
        face[f"letta-async {name}"] = [_option(parameter) for parameter in command.params]
    face["letta-async"] = [f"exit code {code.value}: {code.name}" for code in exits.Exit]
    return face


def _resources(cls: type[Any], prefix: str = "") -> Iterator[tuple[str, type[Any]]]:
    """Yield the resources of a client; the sync one has the same, as its own tests check."""
    for name, member in inspect.getmembers_static(cls):
        if isinstance(member, Part):
            yield prefix + name, (part := getattr(cls, name))
            yield from _resources(part, f"{prefix}{name}.")


def _described(name: str, value: Any) -> dict[str, list[str]]:
    if name == "__version__":
        return {}
    if inspect.isfunction(value):
        return {name: _signature(value)}
    if not inspect.isclass(value):
        return {name: [str(value).replace("letta_async.", "")]}
    if not name.startswith("Async") and hasattr(letta_async, f"Async{name}"):
        return {name: [f"as Async{name}, without await"]}
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    constructor = _signature(value)[:-1] if "__init__" in _own(value) else []
    return {name: [f"class ({bases})", *constructor, *_attributes(value)], **_members(name, value)}


def _kin(cls: type[Any]) -> list[type[Any]]:
    """Return a class and the bases of this package whose members no public base of it has already."""
    public = [base for base in cls.__mro__[1:] if base.__name__ in letta_async.__all__]
    told = {each for base in public for each in base.__mro__}
    return [each for each in reversed(cls.__mro__) if each.__module__.startswith(_OURS) and each not in told]


def _own(cls: type[Any]) -> dict[str, Any]:
    """Return the members of a class that are not those of a public base."""
    return {name: member for each in _kin(cls) for name, member in vars(each).items()}


def _attributes(cls: type[Any]) -> list[str]:
    """List the attributes that are annotated and that no parameter of an attrs class stands for."""
    fields = [field.name for field in attrs.fields(cls)] if attrs.has(cls) else []
    annotations = {
        name: kind
        for each in _kin(cls)
        for name, kind in inspect.get_annotations(each).items()
        if not name.startswith("_") and name not in fields
    }
    return [f".{name}: {_kind(kind)}" for name, kind in annotations.items()]


def _members(name: str, cls: type[Any]) -> dict[str, list[str]]:
    """Describe the methods and properties of a class."""
    found: dict[str, list[str]] = {}
    for attribute, member in _own(cls).items():
        if not attribute.startswith("_"):
            if isinstance(member, property):
                getter: Any = member.fget
                found[f"{name}.{attribute}"] = ["property", *_signature(getter)]
            elif inspect.isroutine(member) and not isinstance(member, RawAccess):
                found[f"{name}.{attribute}"] = _signature(getattr(cls, attribute))
    return found


def _signature(function: Any) -> list[str]:
    """Return a line for each parameter, and one for the result."""
    signature = inspect.signature(function)
    lines = ["async"] if inspect.iscoroutinefunction(function) else []
    for parameter in signature.parameters.values():
        if parameter.name != "self":
            mark = {parameter.KEYWORD_ONLY: "* ", parameter.VAR_KEYWORD: "** "}.get(parameter.kind, "")
            default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
            lines.append(f"{mark}{parameter.name}: {_kind(parameter.annotation)}{default}")
    return [*lines, f"-> {_kind(signature.return_annotation)}"]


def _default(value: object) -> str:
    return value.__name__ if inspect.isclass(value) else re.sub(r" at 0x\w+", "", repr(value))


def _kind(annotation: object) -> str:
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _option(parameter: click.Parameter) -> str:
    kind = "|".join(parameter.type.choices) if isinstance(parameter.type, click.Choice) else parameter.type.name
    default = f" = {parameter.default!r}" if type(parameter.default) in {str, int} else ""  # not click's own marks
    return f"{' '.join([*parameter.opts, *parameter.secondary_opts])}: {kind}{default}"


if __name__ == "__main__":
    sys.exit(main())
