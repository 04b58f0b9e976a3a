"""Passes over the conversations that show a change: edits first, then whatever is stale, until no other edit comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from letta_async.batch.outcome import Outcome
from letta_async.batch.prompt_normalization import normalize_stored_prompt
from letta_async.batch.runner import Batch
from letta_async.batch.shared_comparison import Comparison, isolated_blocks_error
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target
from letta_async.errors import (
    APIConnectionError,
    Attempt,
    InternalServerError,
    LettaError,
    NotFoundError,
    UnexpectedPromptError,
)
from letta_async.operations.agent_blocks import UpdateAgentBlock
from letta_async.operations.blocks import UpdateBlock
from letta_async.operations.conversations import Recompile
from letta_async.propagation.changes import Change, edited_fields
from letta_async.propagation.predicted_prompt import BlockEdit, SystemEdit, predict_prompt
from letta_async.types.agent import AgentState
from letta_async.types.block import Block
from letta_async.types.conversation import Conversation

__all__ = ["PropagationServer", "Propagator"]

_MAX_UNEXPLAINED: Final = 10
"""Number of passes after which prompts that change without an edit are given up."""


@attrs.frozen(kw_only=True)
class PropagationServer:
    """Requests of a propagation."""

    check_journal: Callable[[], Awaitable[None]]
    """Checks that the journal can be used, if there is one."""
    edit: Callable[[Change], Awaitable[Block | AgentState]]
    """Makes an edit, and returns the block or the agent after it."""
    retrieve: Callable[[Change], Awaitable[Block | AgentState]]
    """Returns the block or the agent of a change."""
    agents_of_block: Callable[[str], AsyncIterator[AgentState]]
    """Iterates over the agents that a block is attached to."""
    conversations: Callable[[str], AsyncIterator[Conversation]]
    """Iterates over the conversations of an agent."""
    compile: Callable[[Target, list[Attempt]], Awaitable[str]]
    """Returns the prompt that a recompile of a target would store."""
    compare: Callable[[Target, str, list[Attempt]], Awaitable[Staleness]]
    """Compares the stored prompt of a target with a compiled one."""
    batch: Callable[[AsyncIterator[Target], float | None], Batch]
    """Creates a batch that recompiles the targets that are stale, within so many seconds."""


@attrs.frozen
class _Shown:
    """Agent of a target, and whether it has isolated blocks."""

    agent_id: str
    isolated: bool = False
    """Whether it is a conversation with isolated blocks."""


@attrs.define(eq=False, kw_only=True)
class Propagator:
    """Propagation of changes."""

    server: PropagationServer
    changes: list[Change]
    """The changes; one of an agent's block becomes that of the block by its ID once this is known."""
    dry_run: bool
    deadline: float | None
    """Limit on the whole in seconds."""
    stop_on_error: bool
    clock: Callable[[], float]
    results: list[Block | AgentState] = attrs.field(factory=list["Block | AgentState"], init=False)
    """Blocks and agents of the changes, after them."""
    _shown: dict[Target, _Shown] = attrs.field(factory=dict[Target, _Shown], init=False)
    """Targets in flight."""
    _compiled: dict[str, str] = attrs.field(factory=dict[str, str], init=False)
    """Prompt with which the targets of an agent were compared in this pass, by agent."""
    _is_mixed: bool = attrs.field(default=False, init=False)
    """State of the pass: true once a recompile stored another prompt than `_compiled` has, after an edit meanwhile."""

    async def run(self) -> AsyncGenerator[Outcome, None]:
        """Make the edits, and yield the outcomes.

        After each pass, the edited objects are retrieved and the agents' prompts compiled again; if another edit came
        meanwhile, another pass follows, of which only outcomes other than `unchanged` are yielded. The values alone do
        not tell: they may have been changed and changed back.

        Raises:
            LettaError: An edit was refused, or the agents or conversations cannot be listed.

        """
        end = None if self.deadline is None else self.clock() + self.deadline
        await self.server.check_journal()
        await self._edit()
        try:
            async with aclosing(self._passes(end)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        except LettaError as error:
            if not self.dry_run and any(map(edited_fields, self.changes)):
                error.add_note("the edits were made before that; the same call again does the rest")
            raise

    async def _passes(self, end: float | None) -> AsyncGenerator[Outcome, None]:
        """Yield the outcomes of one pass after the other, until nothing was edited during the last one."""
        is_first = True
        unexplained = 0
        while True:
            left = None if end is None else max(end - self.clock(), 1e-3)
            failed = False
            self._is_mixed = False
            self._compiled.clear()
            async with aclosing(self._bring_up_to_date(left)) as outcomes:
                async for outcome in outcomes:
                    failed = failed or outcome.status == "failed"
                    if is_first or outcome.status != "unchanged":
                        yield outcome
            is_first = False
            if self.dry_run or (self.stop_on_error and failed) or (end is not None and self.clock() >= end):
                return
            before = [_memory(result) for result in self.results]
            try:
                self.results = [await self.server.retrieve(change) for change in self.changes]
                if before == [_memory(result) for result in self.results]:
                    if not self._is_mixed and not await self._compiles_otherwise():
                        return
                    unexplained += 1
            except NotFoundError:  # deleted meanwhile: nothing shows it any more
                return
            if unexplained == _MAX_UNEXPLAINED:
                raise UnexpectedPromptError(
                    f"the prompts changed during each of {unexplained} passes, although the edited memory did not:"
                    " whether they are up to date cannot be told"
                )

    async def _compiles_otherwise(self) -> bool:
        """Return whether the prompt of an agent is no longer the one with which its targets were compared."""
        for agent_id, compiled in self._compiled.items():
            own = Recompile(conversation_id="default", agent_id=agent_id)
            try:
                if not _is_same(compiled, await self.server.compile(own, [])):
                    return True
            except NotFoundError:  # deleted meanwhile
                continue
        return False

    async def _edit(self) -> None:
        """Make the edits one after the other; in a dry run, only retrieve what they would edit."""
        for index, change in enumerate(self.changes):
            is_edit = bool(edited_fields(change)) and not self.dry_run
            try:
                result = await (self.server.edit if is_edit else self.server.retrieve)(change)
            except LettaError as error:
                is_unknown = isinstance(error, APIConnectionError | InternalServerError) and is_edit
                failed = "may have been made all the same" if is_unknown else "failed"
                made = [f"changes[{place}]" for place in range(index) if edited_fields(self.changes[place])]
                before = f"; made before it: {', '.join(made)}" if made and not self.dry_run else ""
                error.add_note(f"changes[{index}] {failed}, and nothing was recompiled{before}")
                raise
            self.results.append(result)
            if isinstance(change, UpdateAgentBlock):  # the edit may be of the label
                self.changes[index] = UpdateBlock(block_id=result.id, **edited_fields(change))

    # --- a pass -------------------------------------------------------------------------------------------------------

    async def _bring_up_to_date(self, seconds: float | None) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of each target that shows a change."""
        blocks: dict[str, set[int]] = {}
        batch = self.server.batch(self._targets(blocks), seconds)
        comparison = Comparison(
            agent_of=lambda target: self._shown[target].agent_id,
            compile=lambda target, attempts: self._compile(target, attempts, blocks),
            compare=self._compare,
        )
        batch.compare = comparison.run
        async with aclosing(batch.run()) as outcomes:
            async for outcome in outcomes:
                shown = self._shown.pop(outcome.target, None)
                if outcome.status == "recompiled" and shown is not None and outcome.prompt is not None:
                    compiled = self._compiled.get(shown.agent_id, outcome.prompt)
                    self._is_mixed = self._is_mixed or not _is_same(outcome.prompt, compiled)
                yield attrs.evolve(outcome, tries=outcome.tries - (outcome.target in comparison.saved))

    async def _targets(self, blocks: dict[str, set[int]]) -> AsyncGenerator[Target, None]:
        """Yield the own prompt and the conversations of each agent that shows a change, once.

        Args:
            blocks: Gets the indexes of the changes of blocks that an agent shows, by agent.

        """
        agents: list[str] = []
        for index, (change, result) in enumerate(zip(self.changes, self.results, strict=True)):
            if isinstance(change, UpdateBlock):
                async for agent in self.server.agents_of_block(change.block_id):
                    agents.append(agent.id)
                    blocks.setdefault(agent.id, set()).add(index)
            else:
                agents.append(result.id)
        for agent_id in dict.fromkeys(agents):
            own = Recompile(conversation_id="default", agent_id=agent_id)
            self._shown[own] = _Shown(agent_id)
            yield own
            async for conversation in self.server.conversations(agent_id):
                if not conversation.archived:
                    self._shown[conversation.id] = _Shown(agent_id, bool(conversation.isolated_block_ids))
                    yield conversation.id

    async def _compile(self, target: Target, attempts: list[Attempt], blocks: Mapping[str, set[int]]) -> str:
        """Return the compiled prompt of an agent; in a dry run, as it would be after the edits."""
        compiled = await self.server.compile(target, attempts)
        agent_id = self._shown[target].agent_id
        if not self.dry_run:
            self._compiled[agent_id] = compiled
            return compiled
        edits: dict[str, BlockEdit | SystemEdit] = {}
        for index, (change, result) in enumerate(zip(self.changes, self.results, strict=True)):
            before = edits.get(result.id)
            fields = {**(before.fields if before else {}), **edited_fields(change)}
            if isinstance(result, Block):
                if index in blocks.get(agent_id, ()):
                    edits[result.id] = BlockEdit(result, fields)
            elif result.id == agent_id:
                edits[result.id] = SystemEdit(result.system or "", fields)
        return predict_prompt(compiled, edits.values())

    async def _compare(self, target: Target, prompt: str, attempts: list[Attempt]) -> Staleness:
        """Compare a target.

        Raises:
            IsolatedBlocksError: It is stale, and has isolated blocks.

        """
        compared = await self.server.compare(target, prompt, attempts)
        if compared.stale and self._shown[target].isolated:
            raise isolated_blocks_error(target)
        return compared


def _memory(result: Block | AgentState) -> tuple[Any, ...]:
    """Return what prompts show of a block, or of an agent itself."""
    if isinstance(result, Block):
        return (result.value, result.label, result.description, result.limit, result.read_only)
    return (result.system, repr(result.tool_rules), result.model)


def _is_same(prompt: str, compiled: str) -> bool:
    """Return whether a prompt is the compiled one, but for volatile lines and block order."""
    try:
        return normalize_stored_prompt(prompt, compiled, datetime.now(UTC)) == compiled
    except UnexpectedPromptError:  # the outcome of each of its targets
        return True
