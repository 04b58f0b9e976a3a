"""Methods and keywords of clients that have another name in this package."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import libcst as cst

from letta_async.cli.migration.client_expressions import Clients
from letta_async.cli.migration.findings import Findings
from letta_async.cli.migration.own_surface import has_path, parameters
from letta_async.cli.migration.renames import (
    CONSTRUCTOR_ADVICE,
    CONSTRUCTOR_KEYWORDS,
    KEYWORD_ADVICE,
    KEYWORDS,
    METHOD_ADVICE,
    METHODS,
    NEW,
    POSITIONAL,
    RESOURCES,
    SUSPECTS,
)
from letta_async.cli.migration.tree import chain, keyword

__all__ = ["change_calls"]


def change_calls(found: Findings, clients: Clients) -> None:
    """Change what is called on clients; add a note about what only looks like it."""
    tree = found.tree
    for call in tree.nodes(cst.Call):
        if clients.is_class(call.func):
            _change_keywords(found, call, "", CONSTRUCTOR_KEYWORDS, CONSTRUCTOR_ADVICE)
    for attribute in tree.nodes(cst.Attribute):
        if isinstance(tree.parent(attribute), cst.Attribute):
            continue
        path = clients.path(attribute)
        if path is None:
            _note_suspect(found, attribute)
        elif path and not found.is_uploaded(attribute):
            _change_path(found, attribute, path)


def new_path(old: str) -> str:
    """Return the path in this package of a resource or method, which may be the same."""
    for resource, new in RESOURCES.items():
        if old == resource or old.startswith(f"{resource}."):
            old = new + old.removeprefix(resource)
            break
    return METHODS.get(old, old)


def _change_path(found: Findings, attribute: cst.Attribute, old: str) -> None:
    new = new_path(old)
    advice = METHOD_ADVICE.get(old) or next(
        (METHOD_ADVICE[each] for each in old.split(".") if each in METHOD_ADVICE), None
    )
    if advice is not None and (new != old or not has_path(old)):
        found.note(attribute, f"{NEW} has no {old}: {advice}")
    elif not has_path(new):
        found.note(attribute, f"{NEW} has no {old}" + (f", nor {new}" if new != old else ""))
    else:
        _rename(found, attribute, old.split("."), new.split("."))
        call = found.tree.parent(attribute)
        if isinstance(call, cst.Call) and call.func is attribute:
            _change_arguments(found, call, new)


def _rename(found: Findings, attribute: cst.Attribute, old: list[str], new: list[str]) -> None:
    """Change the names of attributes from the last one that both have to the end."""
    names = chain(attribute)[1:]
    names = names[-len(old) :]
    first = len(old) - len(names)  # those before it are attributes of another expression, which is changed by itself
    renamed = [*new[: len(old) - 1], ".".join(new[len(old) - 1 :])]
    for name, was, becomes in zip(names, old[first:], renamed[first:], strict=False):
        if becomes and was != becomes:
            found.replace(name, becomes)
    kept = len(new) - first
    if 0 < kept < len(names):
        found.remove(names[kept - 1], names[-1])


def _change_arguments(found: Findings, call: cst.Call, path: str) -> None:
    table = dict[str, str]()
    for owner, keywords in KEYWORDS.items():
        if path == owner or path.startswith(f"{owner}."):
            table.update(keywords)
    _change_keywords(found, call, path, table, KEYWORD_ADVICE)
    if path not in POSITIONAL:
        return
    first, second = POSITIONAL[path]
    before = [each for each in call.args if each.keyword is None]
    olds = {second, *(old for old, new in table.items() if new == second)}
    named = any(keyword(call.args, each) is not None for each in olds)
    if any(each.star for each in before) and not named and keyword(call.args, first) is None:
        found.note(call, f"{path}: were there two positional arguments, {first} and {second}? Now only {second} is one")
    elif len(before) == 2 or (len(before) == 1 and named):
        for argument, name in zip(before, (first, second), strict=False):
            found.insert(argument, f"{name}=")


def _change_keywords(
    found: Findings, call: cst.Call, path: str, table: Mapping[str, str], advice: Mapping[str, str]
) -> None:
    known = parameters(path)
    what = path or "the client"
    if any(each.star == "**" for each in call.args) and (hidden := _named_in_strings(found, {*table, *advice})):
        found.note(call, f"keywords of {what} in ** were not changed: is {hidden} among them?")
    for argument in call.args:
        if argument.keyword is None or known is None:
            continue
        name = argument.keyword.value
        if (new := table.get(name)) is not None and new in known and keyword(call.args, new) is None:
            found.replace(argument.keyword, new)
        elif name not in known:
            found.note(argument, f"{what} has no parameter {name}" + (f": {advice[name]}" if name in advice else ""))


def _named_in_strings(found: Findings, keywords: Collection[str]) -> str | None:
    """Return a keyword that a string of the program has, as the key of a dictionary has it."""
    return next((each.raw_value for each in found.tree.nodes(cst.SimpleString) if each.raw_value in keywords), None)


def _note_suspect(found: Findings, attribute: cst.Attribute) -> None:
    names = [part.value for part in chain(attribute)[1:] if isinstance(part, cst.Name)]
    for count in range(len(names), 1, -1):
        if (old := ".".join(names[-count:])) in SUSPECTS:
            new = METHOD_ADVICE.get(old) or f"in {NEW} it is {new_path(old)}"
            found.note(attribute, f"{old}, of what may be a client: {new}")
            return
