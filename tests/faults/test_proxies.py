"""Tests of row 64: proxies in the environment are used or refused, never ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import aiohttp
import pytest

from letta_async import AsyncLetta, InvalidArgumentError
from letta_async._http.proxies import environment_proxy
from tests.ids import CONVERSATION

from .driver import Driver
from .proxy import tunnel
from .secrets import KEY, PROXY_PASSWORD, assert_kept
from .server import PROMPT, Server
from .tls import client_context

Drive = Callable[..., Driver]
Run = Callable[[Any], Any]

_NAMES: Final = ("http_proxy", "https_proxy", "all_proxy", "socks_proxy", "no_proxy", "request_method")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Remove all proxies from the environment; return the `monkeypatch` that did."""
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.fixture
def proxy(serve: Callable[..., Server]) -> Server:
    proxy = serve()
    proxy.answer = tunnel
    return proxy


# --- followed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["http://{}", "HTTP://{}", "{}", " http://{}/ "])
def test_for_plain_http(
    variable: str, form: str, server: Server, proxy: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(variable, form.format(proxy.host))
    assert drive(server.url, trust_env=True).recompile() == PROMPT
    assert [seen.target.startswith(f"{server.url}/v1/") for seen in proxy.requests] == [True]
    assert server.requests == []


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_for_tls(
    variable: str, serve: Callable[..., Server], proxy: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    server = serve("good")
    environment.setenv(variable, f"http://sam:{PROXY_PASSWORD}@{proxy.host}")
    driver = drive(server.url, trust_env=True, api_key=KEY, ssl_context=client_context())
    assert driver.recompile() == PROMPT
    (asked,), (sent,) = proxy.requests, server.requests
    assert (asked.method, asked.target) == ("CONNECT", server.host)
    assert "authorization" not in asked.headers
    assert asked.headers["proxy-authorization"].startswith("Basic ")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert "proxy-authorization" not in sent.headers


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ({"https_proxy": "http://a:1", "all_proxy": "http://b:2"}, "http://a:1"),
        ({"http_proxy": "http://a:1", "all_proxy": "http://b:2"}, "http://b:2"),
        ({"http_proxy": "http://a:1"}, None),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "http://a:1"),
        ({"https_proxy": "", "all_proxy": "http://b:2"}, "http://b:2"),
        ({"https_proxy": "https://a:1"}, "https://a:1"),
        ({}, None),
    ],
)
def test_which_one_counts(named: dict[str, str], url: str | None, environment: pytest.MonkeyPatch) -> None:
    for variable, value in named.items():
        environment.setenv(variable, value)
    found = environment_proxy("https://letta.example.com")
    assert (None if found is None else found.url) == url


