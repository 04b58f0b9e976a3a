"""HTTP caller for the contract tests, independent of the package, and helpers that read responses."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

UNKNOWN: Final = "123e4567-e89b-42d3-8456-426614174000"
"""UUID of no row."""
UNKNOWN_AGENT: Final = f"agent-{UNKNOWN}"
UNKNOWN_BLOCK: Final = f"block-{UNKNOWN}"
UNKNOWN_CONVERSATION: Final = f"conv-{UNKNOWN}"

ID_TAIL: Final = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""Pattern of the UUID at the end of every ID."""

NOTHING: Final = object()
"""Value for a request without a body."""

JSON: Final = "application/json"
_COMPILED_AT: Final = re.compile(
    r"(?<=\n- System prompt last recompiled: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [AP]M [A-Z]+[+-]\d{4}"
)


@attrs.frozen
class Answer:
    """A response as received."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        return str(self.json["detail"])

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Return the problems of a 422, whose detail is the text of a Python list."""
        assert self.status == 422, (self.status, self.body)
        problems: list[dict[str, Any]] = ast.literal_eval(self.detail)
        return problems

    @property
    def complaints(self) -> list[tuple[str, str]]:
        """Return the type and dotted location of each problem of a 422."""
        return [(problem["type"], ".".join(map(str, problem["loc"]))) for problem in self.problems]


@attrs.frozen
class Http:
    """HTTP caller that sends requests unchanged to the server under test, and follows no redirect."""

    base_url: str
    session: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        target: str,
        body: Any = NOTHING,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = JSON,
    ) -> Answer:
        """Send a request: `bytes` as they are, anything else as JSON; `content_type=None` leaves the header out."""
        data = None if body is NOTHING else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = CIMultiDict(headers or {})
        if data is not None and content_type is not None:
            sent["Content-Type"] = content_type
        skipped = () if "Content-Type" in sent else ("Content-Type",)
        async with self.session.request(
            method,
            URL(self.base_url + target, encoded=True),
            data=None if data is None else io.BytesIO(data),
            headers=sent,
            skip_auto_headers=skipped,
            allow_redirects=False,
        ) as response:
            return Answer(response.status, CIMultiDict(response.headers), await response.read())

    async def get(self, target: str, **options: Any) -> Answer:
        return await self.call("GET", target, **options)

    async def post(self, target: str, body: Any = NOTHING, **options: Any) -> Answer:
        return await self.call("POST", target, body, **options)

    async def patch(self, target: str, body: Any = NOTHING, **options: Any) -> Answer:
        return await self.call("PATCH", target, body, **options)

    async def delete(self, target: str, **options: Any) -> Answer:
        return await self.call("DELETE", target, **options)

    async def get_until(self, target: str, holds: Callable[[Any], bool]) -> Any:
        """Return the JSON of a target once a condition on it holds, ten seconds from now at the latest."""
        for _ in range(200):
            found = (await self.get(target)).json
            if holds(found):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    async def recompile(self, conversation_id: str, body: Any = NOTHING, *, query: str = "") -> Answer:
        return await self.post(f"/v1/conversations/{conversation_id}/recompile{query}", body)

    async def prompt(self, conversation_id: str, *, agent_id: str | None = None) -> str:
        """Return the stored system prompt of a conversation, or of an agent's own messages."""
        agent = "" if agent_id is None else f"&agent_id={agent_id}"
        answer = await self.get(f"/v1/conversations/{conversation_id}/messages?order=asc&limit=1{agent}")
        assert answer.status == 200, answer
        (message,) = answer.json
        assert message["message_type"] == "system_message"
        return str(message["content"])


async def last_stop_reason(http: Http, agent_id: str) -> str:
    """Return why an agent's last run ended; the server writes it soon after the run, in another transaction."""
    agent = await http.get_until(f"/v1/agents/{agent_id}", lambda agent: agent["last_stop_reason"] is not None)
    return str(agent["last_stop_reason"])


def timeless(prompt: str) -> str:
    """Return a prompt without its time, the only line that differs each time."""
    blanked, found = _COMPILED_AT.subn("<time>", prompt)
    assert found == 1, prompt
    return blanked


def expected_prompt(
    agent_id: str, *, system: str = "SYSTEM", blocks: str = "", conversation_id: str = "default", previous: int = 0
) -> str:
    """Return the prompt that the server must compile, except for the time."""
    return (
        f"{system}\n\n{blocks}\n\n<memory_metadata>\n- AGENT_ID: {agent_id}\n- CONVERSATION_ID: {conversation_id}\n"
        f"- System prompt last recompiled: <time>\n"
        f"- {previous} previous messages between you and the user are stored in recall memory\n</memory_metadata>"
    )


def human_block(value: str, *, limit: int = 100_000, description: str = "About the user") -> str:
    """Return the memory section of a prompt with one block, labelled `human`."""
    return (
        "<memory_blocks>\nThe following memory blocks are currently engaged in your core memory unit:\n\n"
        f"<human>\n<description>\n{description}\n</description>\n<metadata>\n- chars_current={len(value)}\n"
        f"- chars_limit={limit}\n</metadata>\n<value>\n{value}\n</value>\n</human>\n\n</memory_blocks>"
    )
