"""Contract tests of the client for identities."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    ConflictError,
    Identity,
    IdentityProperty,
    InternalServerError,
    InvalidArgumentError,
    NotFoundError,
)
from tests.contract.conftest import MODEL, Make
from tests.contract.wire import UNKNOWN, UNKNOWN_AGENT, UNKNOWN_BLOCK, Http

Create = Callable[..., Awaitable[Identity]]

UNKNOWN_IDENTITY = f"identity-{UNKNOWN}"


def new_key() -> str:
    """Return an identifier key that no other identity has."""
    return f"contract-{uuid.uuid4()}"


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create identities with the client; they are deleted after the test."""
    made: list[Identity] = []

    async def create(**parameters: Any) -> Identity:
        defaults: dict[str, Any] = {"identifier_key": new_key(), "name": "Ada", "identity_type": "user"}
        made.append(await sdk.identities.create(**{**defaults, **parameters}))
        return made[-1]

    yield create
    for identity in made:
        await http.delete(f"/v1/identities/{identity.id}")


def shown(properties: list[IdentityProperty] | None) -> dict[str, Any]:
    """Return the values of properties by their keys."""
    return {each.key: each.value for each in properties or []}


async def test_an_identity_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    properties = [
        IdentityProperty(key="a", value="x", type="string"),
        {"key": "b", "value": 1.5, "type": "number"},
        {"key": "c", "value": True, "type": "boolean"},
        {"key": "d", "value": {"k": [1, None]}, "type": "json"},
    ]
    identity = await create(properties=properties, project_id="contract")
    assert (type(identity), identity.name, identity.identity_type) == (Identity, "Ada", "user")
    assert {type(each) for each in identity.properties or []} == {IdentityProperty}
    assert shown(identity.properties) == {"a": "x", "b": 1.5, "c": True, "d": {"k": [1, None]}}
    assert await sdk.identities.retrieve(identity.id) == identity
    with pytest.raises(ConflictError, match="unique_identifier_key"):
        await create(identifier_key=(await create()).identifier_key)
    with pytest.raises(InvalidArgumentError, match="identity_type: 'robot' is unknown"):
        await create(identity_type="robot")
    with pytest.raises(InternalServerError):
        await create(agent_ids=[UNKNOWN_AGENT])


async def test_a_change_adds_to_lists(sdk: AsyncLetta, create: Create, make_agent: Make) -> None:
    agents = [(await make_agent())["id"] for _ in range(2)]
    identity = await create(agent_ids=agents[:1], properties=[{"key": "a", "value": 1, "type": "number"}])
    changed = await sdk.identities.update(
        identity.id, name="Grace", agent_ids=agents[1:], properties=[{"key": "b", "value": 2, "type": "number"}]
    )
    assert (changed.name, changed.identity_type, shown(changed.properties)) == ("Grace", "user", {"a": 1, "b": 2})
    assert {each.id async for each in sdk.identities.agents.list(identity.id)} == set(agents)
    changed = await sdk.identities.modify(identity.id, properties=[{"key": "a", "value": 3, "type": "number"}])
    assert (changed.name, shown(changed.properties)) == ("Grace", {"a": 3, "b": 2})
    replaced = await sdk.identities.properties.upsert(identity.id, body=[{"key": "c", "value": 4, "type": "number"}])
    assert replaced is not None
    assert shown(replaced.properties) == {"c": 4}
    emptied = await sdk.identities.properties.upsert(identity.id, body=[])
    assert emptied is not None
    assert emptied.properties == []
    for call in (sdk.identities.update(UNKNOWN_IDENTITY), sdk.identities.properties.upsert(UNKNOWN_IDENTITY, body=[])):
        with pytest.raises(NotFoundError):
            await call


async def test_an_upsert_changes_the_identity_with_the_key(sdk: AsyncLetta, create: Create, make_agent: Make) -> None:
    agents = [(await make_agent())["id"] for _ in range(2)]
    identity = await create(agent_ids=agents[:1], properties=[{"key": "a", "value": 1, "type": "number"}])
    key = identity.identifier_key
    assert key is not None
    changed = await sdk.identities.upsert(identifier_key=key, name="Grace", identity_type="org")
    assert (changed.id, changed.name, changed.identity_type) == (identity.id, "Grace", "org")
    assert shown(changed.properties) == {"a": 1}
    changed = await sdk.identities.upsert(
        identifier_key=key, name="Grace", identity_type="org", agent_ids=agents[1:], properties=[]
    )
    assert changed.properties == []
    assert [each.id async for each in sdk.identities.agents.list(identity.id)] == agents[1:]
    with pytest.raises(NotFoundError):
        await sdk.identities.upsert(identifier_key=new_key(), name="x", identity_type="other")


