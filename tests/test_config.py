"""Configuration of a client: arguments, environment, and invalid values."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import aiohttp
import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, LettaError, RetryPolicy, Timeout
from letta_async._schema.constraints import Range

KEY = "sk-let-very-secret"


def refusal(**options: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        AsyncLetta(**options)
    assert isinstance(caught.value, LettaError)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


def headers(client: AsyncLetta) -> dict[str, str]:
    return dict(client._config.headers)


def test_the_defaults_are_those_of_the_official_client() -> None:
    client = AsyncLetta()
    assert client.base_url == "https://api.letta.com"
    assert client.timeout == Timeout(60, connect=5)
    assert client.max_retries == 2
    assert client.api_key is None
    assert "Authorization" not in headers(client)


@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
def test_the_earlier_name_of_the_key_is_understood(cls: type[AsyncLetta | Letta]) -> None:
    client = cls(token=KEY)
    assert client.api_key == KEY
    assert KEY not in f"{client!r} {client.__dict__!r}"
    with pytest.raises(InvalidArgumentError, match="token: excludes api_key"):
        cls(token=KEY, api_key=KEY)
    assert cls(token=None, api_key=KEY).api_key == KEY


def test_the_environment_fills_in_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTA_API_KEY", KEY)
    monkeypatch.setenv("LETTA_BASE_URL", "http://localhost:1234/")
    monkeypatch.setenv("LETTA_CUSTOM_HEADERS", "X-One: 1\nX-Two:  a: b ")
    client = AsyncLetta(default_headers={"x-one": "mine"}, project_id="p", project="q")
    assert client.base_url == "http://localhost:1234"
    assert headers(client)["Authorization"] == f"Bearer {KEY}"
    assert headers(client) | {"x-one": "mine", "X-Two": "a: b", "X-Project-Id": "p", "X-Project": "q"} == headers(
        client
    )
    assert AsyncLetta(api_key="other", base_url="https://x.example").base_url == "https://x.example"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTA_API_KEY", "")
    monkeypatch.setenv("LETTA_BASE_URL", "")
    assert AsyncLetta().base_url == "https://api.letta.com"


def test_an_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AsyncLetta(environment="local").base_url == "http://localhost:8283"
    assert AsyncLetta(environment="cloud").base_url == "https://api.letta.com"
    assert "allowed: 'cloud' or 'local'" in refusal(environment="moon")
    monkeypatch.setenv("LETTA_BASE_URL", "http://localhost:1")
    assert "ambiguous" in refusal(environment="local")
    assert AsyncLetta(environment="local", base_url=None).base_url == "http://localhost:8283"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://localhost:8283/", "http://localhost:8283"),
        ("https://x.example/letta/", "https://x.example/letta"),
        ("HTTPS://X.Example", "https://x.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:8283", "http://[::1]:8283"),
    ],
)
def test_a_base_url_is_normalized(given: str, kept: str) -> None:
    assert AsyncLetta(base_url=given).base_url == kept


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "localhost:8283",
        "ftp://x.example",
        "file:///etc/passwd",
        "http://",
        "http://:80",
        "http://user:hunter2@x.example",
        "http://user@x.example",
        "http://@x.example",
        "http://x.example?a=1",
        "http://x.example?",
        "http://x.example#f",
        "http://x.example/../y",
        "http://x.example/%2e%2e/y",
        "http://x.example/a b",
        "http://x.example\r\nX: y",
        "http://x.example\\@evil.example",
        "http://xn--\ud800.example",
        "http://x..example",
        "http://x.example:99999",
    ],
)
def test_a_base_url_that_could_lead_elsewhere_is_refused(wrong: str) -> None:
    words = refusal(base_url=wrong)
    assert words.startswith("base_url: ")
    assert "hunter2" not in words


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("localhost:18483", "http://localhost:18483"),
        ("127.0.0.1:8283", "http://127.0.0.1:8283"),
        ("[::1]:8283/", "http://[::1]:8283"),
        ("letta.internal", "http://letta.internal"),
        ("letta.internal/behind/v1", "http://letta.internal/behind"),
        ("//localhost", "http://localhost"),
        ("http:/localhost:8283", "http://localhost:8283"),
        ("https//api.letta.com/v1/", "https://api.letta.com"),
        ("api.letta.com", "https://api.letta.com"),
    ],
)
def test_a_base_url_without_a_scheme_is_refused_with_the_one_that_is_meant(
    given: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{given!r} has no scheme; did you mean {meant}?"
    assert refusal(base_url=given) == f"base_url: {said}"
    assert AsyncLetta(base_url=meant).base_url == meant
    monkeypatch.setenv("LETTA_BASE_URL", given)
    assert refusal() == f"LETTA_BASE_URL: {said}"


@pytest.mark.parametrize(
    "given", ["localhost:99999", "u:123@localhost", "file:/etc", "mailto:x", "8283", "h?q", "", "/"]
)
def test_what_is_no_url_with_a_scheme_either_gets_no_offer(given: str) -> None:
    assert "did you mean" not in refusal(base_url=given)
    assert "123" not in refusal(base_url=given)


@pytest.mark.parametrize("prefix", ["http://localhost:8283", "https://example.com/letta", "https://h/v1/of/mine"])
@pytest.mark.parametrize("end", ["/v1", "/v1/", "/v1//"])
def test_a_base_url_that_ends_in_v1_is_refused_with_the_one_to_use(prefix: str, end: str) -> None:
    said = f"base_url: ends in /v1, with which every path begins already; use {prefix}"
    assert refusal(base_url=prefix + end) == said
    assert AsyncLetta(base_url=prefix).base_url == prefix
    with pytest.raises(InvalidArgumentError, match="use "):
        AsyncLetta(base_url=prefix).with_options(base_url=prefix + end)
    assert AsyncLetta(base_url=f"{prefix}/v12").base_url == f"{prefix}/v12"


def test_a_wrong_variable_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTA_BASE_URL", "localhost")
    assert "LETTA_BASE_URL" in refusal()


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f" {KEY}", f"{KEY}é", f"{KEY}\r\nX: y", f"{KEY}\0", 5, b"x"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: Any) -> None:
    words = refusal(api_key=key)
    assert words.startswith("api_key: ")
    assert KEY not in words
    with pytest.raises(InvalidArgumentError):
        AsyncLetta().with_options(api_key=key)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", "60"),
        ("timeout", float("inf")),
        ("deadline", 0),
        ("deadline", True),
        ("max_retries", -1),
        ("max_retries", 1.5),
        ("max_retries", True),
        ("max_response_bytes", 0),
        ("max_concurrency", 0),
        ("max_concurrency", True),
        ("max_concurrency", 2.5),
        ("default_headers", {"X": "a\r\nb"}),
        ("default_headers", ["X"]),
        ("default_query", {"q": object()}),
        ("default_query", "q=1"),
        ("project_id", "a\nb"),
        ("project", 5),
        ("proxy", "proxy.example"),
        ("proxy", "http://user:hunter2@"),
        ("retry", 3),
    ],
)
def test_a_wrong_option_is_refused_by_name(option: str, value: Any) -> None:
    words = refusal(**{option: value})
    assert words.startswith({"max_retries": "retry.max_retries"}.get(option, option))
    assert "hunter2" not in words


def test_a_key_over_plain_http_to_another_host_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="plain http") as caught:
        AsyncLetta(api_key=KEY, base_url="http://letta.example")
    assert caught[0].filename == __file__
    for fine in ("http://localhost:8283", "http://127.0.0.1:1", "http://[::1]:1", "https://letta.example"):
        AsyncLetta(api_key=KEY, base_url=fine)


def test_the_key_is_in_no_representation_and_no_pickle() -> None:
    client = AsyncLetta(api_key=KEY, default_headers={"Authorization": f"Bearer {KEY}"})
    shown = f"{client!r} {client._config!r} {client._transport!r} {client.__dict__!r} {client._config.headers!r}"
    assert KEY not in shown
    assert client.api_key == KEY
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(client._config)
    assert copy.deepcopy(client._config.api_key) == KEY


@pytest.mark.parametrize(
    ("level", "number"), [("debug", logging.DEBUG), ("info", logging.INFO), ("loud", logging.NOTSET)]
)
def test_letta_log_switches_logging_on(monkeypatch: pytest.MonkeyPatch, level: str, number: int) -> None:
    logger = logging.getLogger("letta_async")
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    monkeypatch.setenv("LETTA_LOG", level)
    AsyncLetta()
    assert logger.level == number


@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
def test_with_options_applies_every_option_and_keeps_the_rest(cls: type[AsyncLetta] | type[Letta]) -> None:
    client = cls(
        api_key=KEY,
        project_id="p",
        base_url="http://localhost:1",
        timeout=5,
        max_retries=4,
        default_headers={"X-One": "1"},
        default_query={"q": 1},
        retry=RetryPolicy(max_delay=1),
    )
    twin = client.with_options(
        api_key="other",
        project="q",
        base_url="http://localhost:2",
        timeout=None,
        deadline=9,
        max_retries=0,
        max_response_bytes=10,
    )
    config = twin._config
    assert (twin.api_key, twin.base_url, twin.timeout, twin.max_retries) == (
        "other",
        "http://localhost:2",
        Timeout(None),
        0,
    )
    assert (config.project_id, config.project, config.deadline, config.max_response_bytes) == ("p", "q", 9, 10)
    assert config.retry == RetryPolicy(max_retries=0, max_delay=1)
    assert config.headers["Authorization"] == "Bearer other"
    assert config.headers["X-Project-Id"] == "p"
    assert (config.headers["X-One"], dict(config.default_query)) == ("1", {"q": 1})
    assert (client.base_url, client.max_retries, client._config.retry.max_delay) == ("http://localhost:1", 4, 1)
    added = client.with_options(default_headers={"x-two": "2"}, default_query={"r": 2})._config
    assert (added.headers["X-One"], added.headers["x-two"], dict(added.default_query)) == ("1", "2", {"q": 1, "r": 2})
    instead = client.with_options(set_default_headers={}, set_default_query={"r": 2})._config
    assert "X-One" not in instead.headers
    assert dict(instead.default_query) == {"r": 2}
    assert client.with_options(environment="local").base_url == "http://localhost:8283"
    with pytest.raises(InvalidArgumentError, match="set_default_headers: excludes default_headers"):
        client.with_options(default_headers={}, set_default_headers={})


def test_the_connect_timeout_stays_below_the_whole() -> None:
    assert Timeout().connect_seconds == 5
    assert Timeout(1).connect_seconds == pytest.approx(0.9)
    assert Timeout(None).connect_seconds == 5
    assert Timeout(None, connect=None).connect_seconds is None
    assert Timeout(10, connect=None).connect_seconds == 9


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copied_key_stays_masked(copied: Any) -> None:
    key = copied(AsyncLetta(api_key="sk-secret").api_key)
    assert key == "sk-secret"
    assert "secret" not in repr(key)


async def test_a_session_of_somebody_elses_loop_is_refused_by_the_sync_client() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(InvalidArgumentError, match="session: belongs to an event loop of yours"):
            Letta(session=session)


def test_ranges_read_as_they_are_meant() -> None:
    assert [str(Range(0, 1)), str(Range(minimum=2)), str(Range(maximum=0.5))] == [
        "from 0 to 1",
        "at least 2",
        "at most 0.5",
    ]
