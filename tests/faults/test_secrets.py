"""Tests that no log, error or traceback shows a client's secrets."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import attrs
import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, LettaError

from .driver import Driver
from .scripts import answer, closes, says, stalls
from .secrets import COOKIE, KEY, PROXY_PASSWORD, TOKEN, assert_kept, assert_not_told
from .server import PROMPT, Server

Drive = Callable[..., Driver]

HEADERS = {
    "Authorization": f"Basic {TOKEN}",
    "Cookie": COOKIE,
    "Proxy-Authorization": f"Basic {TOKEN}",
    "X-Api-Key": TOKEN,
    "x-auth-token": TOKEN,
    "X-CLIENT-SECRET": TOKEN,
}
PROXY = f"http://sam:{PROXY_PASSWORD}@127.0.0.1:1"


def _parts(client: Any) -> Iterator[object]:
    """Yield all parts of a client that a debugger, log or traceback may show."""
    yield client
    yield from vars(client).values()
    config, transport = client._config, client._transport
    yield from (config, attrs.asdict(config), transport, attrs.asdict(transport.connection, recurse=False))
    yield from (config.headers, config.default_headers, transport.connection.proxy, transport.connection.proxy_headers)


@pytest.mark.parametrize("make", [AsyncLetta, Letta])
def test_no_part_of_a_client_shows_a_secret(make: Callable[..., Any]) -> None:
    client = make(api_key=KEY, base_url="http://127.0.0.1:1", default_headers=HEADERS, proxy=PROXY)
    for part in [*_parts(client), *_parts(client.with_options(api_key=f"{KEY}2", default_headers=HEADERS))]:
        assert_not_told(repr(part), str(part))


@pytest.mark.parametrize("make", [AsyncLetta, Letta])
def test_a_client_is_not_pickled(make: Callable[..., Any]) -> None:
    client = make(api_key=KEY, base_url="http://127.0.0.1:1")
    for part in (client, client._config, client._config.headers):
        with pytest.raises(TypeError):
            pickle.dumps(part)


def test_a_copied_config_still_masks() -> None:
    config = copy.deepcopy(AsyncLetta(api_key=KEY, base_url="http://127.0.0.1:1", default_headers=HEADERS)._config)
    assert_not_told(repr(config.headers), repr(config.default_headers), repr(config))
    assert config.headers["X-Api-Key"] == TOKEN


def test_secrets_are_sent_all_the_same(server: Server, drive: Drive) -> None:
    driver = drive(server.url, api_key=KEY, default_headers={"Cookie": COOKIE, "X-Api-Key": TOKEN})
    assert driver.recompile(extra_headers={"X-Client-Secret": TOKEN}) == PROMPT
    headers = server.requests[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert (headers["cookie"], headers["x-api-key"], headers["x-client-secret"]) == (COOKIE, TOKEN, TOKEN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": f"{KEY}\n"},
        {"api_key": KEY, "timeout": -1},
        {"api_key": KEY, "base_url": f"http://sam:{PROXY_PASSWORD}@127.0.0.1"},
        {"proxy": f"socks5://sam:{PROXY_PASSWORD}@127.0.0.1:1"},
        {"proxy": f"http://sam:{PROXY_PASSWORD}@[::1"},
        {"default_headers": {"X-Api-Key": f"{TOKEN}\n"}},
        {"default_headers": {"Cookie": COOKIE}, "deadline": 0},
    ],
    ids=["key", "timeout", "base_url", "proxy", "proxy-unreadable", "header", "deadline"],
)
@pytest.mark.parametrize("make", [AsyncLetta, Letta])
def test_what_is_refused_is_not_shown(make: Callable[..., Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make(**wrong)
    error = caught.value
    assert_not_told(str(error), repr(error), pickle.dumps(error).decode("latin-1"))
    ours = [frame for frame in _frames(error) if "letta_async" in frame.filename]
    assert ours
    if "base_url" not in wrong:  # which is no secret, and was not to hold one
        assert_not_told(*(repr(frame.locals) for frame in ours))


def _frames(error: BaseException) -> Iterator[traceback.FrameSummary]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield from traceback.TracebackException.from_exception(link, capture_locals=True).stack
        link = link.__cause__ or link.__context__


def test_debug_logs_of_a_call_show_no_secret(server: Server, drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is logged in a test of this folder is searched for secrets at its end.
    monkeypatch.setenv("LETTA_LOG", "debug")
    headers = {name: value for name, value in HEADERS.items() if name != "Authorization"}
    driver = drive(server.url, api_key=KEY, default_headers=headers, default_query={"api_key": TOKEN})
    echoed = f"Bearer {KEY}, {TOKEN}, {COOKIE}"
    server.follow(says(answer(503, f'{{"token": "{TOKEN}", "detail": "{echoed} {"x" * 1000}"}}'.encode())))
    with pytest.raises(LettaError, match="MostSecret"):  # a server's own words are its own
        driver.recompile(extra_headers={"X-Client-Secret": TOKEN})
    assert logging.getLogger("letta_async").getEffectiveLevel() == logging.DEBUG


@pytest.mark.parametrize(
    "script", [closes("after the request"), stalls, says(answer(401)), says(b"?\r\n\r\n", then="fin")]
)
def test_an_error_through_a_proxy_shows_no_secret(script: Any, server: Server, drive: Drive) -> None:
    server.follow(script)
    options = {"api_key": KEY, "timeout": 0.1, "default_headers": {"Cookie": COOKIE}}
    driver = drive("http://127.0.0.1:1", proxy=f"http://sam:{PROXY_PASSWORD}@{server.host}", **options)
    del options
    with pytest.raises(LettaError) as caught:
        driver.recompile()
    assert server.requests[0].headers["proxy-authorization"].startswith("Basic ")
    assert_kept(caught.value)


def test_a_given_session_does_not_tell_either(server: Server, run: Callable[[Any], Any]) -> None:
    server.follow(closes("after the request"))

    async def main() -> BaseException:
        async with aiohttp.ClientSession() as session:
            client = AsyncLetta(base_url=server.url, api_key=KEY, session=session, max_retries=0)
            try:
                await client.get("/v1/x")
            except LettaError as error:
                return error
            raise AssertionError

    assert_kept(run(main()))


def test_a_secret_is_in_no_warning(server: Server, run: Callable[[Any], Any]) -> None:
    async def main() -> None:
        client = AsyncLetta(base_url=server.url, api_key=KEY, default_headers=HEADERS)
        await client.get("/v1/x")
        del client
        import gc

        gc.collect()
        await asyncio.sleep(0.01)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(main())
        AsyncLetta(base_url="http://letta.example", api_key=KEY, default_headers=HEADERS)
    assert len(caught) >= 2
    assert_not_told(*(f"{warning.message!r} {warning.source!r}" for warning in caught))
    caught.clear()


def test_a_cookie_that_a_server_sets_is_not_sent_back(server: Server, drive: Drive) -> None:
    server.follow(says(answer(200, b'"x"', "Set-Cookie: sam=1; Path=/")))
    driver = drive(server.url)
    for _ in range(3):
        driver.recompile()
    assert not any("cookie" in seen.headers for seen in server.requests)


def test_the_key_stays_with_the_origin(server: Server, serve: Callable[..., Server], drive: Drive) -> None:
    elsewhere = serve()
    server.follow(says(answer(307, b"", f"Location: {elsewhere.url}/v1/x")))
    driver = drive(server.url, api_key=KEY)
    with pytest.raises(LettaError, match="go to no other origin"):
        driver.recompile()
    assert elsewhere.connections == 0


def test_proxies_of_the_environment_are_used_only_when_asked_for(
    server: Server, serve: Callable[..., Server], drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve()
    monkeypatch.setenv("http_proxy", f"http://sam:{PROXY_PASSWORD}@{proxy.host}")
    monkeypatch.delenv("no_proxy", raising=False)
    assert drive(server.url).recompile() == PROMPT
    assert (len(server.requests), len(proxy.requests)) == (1, 0)
    assert drive(server.url, trust_env=True).recompile() == PROMPT
    assert (len(server.requests), len(proxy.requests)) == (1, 1)
    assert "proxy-authorization" in proxy.requests[0].headers


@pytest.mark.parametrize("status", [407, 502])
def test_a_proxy_of_the_environment_that_refuses_is_told_without_its_password(
    status: int, serve: Callable[..., Server], drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve()
    proxy.follow(says(answer(status)))
    monkeypatch.setenv("https_proxy", f"http://sam:{PROXY_PASSWORD}@{proxy.host}")
    monkeypatch.delenv("no_proxy", raising=False)
    driver = drive("https://127.0.0.1:1", trust_env=True, api_key=KEY)
    with pytest.raises(LettaError, match=f"the proxy answered {status}") as caught:
        driver.recompile()
    assert "proxy-authorization" in proxy.requests[0].headers
    assert_kept(caught.value)
