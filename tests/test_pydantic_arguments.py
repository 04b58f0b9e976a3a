"""Arguments that are pydantic models of somebody else are sent as the fields that were set of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from letta_async import AsyncLetta, InvalidRequestError, MessageCreate
from letta_async.testing import EmbeddedServer

MODEL: Any = {"model": "letta/letta-free", "embedding": "letta/letta-free"}


class Block(BaseModel):
    label: str
    value: str = ""
    description: str | None = None


class Text(BaseModel):
    type: str = "text"
    text: str


class Own(BaseModel):
    role: str
    content: Any


class Broken(BaseModel):
    at: Any

    def model_dump(self, **options: Any) -> Any:
        raise ZeroDivisionError


async def test_a_model_is_sent_as_the_fields_that_were_set() -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url) as client:
        metadata: Any = {"since": Own(role="x", content=datetime(2026, 11, 27, tzinfo=UTC))}
        agent = await client.agents.create(
            **MODEL, memory_blocks=[Block(label="human", value="Ada.")], metadata=metadata
        )
        sent = server.requests[-1].json()
        assert sent["memory_blocks"] == [{"label": "human", "value": "Ada."}]
        assert sent["metadata"] == {"since": {"role": "x", "content": "2026-11-27T00:00:00Z"}}
        parts: Any = [Text(type="text", text="Hello")]
        messages: list[Any] = [Own(role="user", content="Hello"), MessageCreate(role="user", content=parts)]
        for message in messages:
            response = await client.agents.messages.create(agent.id, messages=[message])
            assert response.text == "Hello"


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Own(role="user", content=5), "messages[0].content: 5 "),
        (Block(label="x"), "3 invalid arguments:\n  messages[0].role: is required"),
        (Broken(at=1), "messages[0]: Broken.model_dump failed: ZeroDivisionError"),
    ],
)
async def test_what_is_wrong_in_a_model_is_said(message: Any, problem: str) -> None:
    async with AsyncLetta(base_url="http://127.0.0.1:9") as client:
        with pytest.raises(InvalidRequestError) as caught:
            await client.agents.messages.create("agent-00000000-0000-4000-8000-000000000000", messages=[message])
    assert str(caught.value).startswith(problem)


async def test_a_value_that_contains_itself_is_refused() -> None:
    metadata: dict[str, Any] = {"model": Block(label="x")}
    metadata["self"] = metadata
    async with AsyncLetta(base_url="http://127.0.0.1:9") as client:
        with pytest.raises(InvalidRequestError, match="metadata"):
            await client.agents.create(metadata=metadata)
