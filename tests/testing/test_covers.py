"""Test that the embedded server has a route for every operation of the client."""

from __future__ import annotations

import re
from typing import Any

import pytest

from letta_async import APIStatusError, Letta
from letta_async.operations._operation import Operation
from letta_async.operations._tree import TREE
from letta_async.testing import EmbeddedServer
from letta_async.testing._route import Route
from letta_async.testing._routes import match
from tests.ids import AGENT


@pytest.mark.parametrize("call", TREE.values(), ids=lambda call: call.__name__)
def test_the_call_has_a_route_with_the_parameters_of_the_call(call: type[Operation[Any]]) -> None:
    found = match(call.http.method, re.sub(r"\{\w+\}", "x", call.http.path))
    assert isinstance(found, tuple), f"{call.http.method} {call.http.path} is not found"
    assert isinstance(found[0], Route)


def test_a_call_without_code_here_says_which_script_would_answer_it() -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url, max_retries=0) as client:
        with pytest.raises(APIStatusError, match=r"501 .*server\.script\(\"POST\", \"/v1/agents/\*/tools/\*/run\", "):
            client.agents.tools.run("roll", agent_id=AGENT)
        server.script("POST", "/v1/agents/*/tools/*/run", body={"status": "success", "func_return": 4})
        result = client.agents.tools.run("roll", agent_id=AGENT)
        assert (result.status, result.func_return) == ("success", 4)
