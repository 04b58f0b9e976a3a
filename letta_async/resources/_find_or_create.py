"""Methods that return what has a name, and create it if nothing has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from letta_async._http.request import CallOptions
from letta_async._schema.unset import Unset
from letta_async._schema.validation import check
from letta_async._utils.logging_setup import log
from letta_async.config import Timeout
from letta_async.errors import InvalidArgumentError, LettaError, NotFoundError
from letta_async.operations._find_or_create import FindOrCreateAgent, FindOrCreateOperation
from letta_async.operations.blocks import DeleteBlock
from letta_async.resources._resource import AsyncResource, given, options_of

__all__ = ["AsyncFindOrCreate"]

Answer = TypeVar("Answer")

_locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
"""Locks of the calls under way, by event loop, server and what is searched for."""


class AsyncFindOrCreate(AsyncResource):
    """Base class of the resources with the method `find_or_create`."""

    async def _find_or_create(
        self,
        operation: type[FindOrCreateOperation[Answer]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Answer:
        """Return what the key finds, or create it."""
        fields = given(parameters)
        checked = check(operation, fields)
        if problems := list(checked.argument_problems(extra_body or {})):
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        searching = options_of(extra_headers, None, None, timeout)
        wanted = {operation.key: fields[operation.key], "order": "asc", "limit": 1}
        if fields.get("project_id") is not None:
            wanted["project_id"] = fields["project_id"]
        place = (asyncio.get_running_loop(), self._client.base_url, operation, repr(wanted))
        async with _locks.setdefault(place, asyncio.Lock()):
            found: Any = await self._find_oldest(operation, wanted, searching)
            if found is None:
                created = await self._call(operation.creates, fields, options)
                found = await self._find_oldest(operation, wanted, searching) or created
                if found.id != created.id:
                    await self._delete_created(checked, created, searching)
            answer: Answer = found
            return answer

    async def _find_oldest(
        self, operation: type[FindOrCreateOperation[Any]], wanted: Mapping[str, object], options: CallOptions
    ) -> Any:
        """Return the oldest resource with the key; `None` if there is none."""
        rows: list[Any] = await self._call(operation.lists, wanted, options)
        return rows[0] if rows else None

    async def _delete_created(
        self,
        call: FindOrCreateOperation[Any],
        created: Any,
        options: CallOptions,
    ) -> None:
        """Delete what was created although another caller was faster, with the blocks of its `memory_blocks`.

        What cannot be deleted is named in a warning of the logger: the caller is to get what the other one created. If
        that is the agent, it keeps its blocks.
        """
        deletions: list[tuple[type[Any], dict[str, object]]] = [(call.deletes, {call.deleted_by: created.id})]
        if isinstance(call, FindOrCreateAgent):
            labels, shared = {block.label for block in call.memory_blocks or ()}, call.block_ids or ()
            own = [block.id for block in created.blocks or () if block.label in labels and block.id not in shared]
            deletions += [(DeleteBlock, {"block_id": block_id}) for block_id in own]
        for deletion, which in deletions:
            try:
                await self._call(deletion, which, options)
            except NotFoundError:
                continue
            except LettaError as error:
                log.warning("%s is a duplicate that could not be deleted: %s", *which.values(), error)
                if deletion is call.deletes:
                    return
