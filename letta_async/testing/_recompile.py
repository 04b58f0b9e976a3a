"""Recompilation of the system messages of agents and conversations.

An agent has its own system message (`default`), and each of its conversations another one. Editing a block recompiles
the agent's, with the time of its creation, and no conversation's.
"""

from __future__ import annotations

import contextlib

import attrs

from letta_async.testing._errors import Refusal
from letta_async.testing._prompt import compile_prompt
from letta_async.testing._rows import Agent, Conversation, Message
from letta_async.testing._state import Store

__all__ = ["begin_conversation", "compile_direct", "rebuild", "rebuild_after_edit"]


def compile_direct(store: Store, agent: Agent, *, update_timestamp: bool) -> str | None:
    """Compile the agent's own prompt without storing it; return `None` if the agent has no system message.

    Without `update_timestamp` the prompt has the creation time of its message as the time of compilation.
    """
    message = _system_message(store, agent)
    if message is None:
        return None
    return compile_prompt(
        agent,
        store.core_memory(agent),
        conversation_id="default",
        compiled_at=store.clock() if update_timestamp else message.created_at,
        previous_messages=store.held[agent.id].stored - len(agent.message_ids),
    )


def _system_message(store: Store, agent: Agent) -> Message | None:
    return store.messages.get(agent.message_ids[0]) if agent.message_ids else None


def rebuild(store: Store, agent: Agent, *, update_timestamp: bool, dry_run: bool) -> str | None:
    """Recompile and store the agent's own prompt; return `None` if the agent has no system message.

    It returns the new prompt on a dry run, which stores nothing, and otherwise the previous one: the server reads the
    message, overwrites it, and responds with what it read.
    """
    compiled, message = compile_direct(store, agent, update_timestamp=update_timestamp), _system_message(store, agent)
    if compiled is None or message is None or dry_run:
        return compiled
    store.put(attrs.evolve(message, text=compiled))
    return message.text


def rebuild_after_edit(store: Store, block_id: str) -> None:
    """Recompile the own prompts of the agents that a changed block is attached to, and ignore refusals."""
    for agent in store.agents_with(block_id):
        with contextlib.suppress(Refusal):
            rebuild(store, agent, update_timestamp=False, dry_run=False)


def begin_conversation(store: Store, agent: Agent, conversation: Conversation) -> Conversation:
    """Add the system message of a new conversation. It has the conversation's ID, later recompiles have `default`."""
    text = compile_prompt(
        agent,
        store.core_memory(agent),
        conversation_id=conversation.id,
        compiled_at=store.clock(),
        previous_messages=store.held[agent.id].stored,
    )
    message = store.add_message(agent, "system", text, conversation=conversation)
    return store.put(attrs.evolve(conversation, message_ids=(message.id, *conversation.message_ids)))
