"""Agents: whose memory conversations are compiled from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Unpack

from letta_async._unset import UNSET, Unset
from letta_async.models.agent import (
    AgentState,
    AgentType,
    CreateAgent,
    DeleteAgent,
    Included,
    ListAgents,
    RecompileAgent,
    RetrieveAgent,
    UpdateAgent,
)
from letta_async.models.block import NewBlock
from letta_async.models.compaction import CompactionSettings
from letta_async.models.providers import ModelSettings
from letta_async.models.response_format import ResponseFormat
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources._resource import RequestOptions, Resource

__all__ = ["AsyncAgents"]


class AsyncAgents(Resource):
    """The calls under `/v1/agents`, as far as keeping prompts up to date needs them."""

    async def create(
        self,
        *,
        name: str | Unset = UNSET,
        agent_type: AgentType | Unset = UNSET,
        model: str | Unset | None = UNSET,
        model_settings: ModelSettings | Mapping[str, Any] | Unset | None = UNSET,
        context_window_limit: int | Unset | None = UNSET,
        embedding: str | Unset | None = UNSET,
        system: str | Unset | None = UNSET,
        memory_blocks: Sequence[NewBlock | Mapping[str, Any]] | Unset | None = UNSET,
        block_ids: Sequence[str] | Unset | None = UNSET,
        tool_ids: Sequence[str] | Unset | None = UNSET,
        include_base_tools: bool | Unset = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        response_format: ResponseFormat | Mapping[str, Any] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        timezone: str | Unset | None = UNSET,
        hidden: bool | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AgentState:
        """Make an agent.

        `POST /v1/agents/`. Not safe to repeat: tried again only when the server cannot have acted on it. What has no
        parameter here goes in `extra_body`.

        Args:
            name: Its name. Server default: one made up.
            agent_type: How it works. Server default: `letta_v1_agent`.
            model: Its model, `provider/model-name`; the server needs one.
            model_settings: Settings of the model, as a class of this package or a mapping, checked alike.
            context_window_limit: Size of the context window, in tokens. Server default: the model's, at most 128000.
            embedding: Model for embeddings, `provider/model-name`.
            system: What its system prompts are compiled from; `{CORE_MEMORY}` in it stands for the memory, which
                otherwise comes at the end. Server default: one that belongs to `agent_type`.
            memory_blocks: Blocks to make with it, as `NewBlock` or mappings of the same fields, checked alike.
            block_ids: Blocks that exist, to attach. Letta 0.16.8 passes over those that do not.
            tool_ids: Tools to attach, `tool-<uuid4>`.
            include_base_tools: Attach the tools of the agent's type. Server default: `True`.
            compaction_settings: How its conversations are compacted.
            response_format: Shape that its answers must have.
            description: What it is for.
            metadata: Whatever is to be kept with it.
            tags: Words to find it by.
            timezone: Time zone that times in its prompts are told in, such as `Europe/Berlin`. Server default: `UTC`.
            hidden: Whether lists leave it out. Server default: they do not.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            APIError: no answer came, or one that is no success.

        """
        return await self._send(CreateAgent, locals())

    def list(
        self,
        *,
        limit: int | Unset | None = UNSET,
        after: str | Unset | None = UNSET,
        before: str | Unset | None = UNSET,
        order: Literal["asc", "desc"] | Unset = UNSET,
        order_by: Literal["created_at", "updated_at", "last_run_completion"] | Unset = UNSET,
        name: str | Unset | None = UNSET,
        query_text: str | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        match_all_tags: bool | Unset = UNSET,
        project_id: str | Unset | None = UNSET,
        include: Sequence[Included] | Unset = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AsyncPaginator[AgentState]:
        """List agents: go through them all, or await one page.

        `GET /v1/agents/`, a page at a time.

        Args:
            limit: Most agents on a page. Server default: 50.
            after: Begin after the agent with this id, in the order of the list.
            before: End before the agent with this id.
            order: `asc`, the oldest first, or `desc`. Server default: `desc`.
            order_by: What the order goes by. Server default: `created_at`.
            name: Only agents of exactly this name.
            query_text: Only agents with this in their name, in whichever case.
            tags: Only agents with one of these tags.
            match_all_tags: Only those with all of them. Server default: `False`.
            project_id: Only agents of this project; hosted API.
            include: What to tell of each besides: `agent.blocks` and so on. Letta 0.16.8 tells memory, tags and secrets
                to clients that it does not know, whatever is named here.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.

        """
        return self._pages(ListAgents, locals())

    async def retrieve(
        self, agent_id: str, *, include: Sequence[Included] | Unset = UNSET, **options: Unpack[RequestOptions]
    ) -> AgentState:
        """Show an agent.

        `GET /v1/agents/{agent_id}`.

        Args:
            agent_id: `agent-<uuid4>`.
            include: What to tell besides; see `list`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            NotFoundError: there is no such agent.

        """
        return await self._send(RetrieveAgent, locals())

    async def update(
        self,
        agent_id: str,
        *,
        name: str | Unset | None = UNSET,
        model: str | Unset | None = UNSET,
        model_settings: ModelSettings | Mapping[str, Any] | Unset | None = UNSET,
        context_window_limit: int | Unset | None = UNSET,
        embedding: str | Unset | None = UNSET,
        system: str | Unset | None = UNSET,
        block_ids: Sequence[str] | Unset | None = UNSET,
        tool_ids: Sequence[str] | Unset | None = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        response_format: ResponseFormat | Mapping[str, Any] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        timezone: str | Unset | None = UNSET,
        hidden: bool | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AgentState:
        """Change an agent. Neither its own prompt nor those of its conversations follow: recompile them.

        `PATCH /v1/agents/{agent_id}`. What is left out stays as it is; so does, on Letta 0.16.8, what is `None`. The
        parameters are those of `create`; lists take the place of what was there.

        Args:
            agent_id: `agent-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            NotFoundError: there is no such agent.

        """
        return await self._send(UpdateAgent, locals())

    async def delete(self, agent_id: str, **options: Unpack[RequestOptions]) -> None:
        """Delete an agent with its conversations and messages; its blocks stay.

        `DELETE /v1/agents/{agent_id}`.

        Args:
            agent_id: `agent-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            NotFoundError: there is no such agent; perhaps any more, because an earlier try of this call deleted it.

        """
        await self._send(DeleteAgent, locals())

    async def recompile(
        self,
        agent_id: str,
        *,
        dry_run: bool | Unset = UNSET,
        update_timestamp: bool | Unset = UNSET,
        **options: Unpack[RequestOptions],
    ) -> str:
        """Compile an agent's own system prompt anew: that of messages without a conversation.

        `POST /v1/agents/{agent_id}/recompile`. Its conversations stay as they are; see `conversations.recompile`.

        Args:
            agent_id: `agent-<uuid4>`.
            dry_run: Compile and return, but store nothing. Server default: `False`.
            update_timestamp: Whether the prompt says that it was compiled now, rather than when it was first. Server
                default: `False`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Returns:
            The compiled prompt, decoded; but without `dry_run`, Letta 0.16.8 stores the new one and answers with the
            previous one.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            NotFoundError: there is no such agent, or it has no system message.

        """
        return await self._send(RecompileAgent, locals())
