"""Targets of a batch: types, validation, the key under which two are the same work, and iteration over them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable
from typing import TypeVar, cast

from letta_async._schema.converter import write
from letta_async._schema.json_values import show, to_builtin_scalar
from letta_async._schema.unset import UNSET
from letta_async.errors import ArgumentProblem
from letta_async.operations.conversations import Recompile

__all__ = [
    "Target",
    "TargetT",
    "Targets",
    "digest",
    "make_key_function",
    "parameters_of",
    "take_targets",
    "target_problems",
]

Target = str | Recompile
"""A conversation's ID, or a recompile call with its own parameters."""
TargetT = TypeVar("TargetT")
"""Kind of targets: conversations' IDs only, or any."""
Targets = Iterable[Target] | AsyncIterable[Target]
"""The targets of a batch, of any number."""


def parameters_of(target: Target) -> dict[str, object]:
    """Return the parameters of the call that recompiles a target."""
    return target.given() if isinstance(target, Recompile) else {"conversation_id": target}


def target_problems(targets: object) -> Iterable[ArgumentProblem]:
    """Yield a problem if a value is not an iterable of targets; a single ID would be iterated letter by letter."""
    if isinstance(targets, str | bytes) or not isinstance(targets, Iterable | AsyncIterable):
        yield ArgumentProblem("targets", f"{show(targets)} is not an iterable of ids; put a single one in a list")


# --- keys -------------------------------------------------------------------------------------------------------------


def make_key_function(common: Recompile) -> Callable[[object], str]:
    """Return a function that returns a target's key; targets of a batch with equal keys are the same work.

    A key consists of the conversation, and of the target's parameters that differ from the batch's: agent, dry run,
    settings. A value that is not a valid target has a key as well.

    Args:
        common: The batch's parameters, which apply to each target that has none of its own.

    """
    agent, dry_run, settings = _agent_text(common), common.dry_run is True, digest(common.compaction_settings)

    def key(target: object) -> str:
        if not isinstance(target, Recompile):
            return _key_text(target)
        parts = [_key_text(target.conversation_id)]
        if target.agent_id is not UNSET and (own_agent := _agent_text(target)) != agent:
            parts.append(own_agent or "agent=none")
        if target.dry_run is not UNSET and (target.dry_run is True) is not dry_run:
            parts.append(f"dry_run={json.dumps(not dry_run)}")
        if target.compaction_settings is not UNSET and (own_settings := digest(target.compaction_settings)) != settings:
            parts.append(f"settings={own_settings}")
        return " ".join(parts)

    return key


def digest(value: object) -> str:
    """Return a short hash of a value; values have equal hashes only if their JSON is equal."""
    try:
        text = json.dumps(write(value), default=repr, sort_keys=True)
    except Exception:  # a value that has no JSON form is refused when it is sent
        text = show(value)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _agent_text(call: Recompile) -> str | None:
    return _key_text(call.agent_id) if call.agent_id else None


def _key_text(value: object) -> str:
    return str.__str__(value) if isinstance(value, str) else show(value)  # an enum's `str` is its name


# --- iteration --------------------------------------------------------------------------------------------------------


async def take_targets(
    targets: Iterable[TargetT] | AsyncIterable[TargetT],
    is_wanted: Callable[[], Awaitable[bool]],
    on_target: Callable[[TargetT], None],
) -> None:
    """Iterate over targets and close their generator, all in the task that calls this.

    A generator of targets may therefore keep open across a `yield` what belongs to one task or context: a timeout, a
    task group, the token of a context variable. If that cancels the task while no target is wanted, the cancellation is
    raised at the `yield`.

    Args:
        targets: Any iterable or async iterable. A generator is closed at the end, even if it is not exhausted.
        is_wanted: Waits until there is room for a target; returns false to stop.
        on_target: Called with each target.

    Raises:
        BaseException: Any exception that the targets raise.

    """
    source = aiter(targets if isinstance(targets, AsyncIterable) else _iterate_async(targets))
    generator = _as_async_generator(source)
    try:
        while True:
            try:
                if not await is_wanted():
                    return
            except asyncio.CancelledError as cancelled:
                if generator is None:
                    raise
                next_target: Awaitable[TargetT] = generator.athrow(cancelled)
            else:
                next_target = anext(source)
            try:
                target = await next_target
            except StopAsyncIteration:
                return
            on_target(_with_builtin_ids(target))
    finally:
        if generator is not None:
            await _close_generator(generator)


def _with_builtin_ids(target: TargetT) -> TargetT:
    """Return a target with IDs converted to `str` itself: keys and journal lines would misname those of an `Enum`."""
    if not isinstance(target, Recompile):
        return cast("TargetT", str(to_builtin_scalar(target))) if isinstance(target, str) else target
    ids = {name: getattr(target, name) for name in ("conversation_id", "agent_id")}
    converted = {name: to_builtin_scalar(value) for name, value in ids.items()}
    return target if all(converted[name] is ids[name] for name in ids) else target.changed(converted)


async def _iterate_async(targets: Iterable[TargetT]) -> AsyncGenerator[TargetT, None]:
    items = iter(targets)
    try:
        for target in items:
            yield target
    finally:
        if isinstance(items, Generator):
            items.close()


def _as_async_generator(source: AsyncIterator[TargetT]) -> AsyncGenerator[TargetT, None] | None:
    return cast("AsyncGenerator[TargetT, None]", source) if isinstance(source, AsyncGenerator) else None


async def _close_generator(generator: AsyncGenerator[TargetT, None]) -> None:
    try:
        await generator.aclose()
    except* GeneratorExit:
        pass  # a task group around a `yield` puts even this into a group
