"""The method `propagate` of a client, which edits memory and brings every conversation that shows it up to date."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from letta_async._http.request import CallOptions
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.validation import check
from letta_async.batch.outcome import Outcome
from letta_async.batch.runner import Batch
from letta_async.batch.targets import Target
from letta_async.config import Timeout
from letta_async.errors import Attempt, PropagationError
from letta_async.operations._operation import Operation
from letta_async.operations.agents import RetrieveAgent, UpdateAgent
from letta_async.operations.blocks import ListBlockAgents, RetrieveBlock, UpdateBlock
from letta_async.operations.conversations import ListConversations, Recompile
from letta_async.resources._resource import CallSender, options_of
from letta_async.types.agent import AgentState
from letta_async.types.batch import Progress
from letta_async.types.block import Block
from letta_async.types.conversation import Conversation

if TYPE_CHECKING:
    from letta_async.client import AsyncLetta
    from letta_async.propagation.changes import Change
    from letta_async.propagation.propagator import Propagator

__all__ = ["AsyncPropagating"]

Result = TypeVar("Result")

_AGENTS_PER_PAGE: Final = 200
_CONVERSATIONS_PER_PAGE: Final = 1000


class AsyncPropagating(CallSender):
    """Base class of a client with the method `propagate`."""

    def propagate(
        self,
        changes: Iterable[UpdateBlock | UpdateAgent],
        *,
        dry_run: bool = False,
        deadline: float | None = None,
        stop_on_error: bool = False,
        wait_if_busy: float | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        journal: str | PathLike[str] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[Outcome, None]:
        """Edit memory blocks and agents, and bring every conversation that shows them up to date.

        The edits are made in their order. Then the own prompts and the conversations of the agents of an edited block,
        and of edited agents, are compared as `conversations.staleness` does, and those that are stale are recompiled,
        each once. What is stale is read from the server: after a kill at any point, the same call finishes the work.
        When all have an outcome, the edited blocks and agents are retrieved again; if somebody else edited one
        meanwhile, another pass follows, which yields the outcomes of what it had to recompile again.

        Args:
            changes: `UpdateBlock` and `UpdateAgent` objects, such as `UpdateBlock(block_id=…, value="…")`. One without
                a field to change edits nothing: edits that were made before are propagated.
            dry_run: Edit and store nothing; the outcomes are `compiled` where the edits would change a prompt, with the
                `diff`, and `unchanged` elsewhere. Default: `False`.
            deadline: Limit on the recompiles in seconds; a target not done by then has a failed outcome. Default:
                `None`, no limit.
            stop_on_error: Start no further target after a failure. Default: `False`.
            wait_if_busy: Seconds to wait until a conversation has no active run, before it is recompiled; if it still
                has one then, and with 0 at once, its outcome is `busy`. Default: `None`; active runs are not looked at.
            on_progress: Function that is called with a `Progress` for each outcome of a pass; an awaitable result is
                awaited. With `Letta` it runs on the thread of the private event loop.
            journal: File to which each outcome is appended, as a line of JSON without prompts. It is a record: nothing
                is skipped because of it. Default: `None`, no journal.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each dry run and recompile.
            extra_body: Members to add or replace in the JSON body of each dry run and recompile, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Yields:
            An `Outcome` per conversation, and per agent for its own prompt, whose target is a `Recompile` of `default`
            with the `agent_id`. A conversation with isolated blocks that is stale fails with an `IsolatedBlocksError`.

        Raises:
            InvalidArgumentError: A change or another argument is invalid; nothing was sent.
            NotFoundError: There is no such block or agent. Of an error of an edit, `__notes__` says which one it was
                and which ones were made before it; nothing was recompiled.
            JournalError: The journal cannot be written any more.
            BaseException: Any exception that `on_progress` raises.

        """
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        given: dict[str, Any] = {
            "deadline": deadline,
            "stop_on_error": stop_on_error,
            "wait_if_busy": wait_if_busy,
            "on_progress": on_progress,
            "journal": journal,
        }
        return _make_propagator(cast("AsyncLetta", self), changes, options, dry_run=dry_run, **given).run()

    async def _edit_and_propagate(
        self, operation: type[Operation[Result]], parameters: Mapping[str, object], options: CallOptions
    ) -> Result:
        """Make one edit, propagate it, and return the edited block or agent.

        Raises:
            PropagationError: A conversation could not be brought up to date; the edit was made.

        """
        propagator = _make_propagator(cast("AsyncLetta", self), [check(operation, parameters)], options)
        outcomes = [outcome async for outcome in propagator.run()]
        result: Any = propagator.results[0]
        if left := [outcome for outcome in outcomes if not outcome.ok]:
            words = f"{result.id} was edited, but {len(left)} of {len(outcomes)} prompts were not brought up to date"
            why = next((f": {each.error}" for each in left if each.error is not None), "")
            raise PropagationError(f"{words}{why}", result=result, outcomes=outcomes, failed=left)
        return cast("Result", result)


def _make_propagator(
    client: AsyncLetta,
    changes: object,
    options: CallOptions,
    *,
    dry_run: bool = False,
    deadline: float | None = None,
    stop_on_error: bool = False,
    wait_if_busy: float | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    journal: str | PathLike[str] | None = None,
) -> Propagator:
    """Create what `client.propagate` runs.

    Raises:
        InvalidArgumentError: A change or another argument is invalid.

    """
    from letta_async.propagation.changes import checked_changes, edited_fields  # noqa: PLC0415 - by those that propagate
    from letta_async.propagation.propagator import PropagationServer, Propagator  # noqa: PLC0415 - as above

    checked = checked_changes(changes)
    conversations = client.conversations
    plain = CallOptions(extra_headers=options.extra_headers, timeout=options.timeout)

    def batch(targets: AsyncIterator[Target], seconds: float | None) -> Batch:
        made = conversations._batch(  # pyright: ignore[reportPrivateUsage] - not for users
            targets,
            {"dry_run": dry_run},
            options,
            only_stale=True,
            deadline=seconds,
            stop_on_error=stop_on_error,
            wait_if_busy=wait_if_busy,
            on_progress=on_progress,
            journal=journal,
            changes=[[type(change).__name__, change.given()] for change in checked],
        )
        made.bookkeeper.resumes = False
        return made

    nothing: Any = ()
    checking = batch(nothing, deadline)  # so that all arguments are checked before any edit

    async def check_journal() -> None:
        if (open_journal := checking.open_journal) is not None:
            await asyncio.to_thread(lambda: open_journal().close())

    def call(operation: type[Operation[Result]], parameters: Mapping[str, object]) -> Awaitable[Result]:
        return client._call(operation, parameters, plain)  # pyright: ignore[reportPrivateUsage] - not for users

    async def retrieve(change: Change) -> Block | AgentState:
        if isinstance(change, UpdateBlock):
            return await call(RetrieveBlock, {"block_id": change.block_id})
        return await call(RetrieveAgent, {"agent_id": change.agent_id})

    async def edit(change: Change) -> Block | AgentState:
        own = {"block_id": change.block_id} if isinstance(change, UpdateBlock) else {"agent_id": change.agent_id}
        result: Block | AgentState = await call(
            cast("type[Operation[Any]]", type(change)), {**own, **edited_fields(change)}
        )
        return result

    def agents_of_block(block_id: str) -> AsyncIterator[AgentState]:
        parameters = {"block_id": block_id, "limit": _AGENTS_PER_PAGE}
        return aiter(conversations._list(ListBlockAgents, parameters, plain))  # pyright: ignore[reportPrivateUsage] - not for users

    def conversations_of(agent_id: str) -> AsyncIterator[Conversation]:
        parameters = {"agent_id": agent_id, "limit": _CONVERSATIONS_PER_PAGE, "archive_status": "unarchived"}
        return aiter(conversations._list(ListConversations, parameters, plain))  # pyright: ignore[reportPrivateUsage] - not for users

    def compiled(target: Target, attempts: list[Attempt]) -> Awaitable[str]:
        return conversations._compile(_given(target), options, attempts)  # pyright: ignore[reportPrivateUsage] - not for users

    return Propagator(
        server=PropagationServer(
            check_journal=check_journal,
            edit=edit,
            retrieve=retrieve,
            agents_of_block=agents_of_block,
            conversations=conversations_of,
            compile=compiled,
            compare=lambda target, prompt, attempts: conversations._compare(_given(target), prompt, options, attempts),  # pyright: ignore[reportPrivateUsage] - not for users
            batch=batch,
        ),
        changes=checked,
        dry_run=dry_run,
        deadline=deadline,
        clock=time.monotonic,
    )


def _given(target: Target) -> dict[str, object]:
    return target.given() if isinstance(target, Recompile) else {"conversation_id": target}
