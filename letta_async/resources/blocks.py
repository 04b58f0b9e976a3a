"""Blocks: pieces of memory, which any number of agents may share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Unpack

from letta_async._unset import UNSET, Unset
from letta_async.models.agent import AgentState, Included, ListBlockAgents
from letta_async.models.block import Block, CreateBlock, DeleteBlock, ListBlocks, RetrieveBlock, UpdateBlock
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources._resource import Part, RequestOptions, Resource

__all__ = ["AsyncBlockAgents", "AsyncBlocks"]


class AsyncBlockAgents(Resource):
    """The agents that have a block: `/v1/blocks/{block_id}/agents`."""

    def list(
        self,
        block_id: str,
        *,
        limit: int | Unset | None = UNSET,
        after: str | Unset | None = UNSET,
        before: str | Unset | None = UNSET,
        order: Literal["asc", "desc"] | Unset = UNSET,
        include: Sequence[Included] | Unset = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AsyncPaginator[AgentState]:
        """List the agents that a block is attached to: go through them all, or await one page.

        `GET /v1/blocks/{block_id}/agents`, a page at a time. Letta 0.16.8 lists none for a block that does not exist.

        Args:
            block_id: `block-<uuid4>`.
            limit: Most agents on a page. Server default: 50.
            after: Begin after the agent with this id, in the order of the list.
            before: End before the agent with this id.
            order: `asc`, the oldest first, or `desc`. Server default: `desc`.
            include: What to tell of each besides: `agent.blocks`, `agent.tags` and so on. Server default: nothing.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.

        """
        return self._pages(ListBlockAgents, locals())


class AsyncBlocks(Resource):
    """The calls under `/v1/blocks`."""

    agents: Final = Part(AsyncBlockAgents)
    """The agents that have a block."""

    async def create(
        self,
        *,
        label: str,
        value: str,
        description: str | Unset | None = UNSET,
        limit: int | Unset = UNSET,
        read_only: bool | Unset = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        hidden: bool | Unset | None = UNSET,
        project_id: str | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> Block:
        """Make a block. An agent has it once it is attached: see `block_ids` of `agents.create`.

        `POST /v1/blocks/`. Not safe to repeat: tried again only when the server cannot have acted on it.

        Args:
            label: Its name in prompts, such as `human`.
            value: Its text.
            description: What it is for; stands in prompts, too. Server default: `None`.
            limit: How many characters it should hold. Server default: 100000.
            read_only: Whether agents may only read it. Server default: `False`.
            metadata: Whatever is to be kept with it.
            tags: Words to find it by.
            hidden: Whether lists leave it out. Server default: they do not.
            project_id: Project that it belongs to; hosted API.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            APIError: no answer came, or one that is no success.

        """
        return await self._send(CreateBlock, locals())

    def list(
        self,
        *,
        limit: int | Unset | None = UNSET,
        after: str | Unset | None = UNSET,
        before: str | Unset | None = UNSET,
        order: Literal["asc", "desc"] | Unset = UNSET,
        label: str | Unset | None = UNSET,
        label_search: str | Unset | None = UNSET,
        description_search: str | Unset | None = UNSET,
        value_search: str | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        match_all_tags: bool | Unset = UNSET,
        templates_only: bool | Unset = UNSET,
        project_id: str | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> AsyncPaginator[Block]:
        """List blocks: go through them all, or await one page.

        `GET /v1/blocks/`, a page at a time. Blocks that are made together with an agent are listed, too.

        Args:
            limit: Most blocks on a page. Server default: 50.
            after: Begin after the block with this id, in the order of the list.
            before: End before the block with this id.
            order: `asc`, the oldest first, or `desc`. Server default: `asc`.
            label: Only blocks of exactly this label.
            label_search: Only blocks with this in their label.
            description_search: Only blocks with this in their description.
            value_search: Only blocks with this in their text.
            tags: Only blocks with one of these tags.
            match_all_tags: Only those with all of them. Server default: `False`.
            templates_only: Only patterns for blocks instead of blocks. Server default: `False`.
            project_id: Only blocks of this project; hosted API.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.

        """
        return self._pages(ListBlocks, locals())

    async def retrieve(self, block_id: str, **options: Unpack[RequestOptions]) -> Block:
        """Show a block.

        `GET /v1/blocks/{block_id}`.

        Args:
            block_id: `block-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            NotFoundError: there is no such block.

        """
        return await self._send(RetrieveBlock, locals())

    async def update(
        self,
        block_id: str,
        *,
        value: str | Unset | None = UNSET,
        label: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        limit: int | Unset | None = UNSET,
        read_only: bool | Unset = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        hidden: bool | Unset | None = UNSET,
        project_id: str | Unset | None = UNSET,
        **options: Unpack[RequestOptions],
    ) -> Block:
        """Change a block. The agents' own prompts follow, those of conversations do not: recompile them.

        `PATCH /v1/blocks/{block_id}`. What is left out stays as it is; so does, on Letta 0.16.8, what is `None`. The
        parameters are those of `create`.

        Args:
            block_id: `block-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            NotFoundError: there is no such block.

        """
        return await self._send(UpdateBlock, locals())

    async def delete(self, block_id: str, **options: Unpack[RequestOptions]) -> None:
        """Delete a block, wherever it is attached. No prompt follows: recompile.

        `DELETE /v1/blocks/{block_id}`.

        Args:
            block_id: `block-<uuid4>`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            NotFoundError: there is no such block; perhaps any more, because an earlier try of this call deleted it.

        """
        await self._send(DeleteBlock, locals())
