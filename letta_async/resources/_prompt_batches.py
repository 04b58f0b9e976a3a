"""Work behind the methods of `client.conversations` that keep system prompts up to date, of `propagate` and `watch`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from os import PathLike

import attrs

from letta_async._http.request import CallOptions, option_problems
from letta_async._schema.json_values import to_builtin_scalar
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.validation import check
from letta_async.batch.active_runs import SlotRelease, wait_problems
from letta_async.batch.bookkeeping import progress_problems
from letta_async.batch.journal import Journal
from letta_async.batch.prompt_normalization import normalize_stored_prompt
from letta_async.batch.runner import Batch
from letta_async.batch.staleness import RecompileCost, Staleness
from letta_async.batch.targets import digest, make_key_function, parameters_of, target_problems
from letta_async.config import deadline_problems, flag_problems
from letta_async.errors import ArgumentProblem, Attempt, InvalidArgumentError, UnexpectedPromptError
from letta_async.operations.blocks import ListBlockAgents
from letta_async.operations.conversation_messages import ListMessages
from letta_async.operations.conversations import Recompile
from letta_async.resources._active_runs import AsyncActiveRuns
from letta_async.resources._context_size import count_message_tokens
from letta_async.resources._conversation_targets import AsyncConversationTargets, choice_problems, chosen_agents
from letta_async.types.batch import Progress
from letta_async.types.message import SystemMessage

__all__ = ["PromptBatches"]


class PromptBatches(AsyncActiveRuns, AsyncConversationTargets):
    """Comparison of stored prompts with compiled ones, and batches that recompile."""

    def batch(
        self,
        targets: Iterable[str | Recompile] | AsyncIterable[str | Recompile],
        common: Mapping[str, object],
        options: CallOptions,
        *,
        only_stale: bool,
        deadline: float | None,
        stop_on_error: bool,
        wait_if_busy: float | None,
        on_progress: Callable[[Progress], object] | None,
        journal: str | PathLike[str] | None,
        changes: object = None,
    ) -> Batch:
        """Create the batch that `recompile_many` runs, here or on a cluster.

        Args:
            changes: The changes that are propagated, to which the journal belongs; `None` for none.

        Raises:
            InvalidArgumentError: A parameter is invalid.

        """
        checked = check(Recompile, {"conversation_id": "default", **common})
        problems = [*target_problems(targets), *deadline_problems(deadline), *progress_problems(on_progress)]
        problems += [*wait_problems(wait_if_busy), *flag_problems(only_stale=only_stale, stop_on_error=stop_on_error)]
        if problems := [*problems, *option_problems(options)]:
            raise InvalidArgumentError(problems)
        common = {name: getattr(checked, name) for name in common}  # validated once, not per target

        def parameters(target: str | Recompile) -> dict[str, object]:
            return {**common, **parameters_of(target)}

        async def call(target: str | Recompile, attempts: list[Attempt]) -> str:
            return await self._call(Recompile, parameters(target), options, attempts)

        async def compare(target: str | Recompile, attempts: list[Attempt]) -> Staleness:
            return await self.staleness(parameters(target), options, attempts)

        runs = self._active_runs(options)

        async def becomes_idle(target: str | Recompile, without_slot: SlotRelease) -> bool:
            named = parameters(target)
            conversation_id = str(to_builtin_scalar(named["conversation_id"]))
            name = named.get("agent_id") if conversation_id == "default" else conversation_id
            return await runs.becomes_idle(str(to_builtin_scalar(name)), wait_if_busy or 0, without_slot)

        def open_journal() -> Journal:
            content = {"query": options.extra_query or {}, "body": options.extra_body or {}}
            return Journal(
                to_builtin_scalar(journal),
                {
                    "base_url": self._client.base_url,
                    "agent_id": checked.agent_id or None,
                    "dry_run": bool(checked.dry_run),
                    "only_stale": bool(only_stale),
                    "settings": digest(checked.compaction_settings),
                    "options": digest(content) if any(content.values()) else None,
                    **({} if changes is None else {"changes": digest(changes)}),
                },
            )

        return Batch(
            targets=targets,
            key_of=make_key_function(checked),
            call=call,
            compare=compare if only_stale else None,
            becomes_idle=None if wait_if_busy is None else becomes_idle,
            concurrency=lambda: self._client.stats.limit,
            dry_run=bool(checked.dry_run),
            deadline=deadline,
            stop_on_error=stop_on_error,
            on_progress=on_progress,
            instrumentation=self._client.instrumentation,
            open_journal=None if journal is None else open_journal,
        )

    async def staleness(
        self, parameters: Mapping[str, object], options: CallOptions, attempts: list[Attempt]
    ) -> Staleness:
        """Compare the stored prompt with a dry run.

        The dry run is first: it fails for a conversation that does not exist, whereas the list would be empty.
        """
        compiled = await self.compile(parameters, options, attempts)
        return await self.compare(parameters, compiled, options, attempts)

    def compile(
        self, parameters: Mapping[str, object], options: CallOptions, attempts: list[Attempt]
    ) -> Awaitable[str]:
        """Return the prompt that a recompile would store."""
        return self._call(Recompile, {**parameters, "dry_run": True}, options, attempts)

    async def compare(
        self, parameters: Mapping[str, object], compiled: str, options: CallOptions, attempts: list[Attempt]
    ) -> Staleness:
        """Compare the stored prompt with a compiled one."""
        first = {name: value for name, value in parameters.items() if name in {"conversation_id", "agent_id"}}
        first_page = {**first, "order": "asc", "limit": 1}
        messages = await self._call(ListMessages, first_page, attrs.evolve(options, extra_body=None), attempts)
        conversation_id = str(to_builtin_scalar(parameters["conversation_id"]))
        if not messages or not isinstance(messages[0], SystemMessage):
            raise UnexpectedPromptError(f"{conversation_id} does not begin with a system message")
        stored = messages[0].content
        aligned = normalize_stored_prompt(stored, compiled, datetime.now(UTC))
        return Staleness(conversation_id=conversation_id, stored=stored, compiled=compiled, aligned=aligned)

    async def recompile_cost(
        self, parameters: Mapping[str, object], staleness: Staleness | None, options: CallOptions
    ) -> RecompileCost:
        """Estimate how many tokens the model would read again after a recompile.

        Raises:
            InvalidArgumentError: An argument is invalid, or `staleness` is that of another conversation.

        """
        conversation_id = str(to_builtin_scalar(check(Recompile, parameters).conversation_id))
        if staleness is None:
            staleness = await self.staleness(parameters, options, [])
        elif staleness.conversation_id != conversation_id:
            problem = f"is that of {staleness.conversation_id}, not of {conversation_id}"
            raise InvalidArgumentError([ArgumentProblem("staleness", problem)])
        message_tokens = await count_message_tokens(self._client, parameters, attrs.evolve(options, extra_body=None))
        return RecompileCost(
            conversation_id=staleness.conversation_id,
            prompt_tokens=staleness.uncached_tokens,
            message_tokens=message_tokens,
        )

    def targets(
        self,
        *,
        agent_id: str | Unset | None,
        block_id: str | Unset | None,
        all: bool,
        options: CallOptions,
    ) -> AsyncGenerator[str, None]:
        """Iterate over the IDs of conversations of an agent, of the agents of a block, or of all.

        Raises:
            InvalidArgumentError: None or more than one of the three was passed, or it is invalid.

        """
        if problems := list(choice_problems("targets", chosen_agents(agent_id, block_id, all), all)):
            raise InvalidArgumentError(problems)
        if block_id is not None and block_id is not UNSET:
            agents = self._list(ListBlockAgents, {"block_id": block_id}, options)
            return self._conversations_of_block(agents, block_id, options)
        return self._conversations_of_agent(self._conversations(agent_id, options), agent_id, options)
