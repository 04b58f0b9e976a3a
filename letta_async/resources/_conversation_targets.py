"""Lists of conversations behind `targets`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping

from letta_async._http.request import CallOptions
from letta_async._schema.unset import UNSET, Unset
from letta_async.errors import ArgumentProblem
from letta_async.operations.agents import RetrieveAgent
from letta_async.operations.blocks import RetrieveBlock
from letta_async.operations.conversations import ListConversations
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources._resource import AsyncResource
from letta_async.types.agent import AgentState
from letta_async.types.conversation import Conversation

__all__ = ["AsyncConversationTargets", "choice_problems", "chosen_agents"]


def chosen_agents(agent_id: object, block_id: object, all: object) -> dict[str, object]:
    """Return which of the three parameters that select agents were passed, by name."""
    ways = {"agent_id": agent_id, "block_id": block_id, "all": all}
    return {name: value for name, value in ways.items() if value not in (UNSET, None, False)}


def choice_problems(method: str, chosen: Mapping[str, object], all: object) -> Iterable[ArgumentProblem]:
    """Yield the problem of a method if not exactly one of these parameters was passed."""
    if len(chosen) != 1 or not isinstance(all, bool):
        words = " and ".join(f"{name}={value!r}" for name, value in chosen.items()) or "none of them"
        yield ArgumentProblem(method, f"takes agent_id, block_id or all=True, not {words}")


class AsyncConversationTargets(AsyncResource):
    """Base class of a resource that lists conversations by agent or block."""

    def _conversations(self, agent_id: str | Unset | None, options: CallOptions) -> AsyncPaginator[Conversation]:
        return self._list(ListConversations, {"agent_id": agent_id, "archive_status": "unarchived"}, options)

    async def _conversations_of_agent(
        self, conversations: AsyncPaginator[Conversation], agent_id: str | Unset | None, options: CallOptions
    ) -> AsyncGenerator[str, None]:
        empty = True
        async for conversation in conversations:
            empty = False
            if not conversation.archived:
                yield conversation.id
        if empty and agent_id:  # the server lists nothing for an agent that does not exist, but says so here
            await self._call(RetrieveAgent, {"agent_id": agent_id}, options)

    async def _conversations_of_block(
        self, agents: AsyncPaginator[AgentState], block_id: str, options: CallOptions
    ) -> AsyncGenerator[str, None]:
        empty = True
        async for agent in agents:
            empty = False
            async for conversation in self._conversations(agent.id, options):
                if not conversation.archived:
                    yield conversation.id
        if empty:
            await self._call(RetrieveBlock, {"block_id": block_id}, options)
