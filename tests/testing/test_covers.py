"""Every call that the client has a method for is one that the embedded server answers."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import pytest

from letta_async.models._operation import Operation
from letta_async.testing._routes import Route, match

MODELS = ("agent", "block", "conversation", "message")


def calls() -> list[type[Operation[Any]]]:
    classes = [
        cls
        for name in MODELS
        for _, cls in inspect.getmembers(import_module(f"letta_async.models.{name}"), inspect.isclass)
        if issubclass(cls, Operation) and not inspect.isabstract(cls) and hasattr(cls, "path")
    ]
    return sorted(set(classes), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("call", calls(), ids=lambda call: call.__name__)
def test_the_call_has_a_route_with_the_parameters_of_the_call(call: type[Operation[Any]]) -> None:
    found = match(call.method, re.sub(r"\{\w+\}", "x", call.path))
    assert isinstance(found, tuple), f"{call.method} {call.path} is not found"
    assert isinstance(found[0], Route)
    assert found[0].name is not None


def test_these_are_all_calls() -> None:
    assert len(calls()) == 22
