"""Program that makes the calls with the official client, in that client's own environment.

Its argument is the URL of the server of the conformance test. It gets the calls there, makes responses from the types
of their results and puts them there; then it makes the calls, and prints what it reads, one line of JSON per response.
"""

from __future__ import annotations

import functools
import inspect
import json
import operator
import sys
import typing
import urllib.request
from datetime import date, datetime
from typing import Any

import letta_client
from letta_client import Letta, Stream, pagination
from letta_client._models import BaseModel
from letta_client._utils import parse_datetime
from pydantic.fields import FieldInfo

_LAST_PAGE: dict[str, Any] = {"has_more": False, "next_cursor": None}
_ALWAYS = {"id", *_LAST_PAGE}
"""Members that servers always send, although the types do not say so."""


class Sampler:
    """Maker of a JSON value for a type: of unions it takes the member with a number, in lists one item per member."""

    def __init__(self, number: int, *, optional: bool = True) -> None:
        self.number = number
        self.optional = optional
        """Whether objects have members besides those that servers always send."""
        self.width = 1
        """The most members of a union that was met outside lists: so many numbers there are."""
        self._item = 0
        self._open: list[type] = []

    def make(self, kind: Any, name: str = "value") -> Any:
        """Return a value; texts and numbers depend on the name of the field, so that no two fields have the same."""
        kind = bare(kind)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Literal:
            return arguments[self.number % len(arguments)]
        if arms := union_arms(kind):
            self.width = max(self.width, len(arms))
            return self.make(arms[self.number % len(arms)], name)
        if origin is list:
            return [
                self._item_of(arm, name, place) for place, arm in enumerate(union_arms(bare(arguments[0])) or arguments)
            ]
        if origin is dict:
            return {f"{name}_key": self.make(arguments[1], name)}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self._object(kind)
        if name in _LAST_PAGE:
            return _LAST_PAGE[name]
        number = sum(name.encode()) % 97
        plain: dict[Any, Any] = {str: f"{name} text", bool: True, int: number, float: number + 0.5}
        time = f"2026-01-02T{23 - self._item:02}:04:05.678000Z"  # lists are the newest first
        plain |= {
            datetime: time,
            date: time[:10],
            object: {name: [number, None]},
            type(None): None,
            Any: {name: number},
        }
        return plain[kind]

    def _item_of(self, kind: Any, name: str, place: int) -> Any:
        self._item, outer = place, self._item
        value = self.make(kind, name)
        self._item = outer
        return value

    def _object(self, kind: type[BaseModel]) -> Any:
        if self._open.count(kind) > 1:
            return None
        self._open.append(kind)
        fields: dict[str, FieldInfo] = kind.model_fields
        made = {
            field.alias or name: self.make(field.annotation, name)
            for name, field in fields.items()
            if self.optional or field.is_required() or name in _ALWAYS or is_tag(field.annotation)
        }
        self._open.pop()
        return made


def bare(kind: Any) -> Any:
    """Return a type without `Annotated`, and without the name that was given to it."""
    while True:
        if hasattr(kind, "__metadata__"):
            kind = kind.__origin__
        elif hasattr(kind, "__value__"):
            kind = kind.__value__
        else:
            return kind


def is_tag(kind: Any) -> bool:
    """Return whether a type has one value besides `None`, which tells the members of a union apart."""
    literals = [arm for arm in (union_arms(bare(kind)) or [bare(kind)]) if typing.get_origin(arm) is typing.Literal]
    return len(literals) == 1 and len(typing.get_args(literals[0])) == 1


def union_arms(kind: Any) -> list[Any]:
    """Return the members of a union without `None`, unions in it taken apart; none if it is no union."""
    if typing.get_origin(kind) not in (typing.Union, type(int | str)):
        return []
    arms = [bare(arm) for arm in typing.get_args(kind) if arm is not type(None)]
    return [inner for arm in arms for inner in (union_arms(arm) or [arm])]


def responses(expression: str, method: str) -> tuple[str, list[Any]]:
    """Return the form of a call's response, `json` or `events`, and the responses that show everything it can have."""
    result = bare(result_of(method))
    streams = [arm for arm in (union_arms(result) or [result]) if typing.get_origin(arm) is Stream]
    wholes = [arm for arm in (union_arms(result) or [result]) if typing.get_origin(arm) is not Stream]
    if streams and (not wholes or "streaming=True" in expression):
        (events,) = typing.get_args(streams[0])
        return "events", [Sampler(0).make(list[events])]
    return "json", samples(functools.reduce(operator.or_, wholes))


def samples(kind: Any) -> list[Any]:
    """Return a response for each member of the widest union in a type, and one with the required members alone."""
    is_page = isinstance(kind, type) and issubclass(kind, pagination.SyncArrayPage)
    made: list[Any] = []
    width = 1
    while len(made) < width:
        sampler = Sampler(len(made))
        made.append(sampler.make(kind))
        width = max(width, sampler.width)
    made.append(Sampler(0, optional=False).make(kind))
    return [value["items"] for value in made] if is_page else made


@functools.cache
def function(method: str) -> Any:
    """Return a method of a client."""
    return functools.reduce(getattr, method.split("."), Letta(api_key="key"))


@functools.cache
def result_of(method: str) -> Any:
    """Return the type of a method's result."""
    return typing.get_type_hints(function(method), include_extras=True)["return"]


def parameters_of(method: str) -> list[tuple[str, str]]:
    """Return the names and kinds of a method's parameters."""
    return [(name, each.kind.name) for name, each in inspect.signature(function(method)).parameters.items()]


def described(value: Any) -> Any:
    """Return what was read as JSON that keeps apart objects with attributes, mappings and times."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields  # an alias is read twice, as what it stands for and as a further member
        further = (value.model_extra or {}).keys() - {field.alias for field in fields.values()}
        names = [*fields, *sorted(further)]
        return {"model": type(value).__name__, "fields": {name: described(getattr(value, name)) for name in names}}
    if isinstance(value, dict):
        return {"mapping": {name: described(item) for name, item in value.items()}}
    if isinstance(value, list):
        return [described(item) for item in value]
    return {"time": value.isoformat()} if isinstance(value, date) else value


def read(result: Any, method: str) -> Any:
    """Return a call's result: of a stream its events, nothing where no type is promised."""
    if result_of(method) is object:
        return None
    if isinstance(result, Stream):
        return described(list(result))
    return described(result)


def main(base_url: str) -> None:
    """Put the responses, then make the calls."""
    with urllib.request.urlopen(f"{base_url}/calls") as answer:
        calls = json.load(answer)
    served: dict[str, tuple[str, list[Any]]] = {}
    shown: set[tuple[str, str]] = set()
    for name, method, expression in calls:
        form, made = responses(expression, method)
        served[name] = form, made[: None if (method, form) not in shown else 1]
        shown.add((method, form))
    body = json.dumps(served).encode()
    urllib.request.urlopen(urllib.request.Request(f"{base_url}/responses", data=body, method="PUT")).close()
    print(json.dumps(letta_client.__version__))
    print(json.dumps({method: parameters_of(method) for _, method, _ in calls}))
    plain = Letta(base_url=base_url, api_key="key", max_retries=0)
    for name, method, expression in calls:
        for number in range(len(served[name][1])):
            client = plain.with_options(default_headers={"x-call": f"official {number} {name}"})
            result = eval(expression, {"client": client, "parse_datetime": parse_datetime})
            print(json.dumps([name, number, read(result, method)]))


main(sys.argv[1])
