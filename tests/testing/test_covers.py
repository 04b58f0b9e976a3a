"""Every call that the client has a method for is one that the embedded server answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from letta_async.operations._operation import Operation
from letta_async.operations._tree import TREE
from letta_async.testing._routes import Route, match


@pytest.mark.parametrize("call", TREE.values(), ids=lambda call: call.__name__)
def test_the_call_has_a_route_with_the_parameters_of_the_call(call: type[Operation[Any]]) -> None:
    found = match(call.http.method, re.sub(r"\{\w+\}", "x", call.http.path))
    assert isinstance(found, tuple), f"{call.http.method} {call.http.path} is not found"
    assert isinstance(found[0], Route)
    assert found[0].name is not None
