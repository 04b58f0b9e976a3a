"""Conversations: an agent's threads of messages, each with a system prompt of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from letta_async._unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.models.compaction import CompactionSettings
from letta_async.models.conversation import Recompile
from letta_async.resources._resource import Resource

__all__ = ["AsyncConversations"]


class AsyncConversations(Resource):
    """The calls under `/v1/conversations`."""

    async def recompile(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
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
            extra_headers: Headers that go over the client's; `None` as a value takes one away.
            extra_query: Query parameters that go over this method's.
            extra_body: Fields of the body that go over this method's, unchecked: the way to send what this version does
                not know.
            timeout: Seconds for one try, `None` for no bound, or a `Timeout`; left out, the client's.

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
        return await self._call(
            Recompile,
            {
                "conversation_id": conversation_id,
                "agent_id": agent_id,
                "dry_run": dry_run,
                "compaction_settings": compaction_settings,
            },
            extra_headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
