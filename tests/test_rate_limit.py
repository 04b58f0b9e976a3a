"""Rate limits: what is read from headers, what a client says of it, and when it waits for the end of a window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from letta_async import AsyncLetta, Letta, RateLimit, RateLimitError
from letta_async._http.rate_limit import read_rate_limit
from letta_async.testing import EmbeddedServer
from tests.test_tries import Server, answer, loop, play, recompile, server

__all__ = ["loop", "server"]

NOW = 1_790_000_000.0


def read(**headers: str) -> RateLimit | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_rate_limit(CIMultiDict(named), lambda: NOW)


def told(limit: int | None, remaining: int, reset: float | None, policy: str | None = None) -> RateLimit:
    received_at = datetime.fromtimestamp(NOW, UTC)
    return RateLimit(limit=limit, remaining=remaining, reset_seconds=reset, policy=policy, received_at=received_at)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"RateLimit": '"default";r=50;t=30'}, told(None, 50, 30)),
        (
            {"ratelimit": '"default";r=50;t=30', "RateLimit_Policy": '"default";q=100;w=60'},
            told(100, 50, 30, '"default";q=100;w=60'),
        ),
        (
            {
                "RateLimit": '"a,;b\\"c" ; r=7 ;pk=:x=:, "day";r=3;t=3600',
                "RateLimit_Policy": '"a,;b\\"c";q=9, "day";q=5000;w=86400',
            },
            told(5000, 3, 3600, '"a,;b\\"c";q=9, "day";q=5000;w=86400'),
        ),
        ({"RateLimit": "limit=100, remaining=0, reset=5"}, told(100, 0, 5)),
        (
            {
                "RateLimit_Limit": "100, 100;w=60",
                "RateLimit_Remaining": "9",
                "RateLimit_Reset": "50",
                "RateLimit_Policy": "100;w=60",
            },
            told(100, 9, 50, "100;w=60"),
        ),
        ({"X_RateLimit_Limit": "10", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "2.5"}, told(10, 0, 2.5)),
        ({"x_ratelimit_remaining": "4", "x_ratelimit_reset": str(int(NOW) + 20)}, told(None, 4, 20)),
        ({"x_ratelimit_remaining": "4", "x_ratelimit_reset": str(int(NOW * 1000) + 1500)}, told(None, 4, 1.5)),
        ({"x_ratelimit_remaining": "4", "x_ratelimit_reset": "946684800"}, told(None, 4, 946684800)),
        ({"x_ratelimit_remaining": "4", "x_ratelimit_reset": str(int(NOW) - 20)}, told(None, 4, 0)),
        ({"x_ratelimit_remaining": "4", "x_ratelimit_reset": "Tue, 26 Nov 2030 09:02:42 GMT"}, told(None, 4, None)),
        ({"x_ratelimit_remaining": "many", "x_ratelimit_limit": "10"}, None),
        ({"x_ratelimit_remaining": "-1"}, None),
        ({"RateLimit": ""}, None),
        ({"RateLimit": '"open;r=5'}, told(None, 5, None)),
        ({"x_ratelimit_limit": "10"}, None),
    ],
)
def test_the_headers_of_every_version_are_read(headers: dict[str, str], expected: RateLimit | None) -> None:
    assert read(**headers) == expected


@given(st.text(alphabet='";,=rqt0159. \\ab', max_size=100), st.text(alphabet='";,=rqt0159. \\ab', max_size=100))
def test_whatever_a_server_sends_is_read_or_not_but_breaks_nothing(first: str, second: str) -> None:
    read(RateLimit=first, RateLimit_Policy=second)
    read(RateLimit_Remaining=first, RateLimit_Reset=second, RateLimit_Limit=second)


def test_a_long_header_takes_no_time() -> None:
    read(RateLimit='"\\' * 4000, RateLimit_Policy='";' * 4000)


def test_a_client_says_what_the_server_said_last(letta_server: EmbeddedServer) -> None:
    with Letta(base_url=letta_server.base_url, max_retries=0) as client:
        assert client.rate_limit is None
        client.health()
        assert client.rate_limit is None
        letta_server.script(status=200, body={}, headers={"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59"})
        client.get("/v1/agents/")
        client.health()  # whose response says nothing of it
        assert client.rate_limit is not None
        assert (client.rate_limit.limit, client.rate_limit.remaining, client.rate_limit.reset_seconds) == (60, 59, None)
        assert abs((datetime.now(UTC) - client.rate_limit.received_at).total_seconds()) < 60
        letta_server.script(status=429, headers={"RateLimit": '"default";r=0;t=3600'})
        with pytest.raises(RateLimitError):
            client.get("/v1/agents/")
        copy = client.with_options(project="other")
        assert copy.rate_limit == client.rate_limit
        assert copy.rate_limit is not None
        assert copy.rate_limit.remaining == 0
        assert client.with_options(base_url="http://elsewhere.example").rate_limit is None


async def three(client: AsyncLetta) -> Any:
    for _ in range(3):
        await recompile(client)


@pytest.mark.parametrize(
    ("headers", "arrivals"),
    [
        ({"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "5"}, [0, 5, 5]),
        ({"RateLimit": '"default";r=0;t=60'}, [0, 60, 60]),
        ({"RateLimit": '"default";r=0;t=61'}, [0, 0, 0]),
        ({"RateLimit": '"default";r=1;t=5'}, [0, 0, 0]),
        ({"X_RateLimit_Remaining": "0"}, [0, 0, 0]),
        ({"X_RateLimit_Remaining": "0", "X_RateLimit_Limit": "0", "X_RateLimit_Reset": "5"}, [0, 0, 0]),
    ],
    ids=["used up", "field", "too long", "one left", "no reset", "no limit at all"],
)
def test_nothing_is_sent_until_a_window_ends_in_which_nothing_is_left(
    server: Server, headers: dict[str, Any], arrivals: list[float]
) -> None:
    play(server, three, answer(**headers), answer(), answer())
    assert server.came == pytest.approx(arrivals)


def test_a_refusal_without_retry_after_is_retried_when_the_window_ends(server: Server) -> None:
    refused = answer(status=429, X_RateLimit_Remaining="0", X_RateLimit_Reset="20")
    assert play(server, recompile, refused, answer()) == "prompt"
    assert server.came == pytest.approx([0, 20], abs=0.01)
