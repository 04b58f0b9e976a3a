"""What programs for the official client pass and read besides types: timeouts, options, errors, attributes."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest

from letta_async import (
    APIConnectionError,
    APITimeoutError,
    Block,
    ConflictError,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    Timeout,
    UnknownMessage,
)
from letta_async._schema.converter import read
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

HTTPX_TIMEOUT: Final[Any] = SimpleNamespace(connect=2.0, read=300.0, write=5.0, pool=None)
"""The attributes of an `httpx.Timeout`."""


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url, max_retries=0) as client:
        yield client


# --- timeouts -------------------------------------------------------------------------------------------------------


def test_a_timeout_of_httpx_is_read_by_its_numbers(client: Letta) -> None:
    assert Timeout.of(HTTPX_TIMEOUT) == Timeout(300.0, connect=2.0)
    assert Letta(timeout=HTTPX_TIMEOUT, api_key="k").timeout == Timeout(300.0, connect=2.0)
    assert client.with_options(timeout=HTTPX_TIMEOUT).timeout == Timeout(300.0, connect=2.0)
    assert client.agents.list(timeout=HTTPX_TIMEOUT).items == []
    assert client.get("/v1/agents/", timeout=HTTPX_TIMEOUT) == []


def test_a_timeout_of_httpx_without_limits_has_none() -> None:
    assert Timeout.of(SimpleNamespace(connect=None, read=None, write=None, pool=None)) == Timeout(None, connect=None)  # type: ignore[arg-type]


def test_a_timeout_that_is_neither_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="is not a positive number of seconds"):
        Timeout.of(SimpleNamespace(connect=1.0, read=1.0))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match=r"timeout: 'long'"):
        Timeout.of(SimpleNamespace(connect=1.0, read="long", write=1, pool=1))  # type: ignore[arg-type]


def test_a_timeout_names_its_limit(server: EmbeddedServer, client: Letta) -> None:
    server.script(delay=5, times=1)
    with pytest.raises(APITimeoutError, match=r"within the timeout of 0\.1 s") as caught:
        client.get("/v1/agents/", timeout=0.1)
    assert "timeout" in str(caught.value).lower()


# --- options of a request -------------------------------------------------------------------------------------------


def test_options_are_those_of_the_official_client(server: EmbeddedServer, client: Letta) -> None:
    client.post(
        "/v1/blocks/",
        cast_to=Block,
        body={"label": "human", "value": "x"},
        options={
            "headers": {"X-A": "1"},
            "params": {"q": "2"},
            "extra_json": {"value": "Ada"},
            "timeout": HTTPX_TIMEOUT,
        },
    )
    sent = server.requests[-1]
    assert (sent.headers["x-a"], sent.query, json.loads(sent.body)) == (
        "1",
        {"q": "2"},
        {"label": "human", "value": "Ada"},
    )
    assert client.get("/v1/blocks/", options={}, cast_to=list[Block])[0].value == "Ada"


def test_options_that_are_wrong_are_refused_together(client: Letta) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client.get("/v1/agents/", options={"max_retries": 3, "headers": {}, "params": {}}, extra_headers={})
    assert [str(fault) for fault in caught.value.faults] == [
        "options.max_retries: is not an option of a request; allowed: headers, params, extra_json, timeout",
        "options.headers: excludes extra_headers",
    ]
    with pytest.raises(InvalidArgumentError, match="options: 'x' is not a mapping"):
        client.delete("/v1/agents/", options="x")  # type: ignore[arg-type]


# --- errors ---------------------------------------------------------------------------------------------------------


def test_an_error_has_its_response(client: Letta) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.agents.retrieve(AGENT)
    response = caught.value.response
    assert response.status_code == caught.value.status_code == 404
    assert response.headers["CONTENT-TYPE"] == "application/json"
    assert response.json() == caught.value.body == {"detail": f"Agent with ID {AGENT} not found"}
    assert json.loads(response.text) == response.json()
    for made in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert made.response == response


def test_a_response_that_is_no_json_says_so(server: EmbeddedServer, client: Letta) -> None:
    server.script(status=404, body="gone", times=1)
    with pytest.raises(NotFoundError) as caught:
        client.get("/v1/x")
    assert caught.value.response.text == "gone"
    with pytest.raises(ValueError, match="Expecting value"):
        caught.value.response.json()


def test_what_programs_search_errors_for_is_there(server: EmbeddedServer, client: Letta) -> None:
    for status, detail, words in [
        (404, "Agent not found", ["404", "not found"]),
        (409, "CONFLICT: busy: another request is being processed", ["409", "conflict", "busy"]),
        (
            409,
            {"code": "PENDING_APPROVAL", "message": "The agent is waiting for approval"},
            ["409", "waiting for approval"],
        ),
        (409, "Block already attached", ["already"]),
        (429, "Rate limit exceeded", ["429", "rate limit"]),
    ]:
        server.script(status=status, body={"detail": detail}, times=1)
        with pytest.raises(Exception, match=str(status)) as caught:
            client.get("/v1/x")
        assert [word for word in words if word not in str(caught.value).lower()] == []
    with Letta(base_url="http://127.0.0.1:9", max_retries=0) as nowhere, pytest.raises(APIConnectionError) as caught:
        nowhere.agents.list()
    assert not hasattr(caught.value, "response")


def test_a_test_can_make_an_error_of_a_response() -> None:
    response = SimpleNamespace(status_code=409, headers={"X-A": "1"})
    error = ConflictError("busy", response=response, body={"detail": "busy"})
    assert (error.status_code, error.headers["x-a"], error.response.json()) == (409, "1", {"detail": "busy"})


# --- attributes -----------------------------------------------------------------------------------------------------


def test_a_field_that_is_new_is_an_attribute() -> None:
    block = read(Block, {"id": "block-1", "value": "Ada", "newer": [1]})
    assert block.newer == [1]
    assert not hasattr(block, "newest")
    assert not hasattr(block, "__newer__")
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'newest'"):
        _ = block.newest
    message = read(UnknownMessage, {"message_type": "newer_message", "content": "Hello"})
    assert message.content == "Hello"
    for made in (copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert (made.content, made) == ("Hello", message)
