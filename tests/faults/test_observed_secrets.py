"""Tests that no span, no measurement and no hook of an instrumentation is told a client's secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from letta_async import LettaError
from letta_async.instrumentation import Instrumentation
from tests.otel.telemetry import Telemetry

from .driver import Driver
from .scripts import answer, answers_in_turn, closes, says, stalls
from .secrets import COOKIE, KEY, PROXY_PASSWORD, TOKEN, assert_not_told
from .server import PROMPT, Server

Drive = Callable[..., Driver]

HEADERS = {"Cookie": COOKIE, "X-Api-Key": TOKEN, "x-auth-token": TOKEN}
SECRET_HEADERS = (f"Set-Cookie: {COOKIE}", f"X-Secret-Token: {TOKEN}")
ECHO = f'{{"token": "{TOKEN}", "detail": "Bearer {KEY}, {TOKEN}, {COOKIE}"}}'.encode()


class Listening(Instrumentation):
    """Instrumentation that keeps what its hooks are passed, as text."""

    def __init__(self) -> None:
        self.texts: list[str] = []


def _listen(hook: str) -> Callable[..., None]:
    def listen(self: Listening, *arguments: Any) -> None:
        told = [dict(each) if hasattr(each, "keys") else each for each in arguments]
        self.texts += [f"{hook}{told!r}", repr(getattr(arguments[0], "arguments", None))]

    return listen


for _hook in [name for name in vars(Instrumentation) if name.startswith("on_")]:
    setattr(Listening, _hook, _listen(_hook))


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    yield made
    made.tracer_provider.shutdown()
    made.meter_provider.shutdown()


@pytest.mark.parametrize(
    "script",
    [
        closes("after the request"),
        stalls,
        says(answer(401, b"{}", *SECRET_HEADERS)),
        says(b"?\r\n\r\n", then="fin"),
        answers_in_turn(answer(503, b"{}", *SECRET_HEADERS), answer(200, f'"{PROMPT}"'.encode(), *SECRET_HEADERS)),
    ],
    ids=["closed", "stalled", "refused", "no-http", "retried"],
)
@pytest.mark.parametrize("proxied", [False, True])
def test_hooks_and_spans(script: Any, proxied: bool, server: Server, drive: Drive, telemetry: Telemetry) -> None:
    server.follow(script)
    listening = Listening()
    options: dict[str, Any] = {"api_key": KEY, "timeout": 0.1, "default_headers": HEADERS, "max_retries": 1}
    options["instrumentation"] = [listening, telemetry.instrumentation(capture_content=True)]
    if proxied:
        driver = drive("http://127.0.0.1:1", proxy=f"http://sam:{PROXY_PASSWORD}@{server.host}", **options)
    else:
        driver = drive(server.url, default_query={"api_key": TOKEN}, **options)
    del options
    with suppress(LettaError):
        driver.recompile(extra_headers={"X-Client-Secret": TOKEN}, extra_query={"token": TOKEN})
    assert server.requests[0].headers["x-api-key"] == TOKEN
    assert server.requests[0].headers["traceparent"].startswith("00-")
    assert len(telemetry.spans) == 1
    assert_not_told(telemetry.text(), *listening.texts)


def test_a_span_does_not_repeat_what_a_server_echoes(server: Server, drive: Drive, telemetry: Telemetry) -> None:
    server.follow(says(answer(500, ECHO, *SECRET_HEADERS)))
    instrumentation = telemetry.instrumentation(capture_content=True)
    driver = drive(server.url, api_key=KEY, default_headers=HEADERS, max_retries=1, instrumentation=instrumentation)
    with pytest.raises(LettaError, match="MostSecret"):
        driver.recompile()
    assert len(telemetry.spans[0].events) == 2
    assert_not_told(telemetry.text())


def test_secrets_of_arguments(server: Server, drive: Drive, telemetry: Telemetry) -> None:
    server.follow(says(answer(422, b"{}")))
    listening = Listening()
    instrumentation = [listening, telemetry.instrumentation(capture_content=True)]
    driver = drive(server.url, instrumentation=instrumentation)
    with pytest.raises(LettaError):
        driver.call(lambda client: client.agents.create(name="a", secrets={"pin": TOKEN}))
    assert "'name': 'a'" in "".join(listening.texts)
    assert_not_told(telemetry.text(), *listening.texts)
