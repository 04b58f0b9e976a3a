"""Contract tests of the client for providers with keys of users. None is reached: nothing listens at its URL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import pytest

from letta_async import AsyncLetta, BadRequestError, ConflictError, NotFoundError, Provider
from tests.contract.wire import UNKNOWN, Http

URL = "http://127.0.0.1:1/v1"
NOBODY = f"provider-{UNKNOWN}"

Create = Callable[..., Awaitable[Provider]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create providers with the client; they are deleted after the test."""
    made: list[Provider] = []

    async def create(**parameters: Any) -> Provider:
        given: Any = {"name": f"contract {uuid.uuid4()}", "provider_type": "vllm", "api_key": "s3cret", "base_url": URL}
        made.append(await sdk.providers.create(**{**given, **parameters}))
        return made[-1]

    yield create
    for each in made:
        await http.delete(f"/v1/providers/{each.id}")


async def test_a_provider_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    provider = await create(region="r", api_version="v", access_key="acc3ss")
    assert type(provider) is Provider
    assert not provider.extra_fields
    assert (provider.provider_type, provider.provider_category, provider.base_url) == ("vllm", "byok", URL)
    assert (provider.region, provider.api_version, provider.api_key) == ("r", "v", None)
    assert "s3cret" not in repr(provider) + str(provider.to_dict())
    assert "acc3ss" not in repr(provider) + str(provider.to_dict())
    assert attrs.evolve(await sdk.providers.retrieve(provider.id), last_synced=None) == provider
    with pytest.raises(ConflictError, match="duplicates"):
        await create(name=provider.name)
    with pytest.raises(BadRequestError, match="conflicts with an existing base provider"):
        await create(name="openai")


async def test_providers_are_listed_by_name_and_type(sdk: AsyncLetta, create: Create) -> None:
    first, second = await create(), await create()
    listed = [each.id async for each in sdk.providers.list(limit=1) if each.id in {first.id, second.id}]
    assert listed == [second.id, first.id]
    listed = [each.id async for each in sdk.providers.list(order="asc") if each.id in {first.id, second.id}]
    assert listed == [first.id, second.id]
    assert [each.id async for each in sdk.providers.list(name=first.name)] == [first.id]
    assert [each.id async for each in sdk.providers.list(name=first.name, provider_type="azure")] == []


async def test_an_update_keeps_what_is_left_out(sdk: AsyncLetta, create: Create) -> None:
    provider = await create()
    changed = await sdk.providers.update(provider.id, api_key="other", region="r", base_url=None)
    assert (changed.name, changed.region, changed.base_url) == (provider.name, "r", URL)
    refreshed = await sdk.providers.refresh(provider.id)
    assert (refreshed.id, refreshed.region) == (provider.id, "r")
    with pytest.raises(NotFoundError):
        await sdk.providers.update(NOBODY, api_key="x")


async def test_a_deleted_provider_is_no_longer_listed(sdk: AsyncLetta, create: Create) -> None:
    provider = await create()
    assert await sdk.providers.delete(provider.id) is None  # type: ignore[func-returns-value]
    assert [each async for each in sdk.providers.list(name=provider.name)] == []
    with pytest.raises(NotFoundError):
        await sdk.providers.delete(provider.id)
    with pytest.raises(NotFoundError):
        await sdk.providers.retrieve(NOBODY)
    with pytest.raises(NotFoundError):
        await sdk.providers.check_existing(NOBODY)
