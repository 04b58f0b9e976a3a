"""Fixtures of the contract tests: the server under test, callers, and rows that most tests need.

By default it is an embedded server. With `LETTA_TEST_BASE_URL`, only the real server there;
`LETTA_TEST_SECURE_BASE_URL` and `LETTA_TEST_SECURE_PASSWORD` name one that requires a key. `LETTA_TEST_MODEL` is the
handle of a model of the server that replies as tools/real_server/stub_rules.py says, and `LETTA_TEST_EMBEDDING` that of
one for embeddings.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

import aiohttp
import attrs
import pytest

from letta_async import AsyncLetta, Letta
from letta_async.testing import EmbeddedServer
from tests.contract import language
from tests.contract.awaited import awaited
from tests.contract.wire import Http

REAL: Final = os.environ.get("LETTA_TEST_BASE_URL", "").rstrip("/")
SECURE: Final = os.environ.get("LETTA_TEST_SECURE_BASE_URL", "").rstrip("/")
MODEL: Final = "letta/letta-free"
"""A model that every server knows, and that does not answer."""
TALKING: Final = os.environ.get("LETTA_TEST_MODEL", "") if REAL else "openai-proxy/gpt-4o-mini"
"""A model that replies what a user message beginning with `!` says, and otherwise echoes it."""
EMBEDDING: Final = os.environ.get("LETTA_TEST_EMBEDDING", MODEL) if REAL else MODEL

collect_ignore = ["test_embedded_server.py"] if REAL else []

Make = Callable[..., Awaitable[dict[str, Any]]]
"""Factory that creates a row through the API and returns the response; the row is deleted after the test."""


@attrs.frozen
class SecureServer:
    """A server that requires a key."""

    base_url: str
    password: str


@attrs.frozen
class Story:
    """An agent with one block, labelled `human`, and a conversation."""

    agent_id: str
    block_id: str
    conversation_id: str


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedServer | None]:
    """Return the embedded server under test, whose model speaks the stub's language; `None` where it is a real one."""
    if REAL:
        yield None
        return
    with EmbeddedServer(models=[TALKING]) as server:
        server.model.reply(language.reply_to, times=None)
        server.model.summary = language.summary_of
        yield server


@pytest.fixture(scope="session")
def base_url(embedded: EmbeddedServer | None) -> str:
    """Return the URL of the server under test."""
    return REAL if embedded is None else embedded.base_url


@pytest.fixture(scope="session")
def secure_server() -> Iterator[SecureServer]:
    """Return the server under test that asks for a key."""
    if REAL and not SECURE:
        pytest.skip("LETTA_TEST_SECURE_BASE_URL is not set")
    if REAL:
        yield SecureServer(SECURE, os.environ.get("LETTA_TEST_SECURE_PASSWORD", ""))
        return
    with EmbeddedServer(password="pass wörd") as server:
        yield SecureServer(server.base_url, "pass wörd")


@pytest.fixture
async def http(base_url: str) -> AsyncIterator[Http]:
    """Return an HTTP caller of the server under test."""
    async with aiohttp.ClientSession() as session:
        yield Http(base_url, session)


@pytest.fixture(params=["AsyncLetta", "Letta"])
async def sdk(request: pytest.FixtureRequest, base_url: str) -> AsyncIterator[AsyncLetta]:
    """Return the async client, then the sync one in an adapter to the async interface."""
    if request.param == "AsyncLetta":
        async with AsyncLetta(base_url=base_url) as client:
            yield client
    else:
        with Letta(base_url=base_url) as facade:
            yield awaited(facade)


@pytest.fixture
async def secure_http(secure_server: SecureServer) -> AsyncIterator[Http]:
    """Return an HTTP caller of the server that requires a key; it sends none by default."""
    async with aiohttp.ClientSession() as session:
        yield Http(secure_server.base_url, session)


@pytest.fixture
async def make_block(http: Http) -> AsyncIterator[Make]:
    """Create blocks: `await make_block(label=…, value=…)`."""
    made: list[str] = []

    async def make(**body: Any) -> dict[str, Any]:
        answer = await http.post("/v1/blocks/", {"label": "human", "value": "", **body})
        assert answer.status == 200, answer
        made.append(answer.json["id"])
        return answer.json

    yield make
    for block_id in made:
        await http.delete(f"/v1/blocks/{block_id}")


@pytest.fixture
async def make_agent(http: Http) -> AsyncIterator[Make]:
    """Create agents without tools: `await make_agent(memory_blocks=[…])`; their own blocks are deleted with them."""
    made: list[dict[str, Any]] = []

    async def make(**body: Any) -> dict[str, Any]:
        defaults = {"name": "contract", "model": MODEL, "include_base_tools": False, "system": "SYSTEM"}
        answer = await http.post("/v1/agents/", {**defaults, "compaction_settings": {"prompt": "Sum up."}, **body})
        assert answer.status == 200, answer
        made.append(answer.json)
        return answer.json

    yield make
    for agent in made:
        await http.delete(f"/v1/agents/{agent['id']}")
        for block in agent["blocks"]:
            await http.delete(f"/v1/blocks/{block['id']}")


@pytest.fixture
async def make_conversation(http: Http) -> Make:
    """Create conversations: `await make_conversation(agent_id, summary=…)`; they are deleted with their agent."""

    async def make(agent_id: str, **body: Any) -> dict[str, Any]:
        answer = await http.post(f"/v1/conversations/?agent_id={agent_id}", body)
        assert answer.status == 200, answer
        return answer.json

    return make


@pytest.fixture
async def agent(make_agent: Make) -> dict[str, Any]:
    """Return an agent with one block: `human`, value `Ada`."""
    return await make_agent(memory_blocks=[{"label": "human", "value": "Ada", "description": "About the user"}])


@pytest.fixture
async def story(agent: dict[str, Any], make_conversation: Make) -> Story:
    """Return an agent with one block, and a conversation of it."""
    conversation = await make_conversation(agent["id"])
    return Story(agent["id"], agent["blocks"][0]["id"], conversation["id"])


@pytest.fixture
async def stale(story: Story, http: Http) -> Story:
    """Return a story whose block was changed, from `Ada` to `Grace`, after the conversation began."""
    assert (await http.patch(f"/v1/blocks/{story.block_id}", {"value": "Grace"})).status == 200
    return story


@pytest.fixture
async def talker(make_agent: Make) -> str:
    """Return the ID of an agent whose model answers."""
    if not TALKING:
        pytest.skip("LETTA_TEST_MODEL is not set")
    agent = await make_agent(model=TALKING, embedding=EMBEDDING)
    return str(agent["id"])


@pytest.fixture
async def careful(http: Http, embedded: EmbeddedServer | None, make_agent: Make) -> AsyncIterator[str]:
    """Return the ID of an agent with a tool `ask_me` that requires an approval."""
    if not TALKING:
        pytest.skip("LETTA_TEST_MODEL is not set")
    if embedded is not None:
        embedded.model.tool("ask_me", lambda q: f"asked {q}", requires_approval=True)
        yield (await make_agent(model=TALKING, embedding=EMBEDDING))["id"]
        del embedded.model._tools["ask_me"]  # no other test expects it
        return
    code = 'def ask_me(q: str) -> str:\n    """Ask.\n\n    Args:\n        q: It.\n    """\n    return "asked " + q\n'
    tool = (await http.call("PUT", "/v1/tools/", {"source_code": code, "default_requires_approval": True})).json
    agent = await make_agent(model=TALKING, embedding=EMBEDDING, tool_ids=[tool["id"]])
    yield agent["id"]
    await http.delete(f"/v1/tools/{tool['id']}")
