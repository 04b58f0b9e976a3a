"""Contract tests of HTTP: routing, methods, redirects, headers, keys."""

from __future__ import annotations

import pytest

from tests.contract.conftest import SecureServer
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_BLOCK, UNKNOWN_CONVERSATION, Http

HEALTH = b'{"version":"0.16.8","status":"ok"}'
UNAUTHORIZED = (401, b'{"detail":"Unauthorized"}')
CALLS = [
    ("GET", "/v1/agents/"),
    ("GET", "/v1/nowhere"),
    ("GET", f"/v1/agents/{UNKNOWN_AGENT}"),
    ("POST", f"/v1/conversations/{UNKNOWN_CONVERSATION}/recompile"),
    ("POST", "/v1/conversations/malformed/recompile"),
    ("DELETE", f"/v1/blocks/{UNKNOWN_BLOCK}"),
    ("PUT", "/v1/agents/"),
    ("GET", "/v1/agents"),
    ("GET", "/"),
]


@pytest.mark.parametrize("path", ["/v1/health/", "/latest/health/", "/v1/ready/"])
async def test_health_tells_the_version(http: Http, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status, answer.body) == (200, HEALTH)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == str(len(HEALTH))


@pytest.mark.parametrize(
    "target",
    [
        "/v1/nowhere",
        "/v1/conversations//recompile",
        "/v1/conversations/default/nowhere",
        "/v1/conversations/a%2Fb/recompile",
        "/V1/health/",
        "/v1//health/",
        "/health/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_path_that_is_no_call_is_not_found(http: Http, method: str, target: str) -> None:
    answer = await http.call(method, target)
    assert (answer.status, answer.body) == (404, b'{"detail":"Not Found"}')


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("POST", "/v1/health/", "GET"),
        ("OPTIONS", "/v1/health/", "GET"),
        ("POST", "/", "GET"),
        ("PUT", "/v1/agents/", "GET"),
        ("PUT", f"/v1/agents/{UNKNOWN_AGENT}", "PATCH"),
        ("GET", f"/v1/agents/{UNKNOWN_AGENT}/recompile", "POST"),
        ("PUT", "/v1/blocks/", "GET"),
        ("PUT", f"/v1/blocks/{UNKNOWN_BLOCK}", "PATCH"),
        ("POST", f"/v1/blocks/{UNKNOWN_BLOCK}/agents", "GET"),
        ("PUT", "/v1/conversations/", "POST"),
        ("PUT", f"/v1/conversations/{UNKNOWN_CONVERSATION}", "GET"),
        ("GET", "/v1/conversations/default/recompile", "POST"),
        ("PUT", "/v1/conversations/default/recompile", "POST"),
        ("GET", "/v1/conversations/default/compact", "POST"),
        ("GET", "/v1/conversations/default/fork", "POST"),
        ("GET", "/v1/conversations/default/cancel", "POST"),
    ],
)
async def test_another_method_is_refused_and_one_that_is_allowed_named(
    http: Http, method: str, target: str, allowed: str
) -> None:
    answer = await http.call(method, target)
    assert (answer.status, answer.body) == (405, b'{"detail":"Method Not Allowed"}')
    assert answer.headers["Allow"] == allowed


async def test_head_is_no_get(http: Http) -> None:
    answer = await http.call("HEAD", "/v1/health/")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("method", "target", "location"),
    [
        ("GET", "/v1/health", "/v1/health/"),
        ("GET", "/v1/agents?limit=1&name=a%20b", "/v1/agents/?limit=1&name=a%20b"),
        ("POST", "/v1/conversations", "/v1/conversations/"),
        ("PUT", "/v1/agents", "/v1/agents/"),
        ("POST", "/v1/conversations/default/recompile/", "/v1/conversations/default/recompile"),
        ("GET", f"/v1/blocks/{UNKNOWN_BLOCK}/", f"/v1/blocks/{UNKNOWN_BLOCK}"),
    ],
)
async def test_a_slash_too_many_or_too_few_is_redirected(http: Http, method: str, target: str, location: str) -> None:
    answer = await http.call(method, target)
    assert (answer.status, answer.body) == (307, b"")
    assert answer.headers["Location"] == http.base_url + location
    assert "Content-Type" not in answer.headers


async def test_the_root_leads_to_the_reference(http: Http) -> None:
    answer = await http.get("/")
    assert (answer.status, answer.headers["Location"]) == (307, "/docs")


async def test_a_connection_is_kept_alive(http: Http) -> None:
    answer = await http.get("/v1/health/")
    assert answer.headers.get("Connection", "keep-alive") == "keep-alive"


# --- who asks -------------------------------------------------------------------------------------------------------


async def test_a_malformed_user_is_refused_before_the_query_is_read(http: Http) -> None:
    answer = await http.get("/v1/conversations/?limit=many", headers={"user_id": "me"})
    assert answer.status == 400
    assert answer.detail == "INVALID_ARGUMENT: Invalid user ID format: me. Expected format: 'user-<uuid4>'"


async def test_a_malformed_body_is_refused_before_the_user_is_read(http: Http) -> None:
    answer = await http.post("/v1/conversations/default/recompile", b"{", headers={"user_id": "me"})
    assert answer.complaints == [("json_invalid", "body.1")]


@pytest.mark.parametrize(("method", "target"), CALLS)
async def test_without_the_key_nothing_is_told(secure_http: Http, method: str, target: str) -> None:
    answer = await secure_http.call(method, target)
    assert (answer.status, answer.body) == UNAUTHORIZED


@pytest.mark.parametrize("path", ["/v1/health/", "/latest/health/", "/v1/ready/"])
async def test_health_asks_for_no_key(secure_http: Http, path: str) -> None:
    answer = await secure_http.get(path)
    assert (answer.status, answer.body) == (200, HEALTH)


@pytest.mark.parametrize("form", ["Bearer {}x", "bearer {}", "Basic {}", "{}", "Bearer  {}", "Bearer"])
async def test_the_key_must_be_right_and_in_its_form(secure_http: Http, secure_server: SecureServer, form: str) -> None:
    headers = {"Authorization": form.format(secure_server.password)}
    answer = await secure_http.get(f"/v1/agents/{UNKNOWN_AGENT}", headers=headers)
    assert (answer.status, answer.body) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("name", "form"),
    [("Authorization", "Bearer {}"), ("authorization", "Bearer {}"), ("X-Bare-Password", "password {}")],
)
async def test_with_the_key_calls_are_answered(
    secure_http: Http, secure_server: SecureServer, name: str, form: str
) -> None:
    headers = {name: form.format(secure_server.password)}
    answer = await secure_http.get(f"/v1/agents/{UNKNOWN_AGENT}", headers=headers)
    assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


async def test_without_secure_any_key_will_do(http: Http) -> None:
    answer = await http.get("/v1/health/", headers={"Authorization": "Bearer whatever"})
    assert answer.status == 200
