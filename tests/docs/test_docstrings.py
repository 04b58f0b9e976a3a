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
from letta_async._annotations import tag_of
from letta_async._options import ConfiguredClient
from letta_async.models._operation import Operation
from letta_async.resources.agents import AsyncAgents
from letta_async.resources.blocks import AsyncBlockAgents, AsyncBlocks
from letta_async.resources.conversations import AsyncConversationMessages, AsyncConversations

from .fields import documented_fields

CLASSES = [
    cls
    for module in (letta_async, letta_async.testing)
    for name in module.__all__
    if inspect.isclass(cls := getattr(module, name)) and attrs.has(cls) and not issubclass(cls, Operation)
]
RESOURCES = (AsyncAgents, AsyncBlockAgents, AsyncBlocks, AsyncConversationMessages, AsyncConversations)


def _find_methods() -> Iterator[Callable[..., Any]]:
    yield ConfiguredClient.__init__
    yield letta_async.AsyncLetta.post
    for cls in (*RESOURCES, letta_async.RetryPolicy):
        for name, member in inspect.getmembers(cls, inspect.isfunction):
            if not name.startswith("_"):
                yield member


METHODS = list(_find_methods())


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_described(cls: type[Any]) -> None:
    tag = tag_of(cls)
    fields = {field.name for field in attrs.fields(cls)} - {tag[0] if tag else None}
    assert fields <= set(documented_fields(cls))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_every_parameter_is_described(method: Callable[..., Any]) -> None:
    described = _described(method)
    if "parameters are those of `create`" in " ".join((inspect.getdoc(method) or "").split()):
        (cls,) = (cls for cls in RESOURCES if method.__qualname__.startswith(f"{cls.__name__}."))
        described |= _described(cls.create)
    assert set(inspect.signature(method).parameters) - {"self"} <= described


def _described(method: Callable[..., Any]) -> set[str]:
    return set(re.findall(r"^    \*{0,2}(\w+): ", inspect.getdoc(method) or "", re.MULTILINE))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_every_call_says_what_it_raises(method: Callable[..., Any]) -> None:
    assert "\nRaises:\n" in (inspect.getdoc(method) or "") or method.__qualname__.startswith("RetryPolicy")