async def test_a_deleted_identity_is_gone(sdk: AsyncLetta, create: Create) -> None:
    identity = await create()
    assert await sdk.identities.delete(identity.id) is None  # type: ignore[func-returns-value]
    for call in (
        sdk.identities.retrieve(identity.id),
        sdk.identities.delete(identity.id),
        sdk.identities.agents.list(identity.id),
        sdk.identities.blocks.list(identity.id),
    ):
        with pytest.raises(NotFoundError, match="Identity not found"):
            await call  # type: ignore[misc]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, create: Create, limit: int) -> None:
    name = f"Contract {uuid.uuid4()}"
    ids = [(await create(name=f"{name} {number}")).id for number in range(3)]
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each.id async for each in sdk.identities.list(limit=limit, order=order, name=name.lower())]  # type: ignore[arg-type]
        assert found == expected
    assert [each.id for each in await sdk.identities.list(name=name, after=ids[1])] == [ids[0]]


async def test_identities_are_filtered(sdk: AsyncLetta, create: Create) -> None:
    project = new_key()
    identity, other = await create(project_id=project), await create(project_id=project, identity_type="other")
    assert [each.id async for each in sdk.identities.list(identifier_key=identity.identifier_key)] == [identity.id]
    assert [each.id async for each in sdk.identities.list(project_id=project)] == [other.id, identity.id]
    found = [each.id async for each in sdk.identities.list(project_id=project, identity_type="other")]
    assert found == [other.id]
    assert await sdk.identities.count() >= 2
    with pytest.raises(NotFoundError):
        await sdk.identities.list(after=UNKNOWN_IDENTITY)


async def test_an_agent_names_its_identities(sdk: AsyncLetta, create: Create, http: Http, make_agent: Make) -> None:
    first, second = await create(), await create()
    agent = await make_agent(identity_ids=[first.id])
    assert (agent["identity_ids"], [each["id"] for each in agent["identities"]]) == ([first.id], [first.id])
    changed = await http.patch(f"/v1/agents/{agent['id']}", {"identity_ids": [second.id]})
    assert changed.json["identity_ids"] == [second.id]
    listed = await http.get(f"/v1/agents/?identifier_keys={second.identifier_key}")
    assert [each["id"] for each in listed.json] == [agent["id"]]
    assert (await http.get(f"/v1/agents/?identity_id={first.id}")).json == []
    retrieved = await http.get(f"/v1/agents/{agent['id']}?include=agent.identities")
    assert [each["name"] for each in retrieved.json["identities"]] == ["Ada"]
    for refused in (
        await http.patch(f"/v1/agents/{agent['id']}", {"identity_ids": [UNKNOWN_IDENTITY]}),
        await http.post("/v1/agents/", {"name": "x", "model": MODEL, "identity_ids": [UNKNOWN_IDENTITY]}),
    ):
        assert (refused.status, "identities_agents_identity_id_fkey" in refused.json["detail"]) == (409, True)


async def test_agents_and_blocks_are_attached_and_detached(
    sdk: AsyncLetta, create: Create, agent: dict[str, Any]
) -> None:
    identity = await create()
    agent_id, block_id = agent["id"], agent["blocks"][0]["id"]
    for _ in range(2):
        assert await sdk.agents.identities.attach(identity.id, agent_id=agent_id) is None  # type: ignore[func-returns-value]
        assert (await sdk.blocks.identities.attach(identity.id, block_id=block_id)).id == block_id
    assert [each.id async for each in sdk.identities.agents.list(identity.id)] == [agent_id]
    assert [each.id async for each in sdk.identities.blocks.list(identity.id)] == [block_id]
    assert [each.id async for each in sdk.blocks.list(identity_id=identity.id)] == [block_id]
    for _ in range(2):
        assert await sdk.agents.identities.detach(identity.id, agent_id=agent_id) is None  # type: ignore[func-returns-value]
        assert (await sdk.blocks.identities.detach(identity.id, block_id=block_id)).id == block_id
    assert await sdk.identities.agents.list(identity.id) == []
    assert await sdk.identities.blocks.list(identity.id) == []
    for call in (sdk.agents.identities.attach, sdk.agents.identities.detach):
        with pytest.raises(NotFoundError, match="Identity not found"):
            await call(UNKNOWN_IDENTITY, agent_id=agent_id)
        with pytest.raises(NotFoundError, match="Agent not found"):
            await call(identity.id, agent_id=UNKNOWN_AGENT)
    for attach in (sdk.blocks.identities.attach, sdk.blocks.identities.detach):
        with pytest.raises(NotFoundError, match="Identity not found"):
            await attach(UNKNOWN_IDENTITY, block_id=block_id)
        with pytest.raises(NotFoundError, match="Block not found"):
            await attach(identity.id, block_id=UNKNOWN_BLOCK)
