"""Tests of how the embedded server stops: no connection stays open, whenever it was made."""

from __future__ import annotations

import gc
import socket
import threading
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from letta_async.testing import EmbeddedServer


def connect_until_refused(address: tuple[str | None, int | None], connected: ExitStack) -> None:
    while True:
        try:
            client = connected.enter_context(socket.create_connection(address, timeout=5))
            client.sendall(b"GET /v1/health/ HTTP/1.1\r\nHost: loopback\r\n\r\n")
        except OSError:
            return


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_connections_made_while_the_server_stops_are_closed() -> None:
    for _round in range(10):
        with ExitStack() as connected:
            with EmbeddedServer() as server:
                url = urlsplit(server.base_url)
                thread = threading.Thread(target=connect_until_refused, args=((url.hostname, url.port), connected))
                thread.start()
            thread.join()
        gc.collect()  # an unclosed socket is reported when it is collected, and pytest makes an error of the report
