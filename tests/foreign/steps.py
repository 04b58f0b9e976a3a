"""What all stories are told with: the official Python client, a step at a time, each a line of JSON.

Runs by a Python that has nothing but `letta-client`: `python STORIES CLIENT STORY TOKEN URL [KEY]`. TOKEN marks what is
made, so that it can be found among what others made. `steps.mjs` does the same with the TypeScript client.
"""

import asyncio
import inspect
import json
import sys
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Any

from letta_client import APIStatusError, AsyncLetta, DefaultAioHttpClient, Letta

MODEL = "letta/letta-free"
TALKING = "openai-proxy/gpt-4o-mini"
EMBEDDING = "openai/text-embedding-3-small"
UNKNOWN = "123e4567-e89b-42d3-8456-426614174000"
CLIENTS: dict[str, Callable[..., Any]] = {
    "sync": Letta,
    "httpx": AsyncLetta,
    "aiohttp": lambda **options: AsyncLetta(**options, http_client=DefaultAioHttpClient()),
}


async def say(step: str, call: Callable[..., Any], *args: Any, read: Callable[[Any], Any] | None = None, **kwargs: Any):
    """Make a call, of a sync or an async client, and print what came of it; `read` makes something of the answer."""
    try:
        answer = call(*args, **kwargs)
        if inspect.isawaitable(answer) and not (read and isinstance(answer, AsyncIterable)):
            answer = await answer
        if read is not None:
            answer = read(answer)
        if inspect.isawaitable(answer):
            answer = await answer
    except APIStatusError as error:
        told = {"error": type(error).__name__, "status": error.status_code, "body": error.body}
        print(json.dumps({"step": step, **told}))
        return None
    print(json.dumps({"step": step, "answer": plain(answer)}))
    return answer


def plain(answer: Any) -> Any:
    """Return an answer as JSON has it: the fields that came, by the names that they came by."""
    if isinstance(answer, list):
        return [plain(item) for item in answer]
    if hasattr(answer, "items") and not isinstance(answer, dict):
        return plain(answer.items)
    return answer.to_dict(mode="json") if hasattr(answer, "to_dict") else answer


async def each(page: Any) -> list[Any]:
    """Go through a list, page by page."""
    return [item async for item in page] if isinstance(page, AsyncIterable) else list(page)


def only_id(made: Any) -> dict[str, Any]:
    """Return the id of what was made."""
    return {"id": made.id}


def sent(response: Any) -> Any:
    """Return how an answer came: this client hands it out on request."""
    return {
        "status": response.status_code,
        "type": response.headers["content-type"],
        "text": response.http_response.text,
    }


# This client does not decode a prompt, although it came as JSON.
decoded = json.loads


async def _tell(
    stories: Mapping[str, Callable[[Any, str], Awaitable[None]]],
    kind: str,
    story: str,
    token: str,
    base_url: str,
    api_key: str | None = None,
) -> None:
    # Without retries: a story shows each answer, and no answer of this one passes with time.
    client = CLIENTS[kind](base_url=base_url, api_key=api_key, max_retries=0)
    await stories[story](client, token)
    closed = client.close()
    if inspect.isawaitable(closed):
        await closed


def tell(*stories: Callable[[Any, str], Awaitable[None]]) -> None:
    """Tell the story that the command line names."""
    asyncio.run(_tell({story.__name__: story for story in stories}, *sys.argv[1:]))
