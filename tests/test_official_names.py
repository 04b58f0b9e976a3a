"""Names of the official client that mean something here, and the request of an error."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import letta_async
from letta_async import (
    APIConnectionError,
    APITimeoutError,
    AsyncLetta,
    AuthenticationError,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    StreamError,
    client,
    pagination,
    types,
)
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT
from tests.test_upload import server

__all__ = ["server"]

KEY = "sk-let-me-in"
HIDDEN = "**********"


def test_what_marks_a_parameter_as_left_out() -> None:
    for name in ("NOT_GIVEN", "not_given", "omit"):
        assert getattr(letta_async, name) is letta_async.UNSET
    assert letta_async.NotGiven is letta_async.Omit is letta_async.Unset
    assert (letta_async.Client, letta_async.AsyncClient) == (Letta, AsyncLetta)


def test_the_module_of_the_clients_has_what_programs_import_from_it() -> None:
    assert (client.Letta, client.AsyncLetta, client.BaseTool) == (Letta, AsyncLetta, letta_async.BaseTool)
    with pytest.raises(AttributeError, match=r"'letta_async\.client' has no attribute 'RESTClient'"):
        _ = client.RESTClient  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue] - the point of it


def test_names_of_the_description_of_the_api_are_classes_of_this_package() -> None:
    assert letta_async.LLMConfig is types.LLMConfig is letta_async.LlmConfig
    assert types.SSEServerConfig is letta_async.SseServerConfig
    assert types.StreamableHTTPServerConfig is letta_async.StreamableHttpServerConfig


def test_it_is_left_out_wherever_it_stands(server: EmbeddedServer) -> None:
    omit: Any = letta_async.omit
    with Letta(base_url=server.base_url, api_key=KEY, timeout=omit, max_retries=omit) as client:
        server.script("POST", "/v1/agents/", body={"id": AGENT})
        blocks: Any = [{"label": "human", "value": "Ada", "limit": omit}]
        client.agents.create(
            name=omit, memory_blocks=blocks, timeout=omit, extra_headers={"Authorization": omit, "X-A": "1"}
        )
    (request,) = server.requests
    assert request.json() == {"memory_blocks": [{"label": "human", "value": "Ada"}]}
    assert "authorization" not in request.headers
    assert request.headers["x-a"] == "1"


def test_what_is_required_cannot_be_left_out(server: EmbeddedServer) -> None:
    omit: Any = letta_async.omit
    with Letta(base_url=server.base_url) as client, pytest.raises(InvalidArgumentError, match="agent_id: is required"):
        client.agents.retrieve(omit)


async def test_pages_have_the_official_names(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url) as client:
        assert isinstance(client.agents.list(), pagination.SyncArrayPage)
    async with AsyncLetta(base_url=server.base_url) as sdk:
        assert isinstance(await sdk.agents.list(), pagination.AsyncArrayPage)
    assert {getattr(pagination, name) for name in pagination.__all__} == {letta_async.Page, letta_async.AsyncPage}


# --- the request of an error ------------------------------------------------------------------------------------------


async def failed(server: EmbeddedServer, kind: type[letta_async.APIError], **options: Any) -> letta_async.ErrorRequest:
    query = {"a": "1", "api_key": KEY}
    async with AsyncLetta(base_url=server.base_url, api_key=KEY, max_retries=0, **options) as sdk:
        with pytest.raises(kind) as caught:
            await sdk.agents.retrieve(AGENT, extra_query=query, extra_headers={"X-Api-Key": KEY, "X-A": "1"})
    error: letta_async.APIError = pickle.loads(pickle.dumps(caught.value))
    assert error.request is not None
    assert (error.request.method, error.request.url) == (
        "GET",
        f"{server.base_url}/v1/agents/{AGENT}?a=1&api_key={HIDDEN}",
    )
    assert KEY not in repr(vars(error)) + repr(dict(error.request.headers))
    assert error.request.headers["authorization"] == error.request.headers["X-API-Key"] == HIDDEN
    assert error.request.headers["x-a"] == "1"
    return error.request


async def test_an_error_has_its_request_without_secrets(server: EmbeddedServer) -> None:
    await failed(server, NotFoundError)
    server.script("GET", status=401)
    await failed(server, AuthenticationError)
    server.script("GET", hang_up=True)
    await failed(server, APIConnectionError)
    server.script("GET", delay=30)
    await failed(server, APITimeoutError, deadline=0.05)


async def test_an_error_within_a_stream_has_it_too(server: EmbeddedServer) -> None:
    event = b'data: {"message_type":"error_message","run_id":"run-1","error_type":"llm_error","message":"no"}\n\n'
    server.script("POST", body=event, headers={"Content-Type": "text/event-stream"})
    async with AsyncLetta(base_url=server.base_url, api_key=KEY) as sdk:
        with pytest.raises(StreamError) as caught:
            async for _ in sdk.agents.messages.stream(AGENT, input="x"):
                pass
    assert caught.value.request is not None
    assert caught.value.request.url == f"{server.base_url}/v1/agents/{AGENT}/messages/stream"
    assert caught.value.request.headers["Authorization"] == HIDDEN


def test_an_error_that_a_test_makes_has_what_it_is_made_with() -> None:
    request = letta_async.ErrorRequest("GET", "http://localhost/v1/x", {})
    assert APIConnectionError(request=request).request is request
    assert NotFoundError("no").request is None
