"""Contract tests of `/openapi.json`: what the embedded server describes, the real one describes as well."""

from __future__ import annotations

import json
from typing import Any

import pytest

from letta_async.testing._openapi import description
from tests.contract.wire import Http

OURS = json.loads(description())
HOSTED = ("/schedule", "/v1/client-side-access-tokens", "/v1/environments", "/v1/templates")
"""In the paths of calls that the hosted API alone has."""
OPERATIONS = [
    (path, method)
    for path, operations in OURS["paths"].items()
    for method in operations
    if not any(part in path for part in HOSTED)
]


@pytest.fixture
async def described(http: Http) -> dict[str, Any]:
    answer = await http.get("/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return answer.json


def parameters(operation: dict[str, Any]) -> set[tuple[str, str, bool]]:
    """Return name, location and requirement of each parameter, except headers, which only the real server has."""
    found = operation.get("parameters", [])
    return {(each["name"], each["in"], each["required"]) for each in found if each["in"] != "header"}


def fields(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Return the names of the fields of a body; none if it has no body."""
    if "requestBody" not in operation:
        return set()
    (content,) = operation["requestBody"]["content"].values()
    schema = content["schema"]
    while "properties" not in schema:
        schema = schema["anyOf"][0] if "anyOf" in schema else schema.get("items", schema)
        if "$ref" not in schema:
            return set()  # a list of plain values
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return set(schema["properties"])


async def test_it_is_that_of_a_letta_server(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert described["info"]["version"] == OURS["info"]["version"]


async def test_every_call_is_there_with_its_name_and_parameters(described: dict[str, Any]) -> None:
    for path, method in OPERATIONS:
        ours, theirs = OURS["paths"][path][method], described["paths"][path][method]
        assert ours.get("operationId") in {theirs.get("operationId"), None}
        assert parameters(theirs) == parameters(ours), (method, path)


async def test_every_body_has_the_same_fields(described: dict[str, Any]) -> None:
    for path, method in OPERATIONS:
        ours, theirs = OURS["paths"][path][method], described["paths"][path][method]
        assert fields(described, theirs) == fields(OURS, ours), (method, path)
        needed = [operation.get("requestBody", {}).get("required", False) for operation in (ours, theirs)]
        assert needed[0] == needed[1], (method, path)


async def test_it_can_only_be_read(http: Http) -> None:
    answer = await http.post("/openapi.json")
    # Starlette writes the methods in the order of a set: another one each time the server is started.
    assert (answer.status, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
    moved = await http.get("/openapi.json/")
    assert (moved.status, moved.headers["location"]) == (307, f"{http.base_url}/openapi.json")


async def test_it_takes_the_key(secure_http: Http) -> None:
    assert (await secure_http.get("/openapi.json")).status == 401
