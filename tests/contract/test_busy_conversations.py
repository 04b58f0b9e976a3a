"""Recompiles in the middle of a turn: what the model sees, what stays, and which runs are active meanwhile."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final
from uuid import uuid4

import attrs
import pytest

from letta_async import AsyncLetta, Recompile
from letta_async.testing import EmbeddedServer
from tests.contract.conftest import EMBEDDING, REAL, TALKING, Make
from tests.contract.wire import Http

MODEL_URL: Final = os.environ.get("LETTA_TEST_MODEL_URL", "")
WAYS: Final = [{"background": False}, {"background": True}, {"streaming": False}]
"""Streamed, streamed in the background, and not streamed."""
REAL_ONLY: Final = pytest.mark.skipif(not REAL, reason="the embedded server does not compact, nor keep failed steps")
OLD: Final = ["FIRST", "Ada"]
NEW: Final = ["SECOND", "Grace"]


def words(prompt: str) -> list[str]:
    """Return which `system` and which value of the block a prompt has."""
    return [word for word in ("FIRST", "SECOND", "Ada", "Grace") if word in prompt]


@attrs.define
class Scene:
    """A conversation, or an agent's own messages, and what its model was sent."""

    http: Http
    embedded: EmbeddedServer | None
    agent_id: str
    block_id: str
    conversation_id: str
    tag: str = attrs.field(factory=lambda: f"tag-{uuid4()}")
    """Text in each message to the model, by which its requests are found."""

    @property
    def own(self) -> dict[str, str]:
        return {"agent_id": self.agent_id} if self.conversation_id == "default" else {}

    @property
    def target(self) -> Recompile:
        return Recompile(conversation_id=self.conversation_id, **self.own)

    async def say(self, text: str, **body: Any) -> None:
        target = f"/v1/conversations/{self.conversation_id}/messages"
        answer = await self.http.post(target, {"input": f"{text} {self.tag}", **self.own, **body})
        assert answer.status == 200, answer

    async def begin(self, text: str, **body: Any) -> asyncio.Task[None]:
        """Begin a turn, and wait until the model was asked."""
        turn = asyncio.create_task(self.say(text, **body))
        async with asyncio.timeout(10):
            while not await self.seen():
                await asyncio.sleep(0.02)
        return turn

    async def seen(self) -> list[list[str]]:
        """Return the words of the system prompt of each request to the model, summaries left out."""
        return [found for prompt in await self._prompts() if (found := words(str(prompt[0]["content"])))]

    async def _prompts(self) -> list[Any]:
        if self.embedded is not None:
            prompts: list[Any] = list(self.embedded.model.prompts)
        else:
            async with self.http.session.get(f"{MODEL_URL}/requests") as response:
                prompts = [logged["body"].get("messages", []) for logged in await response.json()]
        return [prompt for prompt in prompts if any(self.tag in str(message["content"]) for message in prompt)]

    async def edit_and_recompile(self) -> None:
        """Change the block and the agent's `system`, and recompile."""
        await self.http.patch(f"/v1/blocks/{self.block_id}", {"value": "Grace"})
        await self.http.patch(f"/v1/agents/{self.agent_id}", {"system": "SECOND"})
        answer = await self.http.recompile(self.conversation_id, self.own)
        assert answer.status == 200, answer
        assert await self.stored() == NEW

    async def stored(self) -> list[str]:
        return words(await self.http.prompt(self.conversation_id, agent_id=self.own.get("agent_id")))

    async def active(self) -> list[dict[str, Any]]:
        return list((await self.http.get(f"/v1/runs/?agent_id={self.agent_id}&active=true")).json)


@pytest.fixture(params=["conversation", "default"])
async def scene(
    request: pytest.FixtureRequest,
    http: Http,
    embedded: EmbeddedServer | None,
    make_agent: Make,
    make_conversation: Make,
) -> Scene:
    if not TALKING or (REAL and not MODEL_URL):
        pytest.skip("LETTA_TEST_MODEL or LETTA_TEST_MODEL_URL is not set")
    blocks = [{"label": "human", "value": "Ada"}]
    agent = await make_agent(model=TALKING, embedding=EMBEDDING, system="FIRST", memory_blocks=blocks)
    own = request.param == "default"
    conversation_id = "default" if own else (await make_conversation(agent["id"]))["id"]
    return Scene(http, embedded, agent["id"], agent["blocks"][0]["id"], conversation_id)


