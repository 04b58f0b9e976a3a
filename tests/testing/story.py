"""Creation and reading of a server's state over HTTP, to compare it before and after a restart."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from letta_async import Letta

MODEL = "letta/letta-free"


def fill(client: Letta) -> dict[str, str]:
    """Create rows of every kind, change and delete some; return the IDs of the remaining ones."""
    block = _create_odd_block(client.base_url)
    other = client.post("/v1/blocks/", body={"label": "other", "value": "x", "tags": ["a", "b"]})
    agent = client.post(
        "/v1/agents/",
        body={
            "name": "assistant",
            "model": MODEL,
            "embedding": MODEL,
            "block_ids": [block["id"], other["id"]],
            "tags": ["one", "two"],
            "secrets": {"NAME": "value"},
            "timezone": "Asia/Tokyo",
            "metadata": {"number": 1.5, "nothing": None},
            "initial_message_sequence": [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi"},
            ],
            "compaction_settings": {"mode": "all", "model_settings": {"provider_type": "openai", "strict": False}},
        },
    )
    doomed = client.post("/v1/agents/", body={"name": "doomed", "model": MODEL, "memory_blocks": [{"label": "human"}]})
    query = {"agent_id": agent["id"]}
    conversation = client.post(
        "/v1/conversations/",
        body={"summary": "First", "isolated_block_labels": ["other"], "model_settings": {"provider_type": "groq"}},
        extra_query=query,
    )
    deleted = client.post("/v1/conversations/", body={}, extra_query=query)
    fork = client.post(f"/v1/conversations/{conversation['id']}/fork")
    client.post("/v1/conversations/", body={}, extra_query={"agent_id": doomed["id"]})

    client.patch(f"/v1/conversations/{fork['id']}", body={"last_message_at": "2030-01-01T12:00:00+02:00"})
    client.patch(
        f"/v1/agents/{agent['id']}",
        body={"last_run_completion": "2030-01-01T12:00:00+02:00", "last_run_duration_ms": 5, "system": "Changed."},
    )
    client.patch(f"/v1/blocks/{block['id']}", body={"value": "Grace"})
    client.post(f"/v1/conversations/{conversation['id']}/recompile")
    client.delete(f"/v1/conversations/{deleted['id']}")
    client.delete(f"/v1/agents/{doomed['id']}")
    return {"agent": agent["id"], "block": block["id"], "conversation": conversation["id"]}


def _create_odd_block(base_url: str) -> dict[str, Any]:
    """Create a block with a surrogate pair and half of one, which the client does not send."""
    body = json.dumps({"label": "human", "value": "Ada\ud83d\ude00", "metadata": {"odd": "\ud800"}})
    request = Request(f"{base_url}/v1/blocks/", body.encode(), {"Content-Type": "application/json"})
    with urlopen(request) as response:
        created: dict[str, Any] = json.load(response)
    return created


def state(client: Letta) -> dict[str, Any]:
    """Return all data of a server, in the server's order."""
    agents = client.get("/v1/agents/")
    conversations = client.get("/v1/conversations/")
    details = [client.get(f"/v1/conversations/{each['id']}") for each in conversations]
    messages = [client.get(f"/v1/conversations/{each['id']}/messages") for each in conversations]
    own = [client.get(f"/v1/conversations/{each['id']}/messages") for each in agents]
    return {
        "agents": [client.get(f"/v1/agents/{each['id']}") for each in agents],
        "blocks": client.get("/v1/blocks/"),
        "conversations": conversations,
        "details": details,
        "messages": messages,
        "own messages": own,
        "by time": client.get("/v1/conversations/", extra_query={"order_by": "last_message_at"}),
    }
