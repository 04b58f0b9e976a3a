"""Serialization of rows to the JSON objects of responses, with the server's fields in its order."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from letta_async.testing import _facts
from letta_async.testing._context import is_array, is_object
from letta_async.testing._rows import Agent, Block, Conversation, Run
from letta_async.testing._state import Store
from letta_async.testing.stored import relations, tools
from letta_async.testing.stored.attached_files import file_blocks_of, limits_of, sources_of

__all__ = ["agent", "block", "conversation", "encode", "run", "time"]

_ACTOR_FIELDS: Final = {"created_by_id": _facts.USER_ID, "last_updated_by_id": _facts.USER_ID}


def encode(value: Any) -> bytes:
    """Encode a value as JSON as the server does: compact, in UTF-8, with `null` for non-finite numbers."""
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(errors="replace")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime):
        return time(value)
    if is_object(value):
        return {key: _finite(each) for key, each in value.items()}
    if is_array(value):
        return [_finite(each) for each in value]
    return value


def time(moment: datetime) -> str:
    """Format a time as in responses: ISO 8601 in UTC with a `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def block(row: Block) -> dict[str, Any]:
    """Return the JSON of a block; the fields for who created and changed it are null."""
    return {**row.fields, "id": row.id, "created_by_id": None, "last_updated_by_id": None, "tags": list(row.tags)}


def conversation(row: Conversation, *, with_messages: bool = False) -> dict[str, Any]:
    """Return the JSON of a conversation; the server includes message IDs only when it is retrieved by ID."""
    return {
        **_ACTOR_FIELDS,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "id": row.id,
        "agent_id": row.agent_id,
        "summary": row.summary,
        "in_context_message_ids": list(row.message_ids) if with_messages else [],
        "isolated_block_ids": list(row.isolated_block_ids),
        "model": row.model,
        "model_settings": row.model_settings,
        "last_message_at": row.last_message_at,
    }


def run(row: Run, *, in_list: bool = False) -> dict[str, Any]:
    """Return the JSON of a run; its duration is in lists only."""
    done = row.completed_at
    took = None if done is None or not in_list else round((done - row.created_at).total_seconds() * 1_000_000) * 1000
    return {
        "id": row.id,
        "status": row.status,
        "created_at": row.created_at,
        "completed_at": None if done is None else done.astimezone(UTC).replace(tzinfo=None).isoformat(),
        "agent_id": row.agent_id,
        "conversation_id": row.conversation_id,
        "base_template_id": None,
        "background": row.background,
        "metadata": row.metadata,
        "request_config": row.request_config,
        "stop_reason": row.stop_reason,
        "callback_url": row.callback_url,
        "callback_sent_at": None,
        "callback_status_code": None,
        "callback_error": None,
        "ttft_ns": None,
        "total_duration_ns": took,
    }


ALL: Final = frozenset({"memory", "tags", "secrets", "tools", "identities", "multi_agent_group", "sources"})
"""Relations of an agent that a response can leave out."""


def agent(row: Agent, store: Store, *, shown: Collection[str] = ALL) -> dict[str, Any]:
    """Return the JSON of an agent with the relations in `shown`; the others are empty, as are its blocks' tags."""
    rows = store.core_memory(row) if "memory" in shown else []
    blocks: list[dict[str, Any]] = [{**block(each), "tags": []} for each in rows]
    secrets = list(row.secrets) if "secrets" in shown else []
    identities = relations.identities_of(store, row.id) if "identities" in shown else []
    group = relations.group_managed_by(store, row.id) if "multi_agent_group" in shown else None
    llm = row.llm_config
    most_files, most_characters = limits_of(row)
    fields = row.fields
    return {
        **_ACTOR_FIELDS,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "id": row.id,
        "name": fields["name"],
        "tool_rules": fields.get("tool_rules", []),
        "message_ids": list(row.message_ids),
        "system": row.system,
        "agent_type": row.agent_type,
        "llm_config": llm,
        "embedding_config": row.embedding_config,
        "model": llm["handle"],
        "embedding": None if row.embedding_config is None else row.embedding_config["handle"],
        "model_settings": {
            "max_output_tokens": llm["max_tokens"] or 4096,
            "parallel_tool_calls": True,
            "provider_type": "openai",
            "temperature": llm["temperature"],
            "reasoning": {"reasoning_effort": llm["reasoning_effort"] or "minimal"},
            "response_format": None,
            "strict": llm["strict"],
        },
        "compaction_settings": row.compaction_settings,
        "response_format": fields["response_format"],
        "description": fields["description"],
        "metadata": fields["metadata"],
        "memory": {
            "agent_type": row.agent_type,
            "git_enabled": False,
            "blocks": blocks,
            "file_blocks": file_blocks_of(store, row) if "memory" in shown else [],
            "prompt_template": "",
        },
        "blocks": blocks,
        "tools": _tools(row, store) if "tools" in shown else [],
        "sources": sources_of(store, row) if "sources" in shown else [],
        "tags": list(row.tags) if "tags" in shown else [],
        "tool_exec_environment_variables": secrets,
        "secrets": secrets,
        "project_id": fields["project_id"],
        "template_id": fields["template_id"],
        "base_template_id": fields["base_template_id"],
        "deployment_id": None,
        "entity_id": None,
        "identity_ids": [each["id"] for each in identities],
        "identities": identities,
        "pending_approval": None,
        "message_buffer_autoclear": fields["message_buffer_autoclear"],
        "enable_sleeptime": fields["enable_sleeptime"],
        "multi_agent_group": group,
        "managed_group": group,
        "last_run_completion": fields["last_run_completion"],
        "last_run_duration_ms": fields["last_run_duration_ms"],
        "last_stop_reason": fields["last_stop_reason"],
        "timezone": row.timezone,
        "max_files_open": most_files,
        "per_file_view_window_char_limit": most_characters,
        "hidden": fields["hidden"],
    }


def _tools(row: Agent, store: Store) -> list[dict[str, Any]]:
    found = (tools.find(store, tool_id) for tool_id in row.tool_ids)
    return [tools.show(store, each) for each in found if each is not None]
