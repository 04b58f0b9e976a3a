"""Compiler of an agent's system prompt from its memory blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from letta_async.testing._errors import unknown_error
from letta_async.testing._rows import Agent, Block

__all__ = ["compile_prompt", "local_time", "memory_blocks", "memory_metadata"]

_MEMORY = "{CORE_MEMORY}"
_WITHOUT_BLOCKS = {"react_agent", "workflow_agent"}


def compile_prompt(
    agent: Agent, blocks: Iterable[Block], *, conversation_id: str, compiled_at: datetime, previous_messages: int
) -> str:
    """Compile the system prompt of an agent.

    `conversation_id`, the time and the number of messages are in its `<memory_metadata>`, the blocks in
    `<memory_blocks>`. Both replace `{CORE_MEMORY}` in the agent's system text, or follow it.
    """
    metadata = memory_metadata(
        agent, conversation_id=conversation_id, compiled_at=compiled_at, previous_messages=previous_messages
    )
    memory = f"{memory_blocks(agent, blocks)}\n\n{metadata}"
    system = agent.system if _MEMORY in agent.system else f"{agent.system}\n\n{_MEMORY}"
    return system.replace(_MEMORY, memory)


def memory_metadata(agent: Agent, *, conversation_id: str, compiled_at: datetime, previous_messages: int) -> str:
    """Return the part of a system prompt about the memory outside of it."""
    return "\n".join(
        (
            "<memory_metadata>",
            f"- AGENT_ID: {agent.id}",
            f"- CONVERSATION_ID: {conversation_id}",
            f"- System prompt last recompiled: {local_time(compiled_at, agent.timezone)}",
            f"- {previous_messages} previous messages between you and the user are stored in recall memory",
            "</memory_metadata>",
        )
    )


def memory_blocks(agent: Agent, blocks: Iterable[Block]) -> str:
    """Return the part of a system prompt with the memory blocks; empty if the agent shows none."""
    return _memory_blocks([] if agent.agent_type in _WITHOUT_BLOCKS else list(blocks))


def local_time(moment: datetime, timezone: str) -> str:
    """Format a time in a timezone as the server does; raise its 500 if the timezone does not exist."""
    try:
        zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    except (ValueError, OSError, LookupError):
        raise unknown_error() from None
    return moment.astimezone(zone).strftime("%Y-%m-%d %I:%M:%S %p %Z%z")


def _memory_blocks(blocks: Sequence[Block]) -> str:
    if not blocks:
        return ""
    intro = "<memory_blocks>\nThe following memory blocks are currently engaged in your core memory unit:\n\n"
    return intro + "\n".join(map(_block, blocks)) + "\n</memory_blocks>"


def _block(block: Block) -> str:
    label = block.label or "block"
    lines = [f"<{label}>", "<description>", block.description or "", "</description>", "<metadata>"]
    if block.read_only:
        lines.append("- read_only=true")
    lines += [f"- chars_current={len(block.value)}", f"- chars_limit={block.limit}", "</metadata>"]
    lines += ["<value>", block.value, "</value>", f"</{label}>", ""]
    return "\n".join(lines)