@pytest.mark.parametrize("way", WAYS)
async def test_the_rest_of_the_turn_has_the_old_prompt_and_the_next_turn_the_new_one(
    scene: Scene, way: dict[str, Any]
) -> None:
    turn = await scene.begin("!wait 1\n!call nothing {}\n!then\n!say done", **way)
    await scene.edit_and_recompile()
    assert not turn.done()
    assert await scene.seen() == [OLD]
    await turn
    assert await scene.seen() == [OLD, OLD]
    assert await scene.stored() == NEW
    await scene.say("!say next")
    assert await scene.seen() == [OLD, OLD, NEW]


@REAL_ONLY
@pytest.mark.parametrize("way", WAYS)
async def test_a_turn_that_compacts_takes_an_edit_of_system_back_but_not_one_of_a_block(
    scene: Scene, way: dict[str, Any]
) -> None:
    turn = await scene.begin("!wait 1\n!usage 500000 1\n!call nothing {}\n!then\n!say done", **way)
    await scene.edit_and_recompile()
    assert not turn.done()
    await turn
    assert await scene.stored() == ["FIRST", "Grace"]


@REAL_ONLY
async def test_a_turn_that_compacts_shows_blocks_of_the_conversations_own_and_a_recompile_those_of_the_agent(
    http: Http, make_agent: Make, make_conversation: Make
) -> None:
    blocks = [{"label": "human", "value": "Ada"}]
    agent = await make_agent(model=TALKING, embedding=EMBEDDING, system="FIRST", memory_blocks=blocks)
    made = await make_conversation(agent["id"], isolated_block_labels=["human"])
    await http.patch(f"/v1/blocks/{made['isolated_block_ids'][0]}", {"value": "Grace"})
    assert words(await http.prompt(made["id"])) == OLD
    body = {"input": "!usage 500000 1\n!call nothing {}\n!then\n!say done", "streaming": False}
    await http.post(f"/v1/conversations/{made['id']}/messages", body)
    assert words(await http.prompt(made["id"])) == ["FIRST", "Grace"]
    await http.recompile(made["id"])
    assert words(await http.prompt(made["id"])) == OLD


@pytest.mark.parametrize("way", WAYS)
async def test_which_run_is_active_during_a_turn_and_after_it(scene: Scene, way: dict[str, Any]) -> None:
    turn = await scene.begin("!wait 0.5\n!say done", **way)
    (run,) = await scene.active()
    assert not turn.done()
    streamed = way.get("streaming", True)
    is_own = scene.conversation_id == "default"
    assert run["status"] == ("running" if streamed else "created")
    assert run["conversation_id"] == (None if is_own or not streamed else scene.conversation_id)
    assert run["metadata"]["run_type"] == ("send_message" if is_own else "send_conversation_message")
    await turn
    left = await scene.active()
    if streamed:
        assert not left
    else:
        assert [each["id"] for each in left] == [run["id"]]  # for ever
        (step,) = (await scene.http.get(f"/v1/runs/{run['id']}/steps")).json
        assert step["stop_reason"] == "end_turn"


@pytest.mark.parametrize("text", ["!say done", pytest.param("!status 500", marks=REAL_ONLY)])
async def test_a_run_that_stays_active_after_its_end_is_not_waited_for(scene: Scene, text: str) -> None:
    body = {"input": text, "streaming": False, **scene.own}
    await scene.http.post(f"/v1/conversations/{scene.conversation_id}/messages", body)
    assert await scene.active()
    async with AsyncLetta(base_url=scene.http.base_url) as client:
        (outcome,) = [each async for each in client.conversations.recompile_many([scene.target], wait_if_busy=0)]
    assert outcome.status == "recompiled"


async def test_a_turn_that_is_not_streamed_is_seen_where_it_is_the_agents_own(scene: Scene) -> None:
    turn = await scene.begin("!wait 1\n!call nothing {}\n!then\n!wait 1\n!say done", streaming=False)
    expected = "busy" if scene.conversation_id == "default" else "recompiled"
    async with AsyncLetta(base_url=scene.http.base_url) as client:
        for seconds in (0, 30):
            assert not turn.done()
            batch = client.conversations.recompile_many([scene.target], wait_if_busy=seconds)
            assert [outcome.status async for outcome in batch] == [expected if seconds == 0 else "recompiled"]
    assert turn.done() == (expected == "busy")
    await turn