# --- exempt -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("exempt", ["127.0.0.1", "*", "127.0.0.0/8", "a.example, 127.0.0.1", "127.0.0.1:{port}"])
def test_what_is_exempt_goes_straight(
    variable: str, exempt: str, server: Server, proxy: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("http_proxy", proxy.url)
    environment.setenv(variable, exempt.format(port=server.port))
    assert drive(server.url, trust_env=True).recompile() == PROMPT
    assert (len(server.requests), len(proxy.requests)) == (1, 0)


@pytest.mark.parametrize(
    ("url", "exempt", "is_exempt"),
    [
        ("https://letta.example.com", "example.com", True),
        ("https://letta.example.com", ".example.com", True),
        ("https://LETTA.example.com", "letta.EXAMPLE.com", True),
        ("https://letta.example.com", "letta.example.com:443", True),
        ("https://letta.example.com", "letta.example.com:8443", False),
        ("https://letta.example.com", "ample.com", False),
        ("https://letta.example.com", "10.0.0.0/8", False),
        ("https://10.1.2.3:8283", "10.0.0.0/8", True),
        ("https://10.1.2.3:8283", "10.0.0.1/8", True),
        ("https://11.1.2.3:8283", "10.0.0.0/8", False),
        ("https://10.1.2.3:8283", "10.0.0.0/80, ,", False),
        ("https://[::1]:8283", "::1", True),
        ("https://[fd00::1]:8283", "fd00::/8", True),
        ("https://[fd00::1]:8283", "10.0.0.0/8", False),
    ],
)
def test_which_servers_are_exempt(url: str, exempt: str, is_exempt: bool, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("https_proxy", "http://proxy.example:3128")
    environment.setenv("no_proxy", exempt)
    assert (environment_proxy(url) is None) == is_exempt


def test_each_server_of_a_client_has_its_own(
    server: Server, serve: Callable[..., Server], proxy: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    other = serve()
    environment.setenv("http_proxy", proxy.url)
    environment.setenv("no_proxy", other.host)
    driver = drive(server.url, trust_env=True)
    for _ in range(2):
        assert driver.recompile() == PROMPT
        recompile = driver.call(
            lambda client: client.with_options(base_url=other.url).conversations.recompile(CONVERSATION)
        )
        assert recompile == PROMPT
    assert (len(server.requests), len(other.requests), len(proxy.requests)) == (0, 2, 2)


# --- refused ----------------------------------------------------------------------------------------------------------

_SOCKS: Final = {
    "all_proxy": "socks5://sam:{password}@{host}",
    "ALL_PROXY": "socks5h://{host}",
    "http_proxy": "socks4://{host}",
    "HTTP_PROXY": "SOCKS5://{host}",
    "socks_proxy": "{host}",
    "SOCKS_PROXY": "socks://{host}",
}


@pytest.fixture(params=_SOCKS)
def socks(request: pytest.FixtureRequest, proxy: Server, environment: pytest.MonkeyPatch) -> str:
    """Return the name of a variable that is set to a SOCKS proxy."""
    environment.setenv(request.param, _SOCKS[request.param].format(host=proxy.host, password=PROXY_PASSWORD))
    return request.param


def test_a_proxy_that_cannot_be_used_is_refused_before_anything_is_sent(
    socks: str, server: Server, proxy: Server, drive: Drive
) -> None:
    message = rf"{socks.upper()}.* 'socks[45]?h?', which cannot be"
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        drive(server.url, trust_env=True)
    assert_kept(caught.value)
    assert (server.connections, proxy.connections) == (0, 0)


def test_so_is_one_for_a_server_to_which_a_client_turns_later(
    socks: str, server: Server, proxy: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("no_proxy", "exempt.example")
    driver = drive("http://exempt.example", trust_env=True)
    with pytest.raises(InvalidArgumentError, match=socks.upper()) as caught:
        driver.call(lambda client: client.with_options(base_url=server.url).conversations.recompile(CONVERSATION))
    assert_kept(caught.value)
    assert (server.connections, proxy.connections) == (0, 0)


def test_one_that_nobody_asked_for_is_not_looked_at(socks: str, server: Server, proxy: Server, drive: Drive) -> None:
    assert drive(server.url).recompile() == PROMPT
    assert (len(server.requests), proxy.connections) == (1, 0)


def test_one_that_is_not_for_this_server_is_no_reason(
    socks: str, server: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("NO_PROXY", "127.0.0.1")
    assert drive(server.url, trust_env=True).recompile() == PROMPT


@pytest.mark.usefixtures("socks")
def test_a_proxy_of_the_clients_own_comes_before_the_environments(server: Server, proxy: Server, drive: Drive) -> None:
    assert drive(server.url, trust_env=True, proxy=proxy.url).recompile() == PROMPT
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("wrong", ["http://", "http://[", "http://sam:{}@:80"])
def test_what_is_no_url_is_refused_by_the_variables_name(
    wrong: str, server: Server, drive: Drive, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTP_PROXY", wrong.format(PROXY_PASSWORD))
    with pytest.raises(InvalidArgumentError, match=r"HTTP_PROXY.* is not a URL such as") as caught:
        drive(server.url, trust_env=True)
    assert_kept(caught.value)
    assert server.connections == 0


# --- in a session that is handed in -----------------------------------------------------------------------------------


class _OtherConnector(aiohttp.TCPConnector):
    """Connector of another library, such as one for SOCKS."""


def _recompile(
    server: Server, run: Run, client_options: dict[str, Any], make: Callable[[], dict[str, Any]] = dict
) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession(**make()) as session:
            client = AsyncLetta(base_url=server.url, session=session, **client_options)
            assert await client.conversations.recompile(CONVERSATION) == PROMPT

    run(main())


@pytest.mark.parametrize("trusts", ["the session", "the client"])
@pytest.mark.parametrize("connector", [aiohttp.TCPConnector, _OtherConnector])
def test_a_session_follows_the_environment_where_it_or_the_client_trusts_it(
    trusts: str, connector: Any, server: Server, proxy: Server, run: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("http_proxy", proxy.url)
    _recompile(server, run, {}, lambda: {"connector": connector()})
    assert (len(server.requests), len(proxy.requests)) == (1, 0)
    client, session = ({}, {"trust_env": True}) if trusts == "the session" else ({"trust_env": True}, {})
    _recompile(server, run, client, lambda: {"connector": connector(), **session})
    assert (len(server.requests), len(proxy.requests)) == (1, 1)


def test_a_session_that_trusts_an_environment_with_a_proxy_for_socks_is_refused(
    socks: str, server: Server, run: Run
) -> None:
    with pytest.raises(InvalidArgumentError, match=socks.upper()):
        _recompile(server, run, {}, lambda: {"trust_env": True})
    assert server.connections == 0


@pytest.mark.usefixtures("socks")
def test_a_connector_of_another_library_knows_its_way_to_such_a_proxy(server: Server, proxy: Server, run: Run) -> None:
    _recompile(server, run, {}, lambda: {"trust_env": True, "connector": _OtherConnector()})
    assert (len(server.requests), proxy.connections) == (1, 0)


@pytest.mark.usefixtures("socks")
def test_a_sessions_own_proxy_comes_before_the_environments(server: Server, proxy: Server, run: Run) -> None:
    _recompile(server, run, {"trust_env": True}, lambda: {"proxy": proxy.url})
    assert len(proxy.requests) == 1
