"""Requests and arguments of `client.watch`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import is_positive_integer, show
from letta_async._schema.validation import check
from letta_async.batch.active_runs import wait_problems
from letta_async.batch.runner import Batch
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target, digest, parameters_of
from letta_async.config import flag_problems, is_seconds
from letta_async.errors import ArgumentProblem, Attempt, InvalidArgumentError
from letta_async.operations._listing import Listing
from letta_async.operations._operation import Operation
from letta_async.operations.agents import ListAgents, RetrieveAgent
from letta_async.operations.blocks import ListBlockAgents, RetrieveBlock
from letta_async.operations.conversations import ListConversations
from letta_async.resources._conversation_targets import choice_problems, chosen_agents
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources._prompt_batches import PromptBatches
from letta_async.types.agent import AgentState
from letta_async.types.conversation import Conversation
from letta_async.watching.clock import Clock
from letta_async.watching.fingerprint import INCLUDED, RELATIONSHIPS
from letta_async.watching.rate import RecompileRate
from letta_async.watching.scanner import RequestCounter, Scanner, WatchedServer
from letta_async.watching.state import WatchState
from letta_async.watching.watcher import Watcher

if TYPE_CHECKING:
    from letta_async.client import AsyncLetta

__all__ = ["WatchParameters", "make_watcher"]

T = TypeVar("T")
Item = TypeVar("Item")

_AGENTS_PER_PAGE: Final = 200
_LONGEST_LEASE: Final = 604_800
"""Maximum number of seconds after which another watcher can take over a state whose watcher was killed."""
_CONVERSATIONS_PER_PAGE: Final = 1000


@attrs.frozen(kw_only=True)
class WatchParameters:
    """Parameters of a watch, as they were passed."""

    agent_id: Any
    block_id: Any
    all: Any
    every: Any
    once: Any
    state: Any
    max_rate: Any
    wait_if_busy: Any
    lease: Any
    standby: Any
    on_scan: Any

    @property
    def scope(self) -> dict[str, Any]:
        """The parameters that select the agents, by name."""
        return chosen_agents(self.agent_id, self.block_id, self.all)

    def check(self) -> None:
        """Check all values.

        Raises:
            InvalidArgumentError: Some are invalid; the error lists all problems.

        """
        if problems := list(self._problems()):
            raise InvalidArgumentError(problems)

    def _problems(self) -> Iterable[ArgumentProblem]:
        """Yield a problem per invalid value."""
        yield from self._scope_problems()
        for name in ("every", "lease"):
            if not is_seconds(seconds := getattr(self, name)):
                yield ArgumentProblem(name, f"{show(seconds)} is not a positive number of seconds")
        if is_seconds(self.lease) and self.lease > _LONGEST_LEASE:
            yield ArgumentProblem("lease", f"{show(self.lease)} is more than a week, {_LONGEST_LEASE} seconds")
        yield from flag_problems(once=self.once, standby=self.standby)
        if not _is_path(self.state):
            yield ArgumentProblem("state", f"{show(self.state)} is not a path")
        if self.max_rate is not None and not is_positive_integer(self.max_rate):
            yield ArgumentProblem("max_rate", f"{show(self.max_rate)} is neither a positive whole number nor None")
        yield from wait_problems(self.wait_if_busy)
        if self.on_scan is not None and not callable(self.on_scan):
            yield ArgumentProblem("on_scan", f"{show(self.on_scan)} cannot be called with a Scan")

    def _scope_problems(self) -> Iterable[ArgumentProblem]:
        if problems := list(choice_problems("watch", self.scope, self.all)):
            yield from problems
            return
        for name, operation in (("agent_id", RetrieveAgent), ("block_id", RetrieveBlock)):
            if name in self.scope:
                try:
                    check(operation, {name: self.scope[name]})
                except InvalidArgumentError as error:
                    yield from error.faults


def _is_path(value: object) -> bool:
    return value != "" and isinstance(value, str | os.PathLike | None)


def make_watcher(client: AsyncLetta, parameters: WatchParameters, options: CallOptions, clock: Clock | None) -> Watcher:
    """Create what `client.watch` runs.

    Raises:
        InvalidArgumentError: A parameter is invalid.

    """
    parameters.check()
    clock = clock or Clock()
    path = None if parameters.state is None else os.fsdecode(parameters.state)
    state = WatchState.at(path, parameters.lease, clock)
    scope = " ".join(name if value is True else f"{name} {value}" for name, value in parameters.scope.items())
    return Watcher(
        scanner=Scanner(
            server=_watched_server(client, parameters, options),
            state=state,
            clock=clock,
            rate=RecompileRate(parameters.max_rate, clock),
            every=parameters.every,
            once=parameters.once,
        ),
        state=state,
        clock=clock,
        header={"server": client.base_url, "scope": scope, "options": _digest(options)},
        every=parameters.every,
        once=parameters.once,
        standby=parameters.standby,
        on_scan=parameters.on_scan,
    )


def _digest(options: CallOptions) -> str:
    """Return a digest of the options that decide what a request is about; `none` without any."""
    content = {"query": options.extra_query or {}, "body": options.extra_body or {}}
    return digest(content) if any(content.values()) else "none"


@attrs.define(eq=False)
class _Requests:
    """Sender of a watch's requests for lists."""

    client: AsyncLetta
    options: CallOptions
    counter: RequestCounter

    async def call(self, operation: type[Operation[T]], parameters: Mapping[str, object]) -> T:
        """Send a request, and count it."""

        def send(attempts: list[Attempt]) -> Awaitable[T]:
            return self.client._call(operation, parameters, self.options, attempts)  # pyright: ignore[reportPrivateUsage] - not for users

        return await self.counter.counted(send, [])

    def items(self, listing: type[Listing[Item]], parameters: Mapping[str, object]) -> AsyncPaginator[Item]:
        """List the items of all pages."""

        async def fetch(page: Listing[Item]) -> list[Item]:
            return await self.call(listing, page.given())

        return AsyncPaginator(fetch, listing, parameters)


