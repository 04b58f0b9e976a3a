"""What a batch is made of: ids and calls of any number, and which of them are the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable

from letta_async._json import exact, show
from letta_async.errors import Fault
from letta_async.operations.conversations import Recompile

__all__ = ["Target", "Targets", "each", "key_of", "target_faults"]

Target = str | Recompile
Targets = Iterable[Target] | AsyncIterable[Target]


def target_faults(targets: object) -> Iterable[Fault]:
    """Find what is wrong with what should be targets; a lone id would be taken letter by letter."""
    if isinstance(targets, str | bytes) or not isinstance(targets, Iterable | AsyncIterable):
        yield Fault("targets", f"{show(targets)} is not an iterable of ids; put a single one in a list")


def key_of(target: object) -> str:
    """Give what makes two targets the same: the conversation, and in agent-direct mode the agent."""
    if isinstance(target, Recompile):
        return f"{target.conversation_id} {target.agent_id}" if target.agent_id else str(target.conversation_id)
    return str(target)


async def each(targets: Targets) -> AsyncGenerator[Target, None]:
    """Give the targets one by one, wherever they come from."""
    if isinstance(targets, AsyncIterable):
        async for target in targets:
            yield _exact(target)
    else:
        for target in targets:
            yield _exact(target)


def _exact(target: Target) -> Target:
    """Return a target whose ids are no subclasses of `str`, such as an `Enum`, which keys and lines would misname."""
    if not isinstance(target, Recompile):
        return str(exact(target)) if isinstance(target, str) else target
    ids = {name: getattr(target, name) for name in ("conversation_id", "agent_id")}
    made = {name: exact(value) for name, value in ids.items()}
    return target if all(made[name] is ids[name] for name in ids) else target.changed(made)
