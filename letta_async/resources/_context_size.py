"""Size of the messages that a conversation has in context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from letta_async._http.request import CallOptions
from letta_async.batch.token_estimate import estimate_message_tokens
from letta_async.operations.agents import RetrieveAgent
from letta_async.operations.conversation_messages import ListMessages
from letta_async.operations.conversations import RetrieveConversation
from letta_async.resources._resource import Sender

__all__ = ["count_message_tokens"]

_PAGE: Final = 1000
"""Maximum number of messages that are listed at once."""


async def count_message_tokens(client: Sender, parameters: Mapping[str, object], options: CallOptions) -> int:
    """Return the estimated number of tokens of a conversation's messages in context, without the system prompt.

    After a compaction, Letta 0.16.8 lists the messages that stayed in context among as many of the oldest ones, and
    later ones last; so both ends of the list are requested then. A list does not tell which messages are in context.

    Args:
        client: Client that sends the requests.
        parameters: `conversation_id` and, for `default`, `agent_id`.
        options: Options of the requests.

    """
    _, *ids = await _ids_in_context(client, parameters, options) or [""]
    if not ids:
        return 0
    wanted = {*ids}
    limit = min(2 * len(ids) + 1, _PAGE)
    messages = await client._call(ListMessages, {**parameters, "order": "asc", "limit": limit}, options)  # pyright: ignore[reportPrivateUsage] - not for users
    if not wanted <= {message.id for message in messages}:
        newest = {**parameters, "order": "desc", "limit": min(len(ids), _PAGE)}
        known = {message.id for message in messages}
        latest = await client._call(ListMessages, newest, options)  # pyright: ignore[reportPrivateUsage] - not for users
        messages = [*messages, *(message for message in latest if message.id not in known)]
    return estimate_message_tokens(messages, wanted, len(ids))


async def _ids_in_context(client: Sender, parameters: Mapping[str, object], options: CallOptions) -> list[str] | None:
    """Return the IDs of the messages in context, the system prompt's first."""
    conversation_id = str(parameters["conversation_id"])
    if conversation_id.startswith("conv-"):
        conversation = await client._call(RetrieveConversation, {"conversation_id": conversation_id}, options)  # pyright: ignore[reportPrivateUsage] - not for users
        return conversation.in_context_message_ids
    agent_id = parameters.get("agent_id") if conversation_id == "default" else conversation_id
    return (await client._call(RetrieveAgent, {"agent_id": agent_id}, options)).message_ids  # pyright: ignore[reportPrivateUsage] - not for users
