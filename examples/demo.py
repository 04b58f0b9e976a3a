"""A stale conversation, recompiled: the whole story on the embedded server, through the public API."""

from __future__ import annotations

import asyncio
import difflib

from letta_async import AsyncLetta, CompactionSettings
from letta_async.testing import EmbeddedServer

VOLATILE = "- System prompt last recompiled:"


async def main() -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url) as client:
        print(f"An embedded server listens at {server.base_url}.")
        agent = await client.post(
            "/v1/agents/",
            body={
                "name": "assistant",
                "model": "letta/letta-free",
                "embedding": "letta/letta-free",
                "memory_blocks": [{"label": "human", "value": "Ada lives in London."}],
            },
        )
        conversation = await client.post("/v1/conversations/", body={}, extra_query={"agent_id": agent["id"]})
        print(f"Its agent remembers: 'Ada lives in London.' The conversation is {conversation['id']}.\n")

        await client.patch(f"/v1/blocks/{agent['blocks'][0]['id']}", body={"value": "Ada moved to Paris."})
        stored = await system_message(client, conversation["id"])
        print("Now the memory block says: 'Ada moved to Paris.'")
        print(f"The conversation's system message still says London: {'London' in stored}\n")

        preview = await client.conversations.recompile(conversation["id"], dry_run=True)
        print("What a recompile would change (a dry run, nothing is stored):")
        print("\n".join(changes(stored, preview)) + "\n")

        prompt = await client.conversations.recompile(
            conversation["id"], compaction_settings=CompactionSettings(mode="sliding_window")
        )
        stored = await system_message(client, conversation["id"])
        print(f"Recompiled: {len(prompt)} characters.")
        print(f"The conversation's system message says Paris: {'Paris' in stored}")


async def system_message(client: AsyncLetta, conversation_id: str) -> str:
    messages = await client.get(
        f"/v1/conversations/{conversation_id}/messages", extra_query={"order": "asc", "limit": 1}
    )
    text: str = messages[0]["content"]
    return text


def changes(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "stored", "compiled", lineterm="", n=1)
    return [line for line in lines if VOLATILE not in line]


if __name__ == "__main__":
    asyncio.run(main())
