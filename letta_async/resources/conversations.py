"""Conversations: an agent's threads of messages, each with a system prompt of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Unpack

from letta_async._unset import UNSET, Unset
from letta_async.models.compaction import CompactionSettings
from letta_async.models.conversation import (
    CancelConversation,
    Compact,
    CompactResponse,
    Conversation,
    CreateConversation,
    DeleteConversation,
    ForkConversation,
    ListConversations,
    Recompile,
    RetrieveConversation,
    UpdateConversation,
)
from letta_async.models.message import ListMessages, Message
from letta_async.models.providers import ModelSettings
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources._resource import Part, RequestOptions, Resource
from letta_async.resources._upkeep import AsyncUpkeep

__all__ = ["AsyncConversationMessages", "AsyncConversations"]


class AsyncConversationMessages(Resource):
    """The messages of a conversation: `/v1/conversations/{conversation_id}/messages`."""

    def list(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        limit: int | Unset | None = UNSET,
        after: str | Unset | None = UNSET,
        before: str | Unset | None = UNSET,
        order: Literal["asc", "desc"] | Unset = UNSET,
        group_id: str | Unset | None = UNSET,
        include_err: bool | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AsyncPaginator[Message]:
        """List messages: go through them all, or await one page.

        `GET /v1/conversations/{conversation_id}/messages`, a page at a time. Of a conversation that does not exist,
        Letta 0.16.8 lists none.

        Args:
            conversation_id: As for `recompile`.
            agent_id: As for `recompile`.
            limit: Most messages on a page, as they are stored: one can be listed as several, or not at all. Server
                default: 100.
            after: Only messages later than the one with this id, whatever the order.
            before: Only messages earlier than the one with this id, whatever the order.
            order: `asc`, the oldest first, or `desc`. Server default: `desc`.
            group_id: Only messages of this group of agents.
            include_err: Whether messages of failed steps are listed, too; for debugging.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.

        """
        return self._pages(ListMessages, locals())

    async def compact(
        self: Resource,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> CompactResponse:
        """Sum up the messages of a conversation, so that fewer of them are left in its context.

        `POST /v1/conversations/{conversation_id}/compact`, also as `conversations.messages.compact`. It asks a model.
        Not safe to repeat: tried again only when the server cannot have acted on it.

        Args:
            conversation_id: As for `recompile`.
            agent_id: As for `recompile`.
            compaction_settings: How to compact. What it leaves out is as the agent's own settings say.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            BadRequestError: there was nothing to sum up.
            NotFoundError: there is no such conversation.
            InternalServerError: the model's provider failed.

        """
        return await self._send(Compact, locals())


class AsyncConversations(AsyncUpkeep):
    """The calls under `/v1/conversations`."""

    messages: Final = Part(AsyncConversationMessages)
    """The messages of a conversation."""

    async def create(
        self,
        *,
        agent_id: str,
        summary: str | Unset | None = UNSET,
        isolated_block_labels: Sequence[str] | Unset | None = UNSET,
        model: str | Unset | None = UNSET,
        model_settings: ModelSettings | Mapping[str, Any] | Unset | None = UNSET,
        context_window_limit: int | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        hidden: bool | Unset = UNSET,
        **options: Unpack[RequestOptions],
    ) -> Conversation:
        """Begin a conversation with an agent; its prompt is compiled from the agent's memory of this moment.

        `POST /v1/conversations/`. Not safe to repeat: tried again only when the server cannot have acted on it.

        Args:
            agent_id: `agent-<uuid4>`.
            summary: What it is about.
            isolated_block_labels: Labels of the agent's blocks that it gets copies of, for itself.
            model: Model to use instead of the agent's, `provider/model-name`.
            model_settings: Settings of that model, as a class of this package or a mapping, checked alike.
            context_window_limit: Size of the context window, in tokens; hosted API.
            description: What it is about, for searching; hosted API.
            hidden: Whether lists leave it out; hosted API.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            BadRequestError: the agent has no block with such a label; Letta 0.16.8 leaves a conversation without
                messages behind.
            NotFoundError: there is no such agent.

        """
        return await self._send(CreateConversation, locals())

    def list(
        self,
        *,
        agent_id: str | Unset | None = UNSET,
        limit: int | Unset = UNSET,
        after: str | Unset | None = UNSET,
        order: Literal["asc", "desc"] | Unset = UNSET,
        order_by: Literal["created_at", "last_run_completion", "last_message_at"] | Unset = UNSET,
        summary_search: str | Unset | None = UNSET,
        archive_status: Literal["unarchived", "archived", "all"] | Unset = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AsyncPaginator[Conversation]:
        """List conversations: go through them all, or await one page.

        `GET /v1/conversations/`, a page at a time. Of an agent that does not exist, Letta 0.16.8 lists none.

        Args:
            agent_id: Only those of this agent. Default: those of every agent.
            limit: Most conversations on a page. Server default: 50.
            after: Begin after the conversation with this id, in the order of the list.
            order: `asc` or `desc`. Server default: `desc`.
            order_by: What the order goes by. Server default: `created_at`. By the other two, `asc` does not work over
                several pages on Letta 0.16.8.
            summary_search: Only those with this in their summary.
            archive_status: Which of them, where the server knows of archiving: the hosted API.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.

        """
        return self._pages(ListConversations, locals())

    async def retrieve(self, conversation_id: str, **options: Unpack[RequestOptions]) -> Conversation:
        """Show a conversation, with the ids of the messages in its context.

        `GET /v1/conversations/{conversation_id}`.

        Args:
            conversation_id: `conv-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            NotFoundError: there is no such conversation.

        """
        return await self._send(RetrieveConversation, locals())

    async def update(
        self,
        conversation_id: str,
        *,
        summary: str | Unset | None = UNSET,
        model: str | Unset | None = UNSET,
        model_settings: ModelSettings | Mapping[str, Any] | Unset | None = UNSET,
        last_message_at: datetime | str | Unset | None = UNSET,
        archived: bool | Unset | None = UNSET,
        context_window_limit: int | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> Conversation:
        """Change a conversation.

        `PATCH /v1/conversations/{conversation_id}`. What is left out stays as it is; so does, on Letta 0.16.8, what is
        `None`.

        Args:
            conversation_id: `conv-<uuid4>`.
            summary: What it is about.
            model: Model to use instead of the agent's, `provider/model-name`.
            model_settings: Settings of that model, as a class of this package or a mapping, checked alike.
            last_message_at: When the last message was sent to it: a `datetime`, or ISO 8601, with a time zone.
            archived: Put it away, or take it back; hosted API.
            context_window_limit: Size of the context window, in tokens; hosted API.
            description: What it is about, for searching; hosted API.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            NotFoundError: there is no such conversation.

        """
        return await self._send(UpdateConversation, locals())

    async def delete(self, conversation_id: str, **options: Unpack[RequestOptions]) -> None:
        """Delete a conversation, and those of its messages that no other conversation shares.

        `DELETE /v1/conversations/{conversation_id}`.

        Args:
            conversation_id: `conv-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            NotFoundError: there is no such conversation; perhaps any more, because an earlier try of this call deleted
                it.

        """
        await self._send(DeleteConversation, locals())

    async def fork(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        hidden: bool | Unset = UNSET,
        message_id: str | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> Conversation:
        """Begin a conversation with the messages of another, and a prompt compiled from the memory of this moment.

        `POST /v1/conversations/{conversation_id}/fork`. Not safe to repeat: tried again only when the server cannot
        have acted on it.

        Args:
            conversation_id: As for `recompile`.
            agent_id: As for `recompile`.
            hidden: Whether lists leave the new one out; hosted API.
            message_id: `message-<uuid4>`: the last message to take over. Default: all; hosted API.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            NotFoundError: there is no such conversation.

        """
        return await self._send(ForkConversation, locals())

    async def cancel(
        self, conversation_id: str, *, agent_id: str | Unset | None = UNSET, **options: Unpack[RequestOptions]
    ) -> dict[str, Any]:
        """End the runs of a conversation that are under way.

        `POST /v1/conversations/{conversation_id}/cancel`. Not safe to repeat, since a run that began in between would
        end, too: tried again only when the server cannot have acted on it.

        Args:
            conversation_id: As for `recompile`.
            agent_id: As for `recompile`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Returns:
            What became of each run, by its id: `cancelled` or `failed`.

        Raises:
            ConflictError: no run is under way.
            NotFoundError: there is no such conversation.

        """
        return await self._send(CancelConversation, locals())

    compact: Final = AsyncConversationMessages.compact

    async def recompile(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> str:
        """Compile a conversation's system prompt anew, so that edits to memory blocks reach it.

        `POST /v1/conversations/{conversation_id}/recompile`. Safe to repeat, hence tried again after failures that may
        pass. Everything is checked before anything is sent.

        Args:
            conversation_id: `conv-<uuid4>`; or `default`, the agent-direct mode, with `agent_id`; or, deprecated by the
                API, `agent-<uuid4>`.
            agent_id: `agent-<uuid4>`, with `conversation_id="default"`; beside another id it has no effect.
            dry_run: Compile and return, but store nothing. Server default: `False`.
            compaction_settings: How the conversation is to be compacted, as a `CompactionSettings` or a mapping of the
                same fields, checked alike. Letta 0.16.8 validates them here but uses them only when it compacts.
            **options: What every method takes: `extra_headers` go over the client's, and `None` as a value takes one
                away; `extra_query` goes over this method's query, and `extra_body`, unchecked, over the fields of its
                body: the way to send what this version does not know. `timeout` bounds one try: seconds, `None` for no
                bound, or a `Timeout`; left out, the client's.

        Returns:
            The compiled system prompt, decoded. For `default` without `dry_run`, Letta 0.16.8 stores the new prompt but
            answers with the previous one.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            APIStatusError: the server refuses, for example with a 404 for an unknown conversation.
            APIConnectionError: no answer came.
            APIResponseValidationError: what came is not a JSON string.
            ClientClosedError: the client is closed.

        """
        return await self._send(Recompile, locals())