def _watched_server(client: AsyncLetta, parameters: WatchParameters, options: CallOptions) -> WatchedServer:
    """Create what sends the requests of a watch."""
    prompts = PromptBatches(client)

    def batch(targets: AsyncIterator[Target]) -> Batch:
        return prompts.batch(
            targets,
            {},
            options,
            only_stale=True,
            deadline=None,
            stop_on_error=False,
            wait_if_busy=parameters.wait_if_busy,
            on_progress=None,
            journal=None,
        )

    def compiled(target: Target, attempts: list[Attempt]) -> Awaitable[str]:
        return prompts.compile(parameters_of(target), options, attempts)

    def compared(target: Target, prompt: str, attempts: list[Attempt]) -> Awaitable[Staleness]:
        return prompts.compare(parameters_of(target), prompt, options, attempts)

    async def list_conversations(agent_id: str) -> Sequence[Conversation]:
        found = requests.items(
            ListConversations,
            {"agent_id": agent_id, "limit": _CONVERSATIONS_PER_PAGE, "archive_status": "unarchived"},
        )
        return [conversation async for conversation in found]

    counter = RequestCounter()
    requests = _Requests(client, attrs.evolve(options, extra_body=None), counter)
    return WatchedServer(
        list_agents=_agent_lister(requests, parameters.scope),
        list_conversations=list_conversations,
        compile=compiled,
        compare=compared,
        batch=batch,
        concurrency=lambda: client.stats.limit,
        instrumentation=client.instrumentation,
        counter=counter,
    )


def _agent_lister(requests: _Requests, scope: Mapping[str, Any]) -> Callable[[], AsyncIterator[AgentState]]:
    """Return a function that lists the agents in scope, with as few requests as there are pages."""
    agent_id, block_id = (scope.get(name) for name in ("agent_id", "block_id"))
    included = {"include": INCLUDED, "include_relationships": RELATIONSHIPS}
    further = {"limit": _AGENTS_PER_PAGE, **included}
    checks_block = True  # the server lists no agents for a block that does not exist, but says so when it is retrieved

    async def list_agents() -> AsyncIterator[AgentState]:
        nonlocal checks_block
        if agent_id:
            yield await requests.call(RetrieveAgent, {"agent_id": agent_id, **included})
            return
        if not block_id:
            async for agent in requests.items(ListAgents, further):
                yield agent
            return
        has_agents = False
        async for agent in requests.items(ListBlockAgents, {"block_id": block_id, **further}):
            has_agents = True
            yield agent
        if not has_agents and checks_block:
            await requests.call(RetrieveBlock, {"block_id": block_id})
        checks_block = has_agents

    return list_agents
