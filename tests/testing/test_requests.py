"""Tests of the record of received requests; tests/contract/test_embedded_server has more of them."""

from __future__ import annotations

import threading

import pytest

from letta_async import Letta
from letta_async.testing import EmbeddedServer, RecordedRequest, RecordedRequests


def test_they_are_a_sequence(server: EmbeddedServer, client: Letta) -> None:
    for number in range(3):
        client.get("/v1/health/", extra_query={"number": number})
    numbers = [request.query["number"] for request in server.requests]
    assert numbers == ["0", "1", "2"]
    assert server.requests[-1].query == {"number": "2"}
    assert [request.query["number"] for request in server.requests[1:]] == ["1", "2"]
    assert server.requests[0] in server.requests
    server.requests.clear()
    assert (len(server.requests), list(server.requests)) == (0, [])


@pytest.mark.parametrize("name", ["X-Api-Key", "X-Auth-Token", "My-Secret", "Cookie", "Proxy-Authorization"])
def test_whatever_the_client_masks_is_masked(server: EmbeddedServer, name: str) -> None:
    with Letta(base_url=server.base_url, api_key="sk-real", default_headers={name: "Basic sk-other"}) as client:
        client.get("/v1/health/")
    (request,) = server.requests
    assert request.headers[name.lower()].endswith("***")
    assert request.headers["authorization"] == "Bearer ***"
    assert "sk-" not in repr(server.requests)


def test_their_bodies_take_no_more_than_16_mib() -> None:
    requests = RecordedRequests()
    for number in range(40):
        requests.add(RecordedRequest("POST", f"/{number}", {}, {}, bytes(2**20)))
    assert [request.path for request in requests] == [f"/{number}" for number in range(24, 40)]
    requests.add(RecordedRequest("POST", "/large", {}, {}, bytes(2**25)))
    assert [request.path for request in requests] == ["/large"]
    requests.add(RecordedRequest("POST", "/small", {}, {}, b""))
    assert [request.path for request in requests] == ["/small"]


def test_they_can_be_read_while_more_arrive(server: EmbeddedServer) -> None:
    def ask() -> None:
        with Letta(base_url=server.base_url) as client:
            for _ in range(100):
                client.get("/v1/health/")

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        assert all(request.path == "/v1/health/" for request in server.requests)
    thread.join()
    assert len(server.requests) == 100
