"""What both clients do with the embedded server, and nothing else, installed beside the package."""

from __future__ import annotations

import contextlib
import tempfile
import typing
import unittest
from pathlib import Path
from typing import Any

from letta_async import (
    AsyncLetta,
    CompactionSettings,
    Conversation,
    InvalidArgumentError,
    Letta,
    ModelSettings,
    NewBlock,
    NotFoundError,
    RetryPolicy,
    SystemMessage,
    UnknownModelSettings,
    UnprocessableEntityError,
)
from letta_async.testing import EmbeddedServer

AT_ONCE = RetryPolicy(max_retries=2, initial_delay=0)
NOWHERE = "conv-00000000-0000-4000-8000-000000000000"
PROVIDERS = [cls for cls in typing.get_args(ModelSettings) if cls is not UnknownModelSettings]


async def an_agent(client: AsyncLetta, *, conversations: int) -> tuple[str, list[Conversation]]:
    """Create an agent that has some conversations, and forget its memory there: give its block and them."""
    agent = await client.agents.create(
        model="letta/letta-free", embedding="letta/letta-free", memory_blocks=[NewBlock(label="human", value="Ada")]
    )
    made = [await client.conversations.create(agent_id=agent.id) for _ in range(conversations)]
    block = agent.blocks[0].id
    await client.blocks.update(block, value="Grace")
    return block, made


class Calls(unittest.IsolatedAsyncioTestCase):
    """Calls to a server that answers as it should."""

    async def asyncSetUp(self) -> None:
        """Serve."""
        self.server = await self.enterAsyncContext(EmbeddedServer())
        self.client = await self.enterAsyncContext(AsyncLetta(base_url=self.server.base_url, retry=AT_ONCE))

    async def test_an_edit_reaches_the_prompt(self) -> None:
        _, (conversation,) = await an_agent(self.client, conversations=1)
        self.assertTrue((await self.client.conversations.staleness(conversation.id)).stale)
        prompt = await self.client.conversations.recompile(conversation.id)
        self.assertIn("Grace", prompt)
        (message,) = await self.client.conversations.messages.list(conversation.id)
        assert isinstance(message, SystemMessage)
        self.assertEqual(message.content, prompt)

    async def test_a_batch_goes_on_from_its_journal(self) -> None:
        block, made = await an_agent(self.client, conversations=25)
        with tempfile.TemporaryDirectory() as folder:
            journal = Path(folder, "journal.jsonl")
            targets = self.client.conversations.targets(block_id=block)
            outcomes = [each async for each in self.client.conversations.recompile_many(targets, journal=journal)]
            self.assertEqual([each.status for each in outcomes], ["recompiled"] * len(made))
            targets = self.client.conversations.targets(block_id=block)
            with self.assertWarnsRegex(UserWarning, "nothing was checked"):
                outcomes = [each async for each in self.client.conversations.recompile_many(targets, journal=journal)]
            self.assertEqual([each.status for each in outcomes], ["skipped"] * len(made))

    async def test_lists_fetch_their_pages(self) -> None:
        _, made = await an_agent(self.client, conversations=7)
        listed = [each async for each in self.client.conversations.list(limit=2, order="asc")]
        self.assertEqual([each.id for each in listed], [each.id for each in made])
        self.assertEqual([type(each) for each in listed], [Conversation] * len(made))

    async def test_the_settings_of_every_provider_arrive(self) -> None:
        _, (conversation,) = await an_agent(self.client, conversations=1)
        self.assertEqual(len(PROVIDERS), 17)
        for provider in PROVIDERS:
            given = CompactionSettings(mode="all", clip_chars=None, model_settings=provider(max_output_tokens=7))
            with contextlib.suppress(UnprocessableEntityError):  # some are known to the hosted API alone
                await self.client.conversations.recompile(conversation.id, compaction_settings=given)
            sent: dict[str, Any] = self.server.requests[-1].json()["compaction_settings"]
            named = sent["model_settings"]["provider_type"]
            settings = {"provider_type": named, "max_output_tokens": 7}
            self.assertEqual(sent, {"mode": "all", "clip_chars": None, "model_settings": settings})
            with contextlib.suppress(UnprocessableEntityError):
                kept = await self.client.conversations.update(conversation.id, model_settings=settings)
                self.assertIsInstance(kept.model_settings, provider)

    async def test_what_is_wrong_is_said(self) -> None:
        before = len(self.server.requests)
        with self.assertRaisesRegex(InvalidArgumentError, "did you mean clip_chars"):
            await self.client.conversations.recompile(NOWHERE, compaction_settings={"clip_char": 5})
        self.assertEqual(len(self.server.requests), before)
        with self.assertRaises(NotFoundError) as caught:
            await self.client.conversations.recompile(NOWHERE)
        self.assertEqual((caught.exception.status_code, caught.exception.request_method), (404, "POST"))

    def test_the_sync_client_does_the_same(self) -> None:
        with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
            agent = client.agents.create(model="letta/letta-free", embedding="letta/letta-free")
            made = [client.conversations.create(agent_id=agent.id) for _ in range(7)]
            self.assertEqual({each.id for each in client.conversations.list(limit=2)}, {each.id for each in made})
            targets = client.conversations.targets(agent_id=agent.id)
            outcomes = list(client.conversations.recompile_many(targets))
            self.assertEqual([each.status for each in outcomes], ["recompiled"] * len(made))
            with self.assertRaises(NotFoundError):
                client.conversations.recompile(NOWHERE)
