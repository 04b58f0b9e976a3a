"""Substitutes for a client: mocks that know its methods, and copies that share its connections."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from letta_async import AsyncLetta, ClientClosedError, Letta
from letta_async.testing import EmbeddedServer

CLIENTS = [AsyncLetta, Letta]
SPECS = [
    lambda cls: mock.create_autospec(cls, instance=True),
    lambda cls: mock.create_autospec(cls, instance=True, spec_set=True),
    lambda cls: mock.create_autospec(cls)(base_url="http://x"),
    lambda cls: mock.create_autospec(cls(api_key="k")),
]


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


# --- mocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CLIENTS)
@pytest.mark.parametrize("spec", SPECS)
async def test_an_autospec_has_the_resources_with_their_methods_and_checks_signatures(cls: Any, spec: Any) -> None:
    client = spec(cls)
    assert isinstance(client, cls)
    client.conversations.recompile.return_value = "prompt"
    for resource, method, given in (
        (client.conversations, "recompile", ["conv-1"]),
        (client.conversations.messages, "compact", ["conv-1"]),
        (client.agents, "retrieve", ["agent-1"]),
        (client.blocks, "delete", ["block-1"]),
    ):
        called = getattr(resource, method)(*given)
        assert inspect.isawaitable(called) is (cls is AsyncLetta)
        if inspect.isawaitable(called):
            await called
        getattr(resource, method).assert_called_once_with(*given)
        with pytest.raises(TypeError, match="missing a required argument"):
            getattr(resource, method)()
    client.blocks.agents.list("block-1")
    with pytest.raises(TypeError, match="too many positional"):
        client.blocks.agents.list("block-1", 2)
    with pytest.raises(AttributeError):
        client.conversations.recompil  # noqa: B018


@pytest.mark.parametrize("cls", CLIENTS)
def test_a_resource_is_one_object_of_its_client_and_its_class_that_of_the_clients_class(cls: Any) -> None:
    client, other = cls(api_key="k"), cls(api_key="k")
    assert client.conversations is client.conversations is not other.conversations
    assert client.conversations.messages is client.conversations.messages
    assert type(client.conversations) is cls.conversations
    assert type(client.blocks.agents) is cls.blocks.agents
    client.agents = "replaced"
    assert client.agents == "replaced"


# --- copies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda client: copy.deepcopy({"in": [client]})["in"][0]])
async def test_a_copy_shares_the_connections_and_leaves_them_when_it_goes(server: EmbeddedServer, make: Any) -> None:
    async with AsyncLetta(base_url=server.base_url, default_headers={"X-A": "a"}) as client:
        await client.agents.create(model="letta/letta-free")
        twin = make(client)
        assert type(twin) is AsyncLetta
        assert twin.agents is not client.agents
        assert len(await twin.agents.list()) == 1
        assert server.requests[-1].headers["x-a"] == "a"
        assert twin._transport is client._transport
        await twin.close()
        with pytest.raises(ClientClosedError):
            await twin.agents.list()
        del twin
        assert len(await client.agents.list()) == 1
    with pytest.raises(ClientClosedError):
        await make(client).agents.list()


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda client: copy.deepcopy({"in": [client]})["in"][0]])
def test_a_copy_of_a_sync_client_shares_them_too(server: EmbeddedServer, make: Any) -> None:
    with Letta(base_url=server.base_url) as client:
        client.agents.create(model="letta/letta-free")
        twin = make(client)
        assert len(twin.agents.list().page()) == 1
        assert twin._portal is client._portal
        twin.close()
        with pytest.raises(ClientClosedError):
            twin.agents.list().page()
        del twin
        assert len(client.agents.list().page()) == 1


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_resource_works_and_leaves_the_client_alone(server: EmbeddedServer, make: Any) -> None:
    with Letta(base_url=server.base_url) as client:
        client.agents.create(model="letta/letta-free")
        for thing in (make(client.agents).list(), make(client.agents.list())):
            assert len(thing.page()) == len(list(thing)) == 1
        assert len(client.agents.list().page()) == 1


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy])
async def test_a_copy_of_an_async_resource_does_too(server: EmbeddedServer, make: Any) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        await client.agents.create(model="letta/letta-free")
        for thing in (make(client.agents).list(), make(client.agents.list())):
            assert len(await thing) == 1
        assert len(await client.agents.list()) == 1


@pytest.mark.parametrize("cls", CLIENTS)
def test_pickling_is_refused_with_a_sentence(cls: Any) -> None:
    client = cls(api_key="sk-secret")
    for thing in (client, client.conversations, client.conversations.messages, {"client": client}):
        with pytest.raises(TypeError, match="a client is not pickled") as caught:
            pickle.dumps(thing)
        assert "sk-secret" not in str(caught.value)
