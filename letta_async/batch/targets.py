"""What a batch is made of: ids and calls of any number, which of them are the same work, and who takes them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable
from typing import cast

from letta_async._schema.converter import write
from letta_async._schema.json_values import exact, show
from letta_async._schema.unset import UNSET
from letta_async.errors import Fault
from letta_async.operations.conversations import Recompile

__all__ = ["Target", "Targets", "digest", "feed", "keys_of", "target_faults"]

Target = str | Recompile
Targets = Iterable[Target] | AsyncIterable[Target]


def target_faults(targets: object) -> Iterable[Fault]:
    """Find what is wrong with what should be targets; a lone id would be taken letter by letter."""
    if isinstance(targets, str | bytes) or not isinstance(targets, Iterable | AsyncIterable):
        yield Fault("targets", f"{show(targets)} is not an iterable of ids; put a single one in a list")


# --- the same work ----------------------------------------------------------------------------------------------------


def keys_of(common: Recompile) -> Callable[[object], str]:
    """Return a function from a target to its key; targets of a batch with equal keys are the same work.

    The key is the conversation, and each parameter of the target's own that differs from the batch's: agent, dry run,
    settings. What is no target has a key as well.

    Args:
        common: The batch's parameters, which hold for each target that has none of its own.

    """
    agent, dry_run, settings = _agent(common), common.dry_run is True, digest(common.compaction_settings)

    def key(target: object) -> str:
        if not isinstance(target, Recompile):
            return _text(target)
        parts = [_text(target.conversation_id)]
        if target.agent_id is not UNSET and (own_agent := _agent(target)) != agent:
            parts.append(own_agent or "agent=none")
        if target.dry_run is not UNSET and (target.dry_run is True) is not dry_run:
            parts.append(f"dry_run={json.dumps(not dry_run)}")
        if target.compaction_settings is not UNSET and (own_settings := digest(target.compaction_settings)) != settings:
            parts.append(f"settings={own_settings}")
        return " ".join(parts)

    return key


def digest(value: object) -> str:
    """Return a short text that two values share only if they are sent alike."""
    try:
        text = json.dumps(write(value), default=repr, sort_keys=True)
    except Exception:  # what has no form in JSON is refused when it is to be sent
        text = show(value)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _agent(call: Recompile) -> str | None:
    return _text(call.agent_id) if call.agent_id else None


def _text(value: object) -> str:
    return str.__str__(value) if isinstance(value, str) else show(value)  # an enum's `str` is its name


# --- where targets come from ------------------------------------------------------------------------------------------


async def feed(targets: Targets, is_wanted: Callable[[], Awaitable[bool]], take: Callable[[Target], None]) -> None:
    """Advance targets from first to last and close them, all in the task that calls this.

    So whatever belongs to one task or context may be open across a `yield` of theirs: a timeout, a task group, the
    token of a context variable. If it cancels the task while no target is wanted, the cancellation is raised at that
    `yield`.

    Args:
        targets: Any iterable or async iterable. A generator is closed at the end, also before its own.
        is_wanted: Waits until there is room for a target; returns whether one is to be taken at all.
        take: Takes a target.

    Raises:
        BaseException: whatever the targets raise.

    """
    source = aiter(targets if isinstance(targets, AsyncIterable) else _in_turn(targets))
    generator = _generator(source)
    try:
        while True:
            try:
                if not await is_wanted():
                    return
            except asyncio.CancelledError as cancelled:
                if generator is None:
                    raise
                coming: Awaitable[Target] = generator.athrow(cancelled)
            else:
                coming = anext(source)
            try:
                target = await coming
            except StopAsyncIteration:
                return
            take(_exact(target))
    finally:
        if generator is not None:
            await _close(generator)


def _exact(target: Target) -> Target:
    """Return a target whose ids are no subclasses of `str`, such as an `Enum`, which keys and lines would misname."""
    if not isinstance(target, Recompile):
        return str(exact(target)) if isinstance(target, str) else target
    ids = {name: getattr(target, name) for name in ("conversation_id", "agent_id")}
    made = {name: exact(value) for name, value in ids.items()}
    return target if all(made[name] is ids[name] for name in ids) else target.changed(made)


async def _in_turn(targets: Iterable[Target]) -> AsyncGenerator[Target, None]:
    items = iter(targets)
    try:
        for target in items:
            yield target
    finally:
        if isinstance(items, Generator):
            items.close()


def _generator(source: AsyncIterator[Target]) -> AsyncGenerator[Target, None] | None:
    return cast("AsyncGenerator[Target, None]", source) if isinstance(source, AsyncGenerator) else None


async def _close(generator: AsyncGenerator[Target, None]) -> None:
    try:
        await generator.aclose()
    except* GeneratorExit:
        pass  # a task group around a `yield` puts even this into a group
