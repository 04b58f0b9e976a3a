"""Docstrings in Google style: the description of a function, and those of its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

__all__ = ["Docstring", "parse_docstring"]

_PARAMETERS: Final = frozenset({"Args", "Arguments", "Params", "Parameters", "Keyword Args", "Keyword Arguments"})
_SECTION: Final = re.compile(
    r"(Args|Arguments|Params|Parameters|Keyword Arg(?:ument)?s|Other Parameters|Returns?|Yields?|Raises|Warns|Examples?"
    r"|Notes?|Attributes|References|See Also|Todo|Warnings?):\s*"
)
_PARAMETER: Final = re.compile(r"(\s+)\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:(?:\s+(.*)|)")


@attrs.frozen
class Docstring:
    """What a docstring says of a function."""

    description: str
    """Text before the first section; empty if there is none."""
    parameters: dict[str, str]
    """Description of each parameter that the section `Args` has, on one line."""


def parse_docstring(text: str | None) -> Docstring:
    """Parse a docstring in Google style; one in another style is a description as a whole."""
    above: list[str] = []
    described: list[str] = []
    section = ""
    for line in inspect.cleandoc(text or "").splitlines():
        if heading := _SECTION.fullmatch(line):
            section = heading[1]
        elif not section:
            above.append(line)
        elif section in _PARAMETERS:
            described.append(line)
    return Docstring("\n".join(above).strip(), dict(_parameters(described)))


def _parameters(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names and descriptions; what is indented deeper than the first name continues a description."""
    indent: str | None = None
    name, words = "", list[str]()
    for line in lines:
        found = _PARAMETER.fullmatch(line)
        if found and indent in {None, found[1]}:
            if name:
                yield name, " ".join(words)
            indent, name, words = found[1], found[2], (found[3] or "").split()
        else:
            words += line.split()
    if name:
        yield name, " ".join(words)
