"""What fills the context windows of agents. A token is taken to be four characters."""

from __future__ import annotations

import json
from typing import Any, Final

from letta_async.operations.agent_export import RetrieveContext
from letta_async.testing._call import Call
from letta_async.testing._errors import no_record, not_found
from letta_async.testing._internal_messages import internal_message
from letta_async.testing._prompt import memory_blocks, memory_metadata
from letta_async.testing._route import Route, route_of
from letta_async.testing._state import Store

__all__ = ["ROUTES"]

_CHARACTERS_PER_TOKEN: Final = 4


def _retrieve(store: Store, call: Call) -> Any:
    """Return what fills the context of an agent, or of a conversation."""
    agent, conversation_id = store.agents.get(call.path["agent_id"]), call.query["conversation_id"]
    if agent is None:
        raise not_found(f"Agent with ID {call.path['agent_id']} not found")
    conversation = store.conversations.get(conversation_id or "")
    if conversation_id is not None and (conversation is None or conversation.deleted):
        raise no_record("Conversation", conversation_id, even_deleted=False)
    ids = agent.message_ids if conversation is None else conversation.message_ids
    rows = [store.messages[each] for each in ids if each in store.messages]
    core_memory = memory_blocks(agent, store.core_memory(agent))
    metadata = memory_metadata(
        agent,
        conversation_id="default" if conversation is None else conversation.id,
        compiled_at=store.clock(),
        previous_messages=store.held[agent.id].stored - len(ids),
    )
    messages = [internal_message(row) for row in rows]
    said = [json.dumps([message["content"], message["tool_calls"], message["tool_returns"]]) for message in messages]
    tokens = {
        "num_tokens_external_memory_summary": _tokens(metadata),
        "num_tokens_system": _tokens(agent.system),
        "num_tokens_core_memory": _tokens(core_memory),
        "num_tokens_messages": sum(map(_tokens, said[1:])),
    }
    nothing = ("memory_filesystem", "tool_usage_rules", "directories", "summary_memory")
    return {
        "context_window_size_max": agent.llm_config["context_window"],
        "context_window_size_current": sum(tokens.values()),
        "num_messages": len(rows),
        "num_archival_memory": 0,
        "num_recall_memory": store.held[agent.id].stored,
        **tokens,
        "external_memory_summary": metadata,
        "system_prompt": agent.system,
        "core_memory": core_memory,
        **{name: value for part in nothing for name, value in ((f"num_tokens_{part}", 0), (part, None))},
        "num_tokens_functions_definitions": 0,
        "functions_definitions": [],
        "messages": messages,
    }


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


ROUTES: Final[tuple[Route, ...]] = (route_of(RetrieveContext, _retrieve),)
