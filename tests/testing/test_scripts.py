"""Tests of scripted responses: delay, failure, truncation, rate limits, and closed connections."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from letta_async import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncLetta,
    InternalServerError,
    Letta,
    RateLimitError,
    RetryPolicy,
)
from letta_async.testing import EmbeddedServer, RecordedRequest
from tests.ids import CONVERSATION
from tests.waiting import eventually

HEALTH = "/v1/health/"


# --- which requests meet it -------------------------------------------------------------------------------------------


def test_the_next_so_many_requests_meet_it_and_no_more(server: EmbeddedServer, client: Letta) -> None:
    script = server.script(status=503, times=2)
    for left in (1, 0):
        with pytest.raises(InternalServerError):
            client.get(HEALTH)
        assert script.left == left
    assert client.get(HEALTH)["status"] == "ok"
    assert script.met == 2


def test_for_good_it_is_met_until_it_is_cancelled(server: EmbeddedServer, client: Letta) -> None:
    script = server.script(status=503, times=None)
    for _ in range(5):
        with pytest.raises(InternalServerError):
            client.get(HEALTH)
    script.cancel()
    assert client.get(HEALTH)["status"] == "ok"
    assert script.met == 5


@pytest.mark.parametrize(
    ("method", "path", "when"),
    [
        ("POST", None, None),
        ("post", None, None),
        (None, "/v1/conversations/*/recompile", None),
        (None, f"*{CONVERSATION}*", None),
        (None, None, lambda request: request.json() == {"agent_id": None}),
        (None, None, lambda request: request.query.get("dry_run") == "true"),
        ("POST", "*/recompile", lambda request: request.headers["x-mine"] == "yes"),
    ],
)
def test_only_requests_that_match_meet_it(
    server: EmbeddedServer, client: Letta, method: str | None, path: str | None, when: Any
) -> None:
    script = server.script(method, path, when=when, status=418)
    client.get(HEALTH)
    with pytest.raises(APIStatusError) as caught:
        client.post(
            f"/v1/conversations/{CONVERSATION}/recompile",
            body={"agent_id": None},
            extra_query={"dry_run": True},
            extra_headers={"X-Mine": "yes"},
        )
    assert (caught.value.status_code, script.met) == (418, 1)


def test_of_two_scripts_the_first_is_met_first(server: EmbeddedServer, client: Letta) -> None:
    server.script(status=503)
    server.script(status=502)
    seen = []
    for _ in range(2):
        with pytest.raises(InternalServerError) as caught:
            client.get(HEALTH)
        seen.append(caught.value.status_code)
    assert seen == [503, 502]
    client.get(HEALTH)


def test_scripts_written_in_one_thread_are_met_once_each_by_requests_of_others(server: EmbeddedServer) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with Letta(base_url=server.base_url, max_retries=0) as client:
            for _ in range(20):
                try:
                    client.get(HEALTH)
                    statuses.append(200)
                except InternalServerError as error:
                    statuses.append(error.status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    scripts = [server.script(status=503, times=2) for _ in range(10)]
    for thread in threads:
        thread.join()
    assert statuses.count(503) == sum(script.met for script in scripts)
    assert len(statuses) == 80


# --- what they meet ---------------------------------------------------------------------------------------------------


def test_it_fails_as_told(server: EmbeddedServer, client: Letta) -> None:
    server.script(status=409, body={"detail": "CONFLICT: busy"}, headers={"X-Reason": "test"})
    with pytest.raises(APIStatusError, match="CONFLICT: busy") as caught:
        client.blocks.create(label="human", value="Ada")
    assert caught.value.headers["x-reason"] == "test"
    assert client.get("/v1/blocks/") == [], "a request that is answered by the script is not carried out"


@pytest.mark.parametrize(
    ("status", "detail"), [(500, "An unknown error occurred"), (503, "Service Unavailable"), (599, "status 599")]
)
def test_without_a_body_a_detail_fits_the_status(
    server: EmbeddedServer, client: Letta, status: int, detail: str
) -> None:
    server.script(status=status)
    with pytest.raises(APIStatusError) as caught:
        client.get(HEALTH)
    assert caught.value.body == {"detail": detail}


def test_a_body_of_bytes_goes_out_as_it_is(server: EmbeddedServer, client: Letta) -> None:
    server.script(status=502, body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(InternalServerError) as caught:
        client.get(HEALTH)
    assert caught.value.headers["content-type"] == "text/html"
    assert "<html>" in str(caught.value.body)


def test_a_body_alone_is_a_success(server: EmbeddedServer, client: Letta) -> None:
    server.script(path="*/recompile", body="You are an assistant.")
    assert client.conversations.recompile(CONVERSATION) == "You are an assistant."


def test_headers_alone_are_added_to_the_servers_own_answer(server: EmbeddedServer, client: Letta) -> None:
    server.script(headers={"X-Request-Id": "7", "Server": "test"})
    assert client.get(HEALTH)["status"] == "ok"


def test_it_limits_the_rate(server: EmbeddedServer, client: Letta) -> None:
    server.script(retry_after=7)
    with pytest.raises(RateLimitError) as caught:
        client.get(HEALTH)
    assert caught.value.headers["retry-after"] == "7"


def test_an_overload_can_name_a_time_too(server: EmbeddedServer, client: Letta) -> None:
    server.script(retry_after=0.5, status=503)
    with pytest.raises(InternalServerError) as caught:
        client.get(HEALTH)
    assert (caught.value.status_code, caught.value.headers["retry-after"]) == (503, "0.5")


def test_a_client_gets_past_what_passes(server: EmbeddedServer) -> None:
    script = server.script(retry_after=0, times=2)
    with Letta(base_url=server.base_url) as client:
        assert client.get(HEALTH)["status"] == "ok"
    assert (script.met, len(server.requests)) == (2, 3)


@pytest.mark.parametrize("bytes_sent", [0, 5, 10_000])
def test_it_cuts_off_a_body_once_it_has_done_what_was_asked(
    server: EmbeddedServer, client: Letta, bytes_sent: int
) -> None:
    server.script("POST", cut_off=bytes_sent)
    if bytes_sent == 10_000:  # more than there is: nothing is missing
        client.blocks.create(label="human", value="Ada")
    else:
        with pytest.raises(APIConnectionError):
            client.blocks.create(label="human", value="Ada")
    assert [block["value"] for block in client.get("/v1/blocks/")] == ["Ada"]


def test_it_hangs_up_once_it_has_done_what_was_asked(server: EmbeddedServer, client: Letta) -> None:
    server.script("POST", hang_up=True)
    with pytest.raises(APIConnectionError):
        client.blocks.create(label="human", value="Ada")
    assert [block["value"] for block in client.get("/v1/blocks/")] == ["Ada"]


def test_it_delays(server: EmbeddedServer, client: Letta) -> None:
    server.script(delay=30)
    with pytest.raises(APITimeoutError):
        client.get(HEALTH, timeout=0.1)
    server.script(delay=0.05)
    began = time.monotonic()
    client.get(HEALTH)
    assert time.monotonic() - began >= 0.05


async def test_a_delayed_request_holds_up_no_other() -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url, max_retries=0) as client:
        server.script(path="/v1/agents/", delay=30)
        slow = asyncio.ensure_future(client.get("/v1/agents/"))
        while not server.requests:
            await asyncio.sleep(0)
        assert (await client.get(HEALTH))["status"] == "ok"
        slow.cancel()


def test_a_delayed_request_does_not_hold_up_the_end() -> None:
    failed: list[BaseException] = []

    def end() -> float:
        with EmbeddedServer() as server:
            server.script(delay=30)

            def ask() -> None:
                with Letta(base_url=server.base_url, max_retries=0) as client:
                    try:
                        client.get(HEALTH)
                    except APIConnectionError as error:
                        failed.append(error)

            thread = threading.Thread(target=ask)
            thread.start()
            assert eventually(lambda: bool(server.requests))
            began = time.monotonic()
        thread.join()
        return time.monotonic() - began

    assert min(end() for _ in range(3)) < 0.9
    assert len(failed) == 3


def test_retries_without_waiting_are_seen(server: EmbeddedServer) -> None:
    server.script(status=503, times=2)
    with Letta(base_url=server.base_url, retry=RetryPolicy(max_retries=2, initial_delay=0.0)) as client:
        client.get(HEALTH)
    assert [request.path for request in server.requests] == [HEALTH] * 3


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "must do something"),
        ({"times": 0, "status": 500}, "times=0"),
        ({"status": 99}, "status=99"),
        ({"status": 101}, "status=101"),
        ({"delay": -1}, "delay=-1"),
        ({"delay": float("nan")}, "delay=nan"),
        ({"cut_off": -1}, "cut_off=-1"),
        ({"retry_after": -1}, "retry_after=-1"),
        ({"hang_up": True, "status": 500}, "hang_up"),
    ],
)
def test_a_script_that_cannot_be_met_is_refused(
    server: EmbeddedServer, client: Letta, arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        server.script(**arguments)
    client.get(HEALTH)


def test_a_predicate_that_fails_is_no_success(
    server: EmbeddedServer, client: Letta, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: RecordedRequest) -> bool:
        raise ZeroDivisionError(request.path)

    server.script(when=fail, status=503)
    with pytest.raises(InternalServerError):
        client.get(HEALTH)
    assert "ZeroDivisionError" in caplog.text
