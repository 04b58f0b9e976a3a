"""Agent and conversation of a chat, and what the API calls for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from letta_async._schema.validation import check
from letta_async.cli.error_messages import NoSuchAgent, Refusal, without_control_characters
from letta_async.client import AsyncLetta
from letta_async.errors import InvalidArgumentError
from letta_async.operations.agents import RetrieveAgent
from letta_async.operations.conversations import RetrieveConversation
from letta_async.resources._stream import AsyncStream
from letta_async.types.agent import AgentState
from letta_async.types.message import ApprovalRequestMessage, ToolCall
from letta_async.types.stream import StreamEvent

__all__ = ["ChatTarget", "check_conversation", "find_target"]

_LISTED: Final = 10
"""Maximum number of agents that an error lists."""
_LATEST: Final = 5
"""Number of the latest messages among which a request for an approval is looked for."""


@attrs.frozen
class ChatTarget:
    """An agent, with one of its conversations or without."""

    agent_id: str
    name: str
    conversation_id: str | None

    @property
    def description(self) -> str:
        """The agent's name and ID, with the conversation's."""
        place = "" if self.conversation_id is None else f" in {self.conversation_id}"
        return f"{_describe_agent(self.name, self.agent_id)}{place}"

    def send(
        self, client: AsyncLetta, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> AsyncStream[StreamEvent]:
        """Return the stream of a turn; nothing is sent until it is used.

        Args:
            client: Client that sends the request.
            messages: Messages to send.
            options: Further arguments of the method.

        """
        if self.conversation_id is None:
            return client.agents.messages.stream(self.agent_id, messages=messages, stream_tokens=True, **options)
        stream: AsyncStream[StreamEvent] = client.conversations.messages.create(
            self.conversation_id, messages=messages, streaming=True, stream_tokens=True, **options
        )
        return stream

    async def cancel(self, client: AsyncLetta, run_id: str) -> None:
        """Cancel a run."""
        await client.agents.messages.cancel(self.agent_id, run_ids=[run_id])

    async def undecided_calls(self, client: AsyncLetta) -> list[ToolCall]:
        """Return the tool calls that wait for an approval; none if the latest message asks for none."""
        if self.conversation_id is None:
            pages = client.agents.messages.list(self.agent_id, conversation_id="default", limit=1)
        else:
            pages = client.conversations.messages.list(self.conversation_id, limit=1)
        seen = 0
        async for message in pages:
            if isinstance(message, ApprovalRequestMessage):
                return message.calls
            seen += 1
            if seen == _LATEST:
                break
        return []


def check_conversation(conversation_id: str) -> None:
    """Raise an error unless an ID is that of a conversation.

    Raises:
        Refusal: It is not.

    """
    try:
        check(RetrieveConversation, {"conversation_id": conversation_id})
    except InvalidArgumentError:
        if conversation_id == "default":
            raise Refusal("--conversation: without it, the chat is in the agent's own messages") from None
        shown = repr(without_control_characters(conversation_id[:60]))
        raise Refusal(f"--conversation: {shown}: expected 'conv-' and a lower-case UUID4") from None


async def find_target(client: AsyncLetta, agent: str, conversation_id: str | None) -> ChatTarget:
    """Return the agent with an ID or a name, and its conversation.

    Raises:
        NoSuchAgent: No agent has the name.
        Refusal: Several have it, or the conversation is another agent's.
        NotFoundError: There is no such agent, or no such conversation.

    """
    found = await client.agents.retrieve(agent) if _is_agent_id(agent) else await _find_by_name(client, agent)
    if conversation_id is not None:
        owner = (await client.conversations.retrieve(conversation_id)).agent_id
        if owner != found.id:
            raise Refusal(f"--conversation: it is one of {owner}, not of {_join_names([found])}")
    return ChatTarget(found.id, found.name or "", conversation_id)


def _is_agent_id(text: str) -> bool:
    try:
        check(RetrieveAgent, {"agent_id": text})
    except InvalidArgumentError:
        return False
    return True


async def _find_by_name(client: AsyncLetta, name: str) -> AgentState:
    same = [each async for each in client.agents.list(name=name) if each.name == name]
    if len(same) == 1:
        return same[0]
    shown = repr(without_control_characters(name[:60]))
    if same:
        raise Refusal(f"AGENT: {len(same)} agents have the name {shown}, choose one by its ID: {_join_names(same)}")
    similar: list[AgentState] = []
    async for each in client.agents.list(query_text=name):
        similar.append(each)
        if len(similar) > _LISTED:
            break
    raise NoSuchAgent(
        f"AGENT: no agent has the ID or the name {shown}" + (f"; there is {_join_names(similar)}" if similar else "")
    )


def _join_names(agents: Iterable[AgentState]) -> str:
    """Return the names and IDs of agents on one line."""
    words = [_describe_agent(each.name or "", each.id) for each in agents]
    return ", ".join(words[:_LISTED]) + (" and others" if len(words) > _LISTED else "")


def _describe_agent(name: str, agent_id: str) -> str:
    return f"{' '.join(without_control_characters(name).split())} ({agent_id})"
