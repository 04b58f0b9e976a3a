"""Comparison of the conversations of an agent with one dry run for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import attrs

from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target
from letta_async.errors import Attempt, IsolatedBlocksError, UnexpectedPromptError

__all__ = ["Comparison", "isolated_blocks_error"]

_PROMPTS: Final = 500
"""Number of prompts that are kept: more than the targets that are in flight at once."""


@attrs.define(eq=False, kw_only=True)
class Comparison:
    """Comparison of stored prompts, with one dry run per agent.

    The server compiles the same prompt for each conversation of an agent, but for the lines that the comparison
    ignores. One dry run per agent is therefore enough. Edits that come later are not seen: whoever uses it looks for
    them in another way.
    """

    agent_of: Callable[[Target], str]
    """Returns the agent of a target."""
    compile: Callable[[Target, list[Attempt]], Awaitable[str]]
    """Returns the prompt that a recompile of a target would store."""
    compare: Callable[[Target, str, list[Attempt]], Awaitable[Staleness]]
    """Compares the stored prompt of a target with a compiled one."""

    saved: set[Target] = attrs.field(factory=set[Target], init=False)
    """Targets that were compared without a dry run of their own."""
    _prompts: dict[str, str] = attrs.field(factory=dict[str, str], init=False)
    _locks: dict[str, asyncio.Lock] = attrs.field(factory=dict[str, asyncio.Lock], init=False)

    async def run(self, target: Target, attempts: list[Attempt]) -> Staleness:
        """Compare a target; append the attempts that failed to the list.

        Raises:
            NotFoundError: There is no such conversation any more.
            UnexpectedPromptError: The target has no system message, or the prompt does not have the known form.
            APIError: No response arrived, or it is not a success.

        """
        agent_id = self.agent_of(target)
        async with self._locks.setdefault(agent_id, asyncio.Lock()):
            compiled = self._prompts.get(agent_id)
            is_shared = compiled is not None
            if compiled is None:
                compiled = self._prompts[agent_id] = await self.compile(target, attempts)
                if len(self._prompts) > _PROMPTS:
                    del self._prompts[next(iter(self._prompts))]
        try:
            compared = await self.compare(target, compiled, attempts)
        except UnexpectedPromptError:
            await self.compile(target, attempts)  # fails with NotFoundError for a conversation that was deleted
            raise
        if is_shared:
            self.saved.add(target)
        return compared


def isolated_blocks_error(target: Target) -> IsolatedBlocksError:
    """Create the error of a conversation that is not recompiled because of its isolated blocks."""
    return IsolatedBlocksError(
        f"{target} has copies of blocks for itself (isolated_block_ids), and a recompile would replace their text by"
        " that of the agent's blocks; it was not recompiled"
    )
