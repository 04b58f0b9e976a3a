"""What tools that run here return, and the text, JSON or parts that the agent gets for it."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import attrs
import pytest
from pydantic import BaseModel

from letta_async import AsyncLetta, ImageContent, TextContent, ToolCall
from letta_async.testing import EmbeddedServer
from tests.both_clients import server
from tests.tool_runs import client, returned

__all__ = ["client", "server"]


class Color(Enum):
    RED = "red"


class Word(StrEnum):
    GO = "go"


@dataclass
class Point:
    x: int
    when: date


@attrs.frozen
class Line:
    points: tuple[Point, ...]


class Model(BaseModel):
    when: datetime


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is: é", "as it is: é"),
        (Word.GO, "go"),
        (None, "None"),
        (True, "true"),
        (1.5, "1.5"),
        ([1, "é", None], '[1, "é", null]'),
        ([], "[]"),
        ({"a": (1, {2})}, '{"a": [1, [2]]}'),
        (OrderedDict({1: "a", Color.RED: "b", None: "c"}), '{"1": "a", "red": "b", "None": "c"}'),
        (Color.RED, '"red"'),
        (Line((Point(1, NOON.date()),)), '{"points": [{"x": 1, "when": "2026-01-01"}]}'),
        (Model(when=NOON), '{"when": "2026-01-01T12:00:00Z"}'),
        (NOON, '"2026-01-01T12:00:00+00:00"'),
        ([Path("a"), Decimal("1.10"), uuid.UUID(int=0)], f'["a", "1.10", "{uuid.UUID(int=0)}"]'),
        (ToolCall(name="x"), '{"name": "x", "arguments": null, "tool_call_id": null}'),
    ],
    ids=str,
)
async def test_what_a_tool_returns_is_text_or_json(
    client: AsyncLetta, server: EmbeddedServer, value: Any, text: str
) -> None:
    def tool() -> Any:
        return value

    assert await returned(client, server, tool) == ("success", text)


async def test_texts_and_images_are_returned_as_parts(client: AsyncLetta, server: EmbeddedServer) -> None:
    image = ImageContent.from_url("https://example.com/a.png")

    def one() -> TextContent:
        return TextContent(text="a")

    def both() -> list[TextContent | ImageContent]:
        return [TextContent(text="a"), image]

    assert [part["type"] for part in (await returned(client, server, one))[1]] == ["text"]
    assert [part["type"] for part in (await returned(client, server, both))[1]] == ["text", "image"]


@pytest.mark.parametrize("value", [object(), {"a": b"x"}, Point], ids=repr)
async def test_what_has_no_form_in_json_is_an_error(client: AsyncLetta, server: EmbeddedServer, value: Any) -> None:
    def tool() -> Any:
        return value

    status, text = await returned(client, server, tool)
    assert status == "error"
    assert text.startswith("TypeError: the tool returned ")


async def test_what_contains_itself_is_an_error(client: AsyncLetta, server: EmbeddedServer) -> None:
    endless: list[Any] = []
    endless.append(endless)

    def tool() -> Any:
        return endless

    status, text = await returned(client, server, tool)
    assert (status, text.partition(":")[0]) == ("error", "RecursionError")


async def test_a_part_that_the_api_does_not_take_is_for_the_agent(client: AsyncLetta, server: EmbeddedServer) -> None:
    def draw() -> object:
        return ImageContent(source={"type": "nonsense"})  # type: ignore[arg-type]

    status, text = await returned(client, server, draw)
    assert status == "error"
    assert text.startswith("InvalidArgumentError: tool_return[0].source.type: 'nonsense' is unknown")
