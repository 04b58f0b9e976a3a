"""Tests of rows 7 and 51 to 53: values that could split or redirect a request are refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, LettaError
from tests.ids import CONVERSATION

from .driver import Driver
from .secrets import assert_not_told
from .server import PROMPT, Server

Drive = Callable[..., Driver]

BASE_URLS = [
    "http://sam:MostSecretPassword@127.0.0.1:1",
    "http://MostSecretPassword@127.0.0.1:1",
    "http://127.0.0.1:1?x=1",
    "http://127.0.0.1:1?",
    "http://127.0.0.1:1/#top",
    "http://",
    "http:///v1",
    "https://:8283",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "unix:/run/letta.sock",
    "127.0.0.1:8283",
    "//127.0.0.1:8283",
    "",
    "http://xn--\u2028.example",
    "http://ex ample",
    "http://127.0.0.1\\@elsewhere.example",
    "http://127.0.0.1\r\nHost: elsewhere.example",
    "http://127.0.0.1:port",
    "http://127.0.0.1:99999",
    "http://[::1",
    "http://a..b",
    "http://127.0.0.1/../x",
    "http://127.0.0.1/%2e%2E/x",
    f"http://{'a' * 64}.example",
]

IDS = [
    "..",
    ".",
    "",
    " ",
    "a/../b",
    "%2e%2e",
    "a?x",
    "a#f",
    "a\r\nHost: elsewhere.example",
    "a\x00",
    "a\\b",
    "conv-..",
    f"{CONVERSATION}\n",
    f"{CONVERSATION}/",
    f"{CONVERSATION}?dry_run=true",
    CONVERSATION.upper(),
    None,
    7,
    b"default",
]

HEADER_VALUES = ["a\r\nX-Other: b", "a\nb", "a\rb", "a\x00b", "a\x7f", "\u2028", "\u0416", "\udc80", 7, b"a", ["a"]]
HEADER_NAMES = ["", "a b", "a:b", "a\r\nb", "a\x00", "\u0416", 7]

KEYS = ["sk-MostSecret\n", " sk-MostSecret", "sk-MostSecret-\u0416", "sk-Most\x00Secret", "sk-Most Secret", "", " ", 7]


@pytest.mark.parametrize("make", [AsyncLetta, Letta])
@pytest.mark.parametrize("url", BASE_URLS)
def test_a_base_url_that_could_lead_elsewhere_is_refused(make: Callable[..., Any], url: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^base_url: ") as caught:
        make(base_url=url)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, LettaError)
    assert_not_told(str(caught.value), repr(caught.value))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("url", BASE_URLS)
def test_so_is_one_for_a_copy(url: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^base_url: "):
        AsyncLetta(base_url="http://127.0.0.1:1").with_options(base_url=url)


@pytest.mark.parametrize("wrong", IDS)
def test_an_id_that_is_none_is_refused(wrong: Any, server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    with pytest.raises(InvalidArgumentError, match="conversation_id: ") as caught:
        driver.call(lambda client: client.conversations.recompile(wrong))
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).isprintable()
    assert server.connections == 0


@pytest.mark.parametrize(
    "path",
    ["..", "v1", "", "//elsewhere.example/", "/v1/..", "/v1/%2e%2e/x", "/v1?x", "/v1#x", "/v1\r\nHost: x", "/\\x"],
)
def test_a_path_that_is_none_is_refused(path: str, server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    with pytest.raises(InvalidArgumentError, match="path: "):
        driver.call(lambda client: client.get(path))
    assert server.connections == 0


@pytest.mark.parametrize("value", HEADER_VALUES)
def test_a_header_value_that_could_split_a_request_is_refused(value: Any, server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    with pytest.raises(InvalidArgumentError, match=r"extra_headers.*is not printable Latin-1 text on one line"):
        driver.recompile(extra_headers={"X-Tag": value})
    with pytest.raises(InvalidArgumentError, match="default_headers"):
        driver.client.with_options(default_headers={"X-Tag": value})
    assert server.connections == 0


@pytest.mark.parametrize("name", HEADER_NAMES)
def test_a_header_name_that_is_none_is_refused(name: Any, server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    with pytest.raises(InvalidArgumentError, match=r"extra_headers.*is not a header name") as caught:
        driver.recompile(extra_headers={name: "x"})
    assert str(caught.value).isprintable()
    assert server.connections == 0


def test_a_header_may_hold_what_latin_1_has(server: Server, drive: Drive) -> None:
    driver = drive(server.url, default_headers={"X-Tag": "caf\u00e9\ttwo"})
    assert driver.recompile() == PROMPT
    assert server.requests[0].headers["x-tag"].encode("latin-1").decode() == "caf\u00e9\ttwo"


@pytest.mark.parametrize("make", [AsyncLetta, Letta])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_cannot_be_sent_is_refused_and_not_told(make: Callable[..., Any], key: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^api_key: ") as caught:
        make(api_key=key)
    assert isinstance(caught.value, ValueError)
    assert_not_told(str(caught.value), repr(caught.value), repr(vars(caught.value)))


@pytest.mark.parametrize("key", [key for key in KEYS if isinstance(key, str) and key and "\0" not in key])
def test_so_is_one_in_the_environment(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTA_API_KEY", key)
    with pytest.raises(InvalidArgumentError, match=r"^api_key: ") as caught:
        AsyncLetta()
    assert_not_told(str(caught.value), repr(caught.value))


@pytest.mark.parametrize("option", ["project", "project_id"])
def test_a_project_that_could_split_a_request_is_refused(option: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{option}: "):
        AsyncLetta(**{option: "a\r\nX-Other: b"})


def test_custom_headers_of_the_environment_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTA_CUSTOM_HEADERS", "X-One: 1\n\nMostSecret no colon here\nX-Two: 2")
    with pytest.warns(UserWarning, match="line 3 of LETTA_CUSTOM_HEADERS") as caught:
        client = AsyncLetta(base_url="http://127.0.0.1:1")
    assert_not_told(*(str(warning.message) for warning in caught))
    assert caught[0].filename == __file__
    assert {"X-One", "X-Two"} <= set(client._config.headers)
    monkeypatch.setenv("LETTA_CUSTOM_HEADERS", "X One: 1")
    with pytest.raises(InvalidArgumentError, match="'X One' is not a header name"):
        AsyncLetta(base_url="http://127.0.0.1:1")
