"""Contract tests of the client's error messages: unknown URLs, and problems that the server repeats."""

from __future__ import annotations

from typing import Any

import pytest

from letta_async import AsyncLetta, NotFoundError, UnprocessableEntityError
from tests.contract.conftest import Story


async def test_a_path_that_does_not_exist_is_said_with_its_whole_url(sdk: AsyncLetta, base_url: str) -> None:
    for path in ("/v1/v1/conversations/", "/v1/nonsense"):
        with pytest.raises(NotFoundError) as caught:
            await sdk.get(path)
        assert f"404 Not Found: Not Found [nothing is at {base_url}{path}; is base_url right" in str(caught.value)


async def test_a_thing_that_does_not_exist_is_said_without(sdk: AsyncLetta, story: Story) -> None:
    with pytest.raises(NotFoundError) as caught:
        await sdk.conversations.retrieve(f"conv-{story.agent_id.removeprefix('agent-')}")
    assert "nothing is at" not in str(caught.value)


async def test_what_is_wrong_is_read_however_much_of_it_is_repeated(sdk: AsyncLetta) -> None:
    with pytest.raises(UnprocessableEntityError, match=r"body\.limit: \w+") as caught:
        await sdk.post("/v1/blocks/", body={"label": "l", "value": "v", "limit": "z" * 200_000})
    entry: Any = caught.value.detail[0]  # type: ignore[index]
    assert (entry["type"].startswith("int_parsing"), entry["loc"]) == (True, ("body", "limit"))
    assert entry["input"].startswith("zzz")
