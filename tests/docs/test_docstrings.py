"""Everything public says what it is: each field, and each parameter of each method."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

import letta_async
import letta_async.testing
from letta_async._base_client import BaseClient
from letta_async._schema.annotations import tag_of
from letta_async.operations._operation import Operation
from letta_async.resources._client import AsyncResources, Resources
from letta_async.resources._resource import Part

from .fields import documented_fields

CLASSES = [
    cls
    for module in (letta_async, letta_async.testing)
    for name in module.__all__
    if inspect.isclass(cls := getattr(module, name)) and attrs.has(cls) and not issubclass(cls, Operation)
]


def _find_methods() -> Iterator[Callable[..., Any]]:
    yield BaseClient.__init__
    for client in (AsyncResources, Resources):
        for cls in (client, *_resources(client)):
            yield from _public(cls)
    yield from _public(letta_async.RetryPolicy)


def _resources(cls: type[Any]) -> Iterator[type[Any]]:
    for name, member in inspect.getmembers_static(cls):
        if isinstance(member, Part):
            yield (part := getattr(cls, name))
            yield from _resources(part)


def _public(cls: type[Any]) -> Iterator[Callable[..., Any]]:
    return (member for name, member in inspect.getmembers(cls, inspect.isfunction) if not name.startswith("_"))


METHODS = list(_find_methods())


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_described(cls: type[Any]) -> None:
    tag = tag_of(cls)
    fields = {field.name for field in attrs.fields(cls)} - {tag[0] if tag else None}
    assert fields <= set(documented_fields(cls))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_every_parameter_is_described(method: Callable[..., Any]) -> None:
    described = _described(method)
    assert set(inspect.signature(method).parameters) - {"self"} <= described


def _described(method: Callable[..., Any]) -> set[str]:
    return set(re.findall(r"^    \*{0,2}(\w+): ", inspect.getdoc(method) or "", re.MULTILINE))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_every_call_says_what_it_raises(method: Callable[..., Any]) -> None:
    assert "\nRaises:\n" in (inspect.getdoc(method) or "") or method.__qualname__.startswith("RetryPolicy")
