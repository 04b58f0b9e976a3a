"""Tests of the server by schemathesis and its OpenAPI description: no request makes it fail, responses conform.

The real server responds to a few valid requests with a 500. So does this one, and the description lists them with
their bodies. Any other 500 is a bug of this server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from letta_async import Letta
from letta_async.testing import EmbeddedServer
from letta_async.testing._openapi import description
from tests.testing.story import MODEL, fill

schemathesis = pytest.importorskip("schemathesis", reason="it comes with the extra `dev`")

DESCRIBED = schemathesis.openapi.from_dict(json.loads(description()))
DESCRIBED.config.generation.update(allow_x00=False)
OPERATIONS = [
    operation
    for operation in (found.ok() for found in DESCRIBED.get_all_operations())
    if "501" not in operation.definition.raw["responses"]
]
"""Operations that need no script."""
FALLIBLE = [
    operation for operation in OPERATIONS if operation.label not in {"GET /v1/health/", "GET /v1/runs/{run_id}"}
]
"""Operations with parameters, which can therefore be invalid."""
ZONELESS = {"GET /v1/runs/", "GET /v1/runs/{run_id}"}
"""Operations whose responses are not as described, on the real server either: `completed_at` has no time zone."""
DELIBERATE = (
    '{"detail":"A database error occurred."}',
    '{"detail":"An unknown error occurred"}',
    '{"detail":"Export failed: Agent name ',
    '{"error":{"type":"llm_error",',
)
SETTINGS = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def served() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


def known(server: EmbeddedServer) -> dict[str, str]:
    """Create a row of every kind; return the IDs by the names of the parameters that accept them."""
    with Letta(base_url=server.base_url) as client:
        return {f"{name}_id": made for name, made in fill(client).items()}


def sent(case: Any, server: EmbeddedServer, ids: dict[str, str], *, meant: bool) -> Any:
    """Send a case; if it is valid, with IDs that exist and a model that the server has."""
    if meant:
        for name in set(ids).intersection(case.path_parameters or {}):
            case.path_parameters[name] = ids[name]
        if "agent_id" in (case.query or {}):
            case.query["agent_id"] = ids["agent_id"]
        if isinstance(case.body, dict) and "model" in case.body:
            case.body["model"] = MODEL
            case.body.pop("embedding", None)
    return case.call(base_url=server.base_url)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_what_is_meant_is_answered_as_described(operation: Any, served: EmbeddedServer) -> None:
    ids = known(served)
    checks = [
        schemathesis.checks.status_code_conformance,
        schemathesis.checks.content_type_conformance,
    ]
    if operation.label not in ZONELESS:
        checks.append(schemathesis.checks.response_schema_conformance)
    if "500" not in operation.definition.raw["responses"]:
        checks.append(schemathesis.checks.not_a_server_error)

    @given(case=operation.as_strategy(), meant=st.booleans())
    @SETTINGS
    def check(case: Any, meant: bool) -> None:
        response = sent(case, served, ids, meant=meant)
        case.validate_response(response, checks=checks)

    check()


@pytest.mark.parametrize("operation", FALLIBLE, ids=lambda operation: operation.label)
def test_what_is_not_meant_fails_as_the_real_server_fails(operation: Any, served: EmbeddedServer) -> None:
    ids = known(served)

    @given(case=operation.as_strategy(schemathesis.GenerationMode.NEGATIVE), meant=st.booleans())
    @SETTINGS
    def check(case: Any, meant: bool) -> None:
        response = sent(case, served, ids, meant=meant)
        if response.status_code >= 500:
            assert response.headers["content-type"] == ["application/json"], response.text
            assert response.text.startswith(DELIBERATE)

    check()
