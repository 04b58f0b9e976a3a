"""Requests of `client.propagate`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from letta_async._http.request import CallOptions
from letta_async.batch.runner import Batch
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target, parameters_of
from letta_async.errors import Attempt
from letta_async.operations._operation import Operation
from letta_async.operations.agent_blocks import RetrieveAgentBlock, UpdateAgentBlock
from letta_async.operations.agents import RetrieveAgent
from letta_async.operations.blocks import ListBlockAgents, RetrieveBlock, UpdateBlock
from letta_async.operations.conversations import ListConversations
from letta_async.propagation.changes import Change, checked_changes, edited_fields, own_id
from letta_async.propagation.propagator import PropagationServer, Propagator
from letta_async.resources._prompt_batches import PromptBatches
from letta_async.types.agent import AgentState
from letta_async.types.batch import Progress
from letta_async.types.block import Block
from letta_async.types.conversation import Conversation

if TYPE_CHECKING:
    from letta_async.client import AsyncLetta

__all__ = ["make_propagator"]

Result = TypeVar("Result")

_AGENTS_PER_PAGE: Final = 200
_CONVERSATIONS_PER_PAGE: Final = 1000


def make_propagator(
    client: AsyncLetta,
    changes: object,
    options: CallOptions,
    *,
    edit_options: CallOptions | None = None,
    dry_run: bool = False,
    deadline: float | None = None,
    stop_on_error: bool = False,
    wait_if_busy: float | None = 60.0,
    on_progress: Callable[[Progress], object] | None = None,
    journal: str | PathLike[str] | None = None,
) -> Propagator:
    """Create what `client.propagate` runs, with its parameters.

    Args:
        client: The client.
        changes: The changes, as they were passed.
        options: Options of the dry runs and recompiles; other requests have its headers and its timeout.
        edit_options: Options of the edits. Default: as those of other requests.
        dry_run: Whether nothing is edited and nothing stored.
        deadline: Limit on the recompiles, in seconds.
        stop_on_error: Whether no further target is started after a failure.
        wait_if_busy: Seconds to wait for the end of a conversation's active runs; `None` not to look at them.
        on_progress: Function that is called with a `Progress` for each outcome.
        journal: File to which each outcome is appended.

    Raises:
        InvalidArgumentError: A change or another argument is invalid.

    """
    checked = checked_changes(changes)
    prompts = PromptBatches(client)
    plain = CallOptions(extra_headers=options.extra_headers, timeout=options.timeout)

    def batch(targets: AsyncIterator[Target], seconds: float | None) -> Batch:
        made = prompts.batch(
            targets,
            {"dry_run": dry_run},
            options,
            only_stale=True,
            deadline=seconds,
            stop_on_error=stop_on_error,
            wait_if_busy=wait_if_busy,
            on_progress=on_progress,
            journal=journal,
            changes=[[type(change).__name__, own_id(change), edited_fields(change)] for change in checked],
        )
        made.named_deadline = deadline
        made.bookkeeper.resumes = False
        return made

    nothing: Any = ()
    checking = batch(nothing, deadline)  # so that all arguments are checked before any edit

    async def check_journal() -> None:
        if (open_journal := checking.open_journal) is not None:
            await asyncio.to_thread(lambda: open_journal().close())

    def call(
        operation: type[Operation[Result]], parameters: Mapping[str, object], how: CallOptions = plain
    ) -> Awaitable[Result]:
        return client._call(operation, parameters, how)  # pyright: ignore[reportPrivateUsage] - not for users

    async def retrieve(change: Change) -> Block | AgentState:
        if isinstance(change, UpdateBlock):
            return await call(RetrieveBlock, own_id(change))
        if isinstance(change, UpdateAgentBlock):
            return await call(RetrieveAgentBlock, own_id(change))
        return await call(RetrieveAgent, own_id(change))

    async def edit(change: Change) -> Block | AgentState:
        kind = cast("type[Operation[Any]]", type(change))
        parameters = {**own_id(change), **edited_fields(change)}
        result: Block | AgentState = await call(kind, parameters, edit_options or plain)
        return result

    def agents_of_block(block_id: str) -> AsyncIterator[AgentState]:
        parameters = {"block_id": block_id, "limit": _AGENTS_PER_PAGE}
        return aiter(prompts._list(ListBlockAgents, parameters, plain))  # pyright: ignore[reportPrivateUsage] - not for users

    def conversations_of(agent_id: str) -> AsyncIterator[Conversation]:
        parameters = {"agent_id": agent_id, "limit": _CONVERSATIONS_PER_PAGE, "archive_status": "unarchived"}
        return aiter(prompts._list(ListConversations, parameters, plain))  # pyright: ignore[reportPrivateUsage] - not for users

    def compiled(target: Target, attempts: list[Attempt]) -> Awaitable[str]:
        return prompts.compile(parameters_of(target), options, attempts)

    def compared(target: Target, prompt: str, attempts: list[Attempt]) -> Awaitable[Staleness]:
        return prompts.compare(parameters_of(target), prompt, options, attempts)

    return Propagator(
        server=PropagationServer(
            check_journal=check_journal,
            edit=edit,
            retrieve=retrieve,
            agents_of_block=agents_of_block,
            conversations=conversations_of,
            compile=compiled,
            compare=compared,
            batch=batch,
        ),
        changes=list(checked),
        dry_run=dry_run,
        deadline=deadline,
        stop_on_error=stop_on_error,
        clock=time.monotonic,
    )
