"""Tests of every fault in the table, on both clients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from letta_async import APIConnectionError, APIError
from tests.ids import CONVERSATION

from .driver import Driver
from .fault import RIGHT_ANSWER, Again, Fault
from .places import closed_port
from .proxy import tunnel
from .secrets import COOKIE, KEY, PROXY_PASSWORD, TOKEN, assert_kept
from .server import PROMPT, Server, good
from .table import FAULTS


def _for_this_interpreter(fault: Fault) -> Fault:
    """Return the fault with the changes for this interpreter's parser and loop."""
    if os.environ.get("LETTA_TEST_LOOP") == "uvloop":
        fault = attrs.evolve(fault, **fault.uvloop)
    if os.environ.get("AIOHTTP_NO_EXTENSIONS"):
        fault = attrs.evolve(fault, **fault.pure)
    return fault


@attrs.frozen
class Scene:
    """A client with its server, and its proxy if there is one."""

    fault: Fault
    client: Driver
    server: Server | None
    proxy: Server | None
    elsewhere: Server

    def follow(self, *, once: bool = False) -> None:
        """Make the server or proxy cause the fault, always or once."""
        if self.server is not None:
            self.server.follow(self.fault.script, once=once and self.proxy is None)
        if self.proxy is not None:
            self.proxy.follow(self.fault.proxy, once=once)

    def relent(self) -> None:
        for server in (self.proxy, self.server):
            if server is not None:
                server.follow(good)


@pytest.fixture(params=[pytest.param(_for_this_interpreter(fault), id=str(fault)) for fault in FAULTS])
def fault(request: pytest.FixtureRequest) -> Fault:
    return request.param


@pytest.fixture
def scene(fault: Fault, serve: Callable[..., Server], drive: Callable[..., Driver]) -> Iterator[Scene]:
    options: dict[str, Any] = {
        "timeout": 5,
        "max_concurrency": 1,
        "api_key": KEY,
        "default_headers": {"Cookie": COOKIE, "X-Auth-Token": TOKEN},
        **fault.client,
    }
    with ExitStack() as stack:
        server, proxy, elsewhere = None, None, serve()
        if fault.place is not None:
            url = stack.enter_context(fault.place())
        else:
            server = serve(fault.tls)
            server.elsewhere = elsewhere
            url = server.url if fault.scheme is None else f"{fault.scheme}://{server.host}"
        if url.startswith("https"):
            options["ssl_context"] = fault.client_context()
        if fault.proxy is not None:
            proxy = serve()
            proxy.answer = tunnel
            options["proxy"] = f"http://sam:{PROXY_PASSWORD}@{proxy.host}"
        elif fault.through_closed_port:
            options["proxy"] = stack.enter_context(closed_port()).replace("//", f"//sam:{PROXY_PASSWORD}@")
        client = drive(url, **options)
        client.lingers = fault.lingers
        del options
        yield Scene(fault, client, server, proxy, elsewhere)


def _tries(fault: Fault, repeatable: bool) -> int:
    again = fault.again is Again.ALL or (fault.again is Again.REPEATABLE and repeatable)
    return (fault.tries or 3) if again else 1


def test_fault(scene: Scene) -> None:
    _meet_for_ever(scene, scene.client.recompile, _tries(scene.fault, repeatable=True))
    _meet_for_ever(scene, scene.client.create, _tries(scene.fault, repeatable=False))
    _meet_once(scene)
    assert scene.elsewhere.connections == (0 if scene.fault.relents or scene.fault.through_closed_port else 1)


def _meet_for_ever(scene: Scene, call: Callable[[], Any], tries: int) -> None:
    """Check a call of which every attempt meets the fault."""
    fault = scene.fault
    scene.follow()
    if fault.sees == RIGHT_ANSWER:
        assert call() == PROMPT
    else:
        with pytest.raises(APIError) as caught:
            call()
        _judge(fault, caught.value)
        *waits, last = [attempt.waited for attempt in caught.value.attempts]
        assert len(waits) == tries - 1
        assert last == 0
        assert set(waits) <= set(scene.client.waits)
        if fault.waits is not None:
            assert all(fault.waits[0] <= wait <= fault.waits[1] for wait in waits), waits
    if scene.server is not None:
        assert len(scene.server.requests) == (tries if fault.requests is None else fault.requests)
        if fault.inspect is not None:
            fault.inspect(scene.server)
    assert fault.lingers or not scene.client.left_behind()
    redirects = fault.row in (32, 33)  # those are whole answers, after which a connection may be kept
    if fault.sees != RIGHT_ANSWER and issubclass(fault.sees, APIConnectionError) and not redirects:
        assert all(server.all_closed() for server in (scene.server, scene.proxy) if server is not None)


def _judge(fault: Fault, error: APIError) -> None:
    assert isinstance(error, fault.sees), repr(error)
    for words in fault.says:
        assert words in str(error)
    assert str(error).isprintable()
    assert fault.status is None or error.status_code == fault.status
    if fault.check is not None:
        fault.check(error)
    assert_kept(error)


def _meet_once(scene: Scene) -> None:
    """Check that a call succeeds after a single fault: by a retry, or if there is none, as the next call."""
    fault, client = scene.fault, scene.client
    if fault.through_closed_port:
        return
    if not fault.relents:
        url = scene.elsewhere.url
        assert client.call(lambda c: c.with_options(base_url=url).conversations.recompile(CONVERSATION)) == PROMPT
        return
    scene.follow(once=fault.again is not Again.NO)
    if fault.again is Again.NO and fault.sees != RIGHT_ANSWER:
        with pytest.raises(fault.sees):
            client.recompile()
        scene.relent()
    assert client.recompile() == PROMPT
