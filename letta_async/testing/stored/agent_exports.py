"""Agents as files: exported with their blocks and messages, and created from such a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import attrs

from letta_async.operations.agent_export import ExportAgent, ExportAgentWithSkills, ImportAgent
from letta_async.testing import _agents, _blocks, _models
from letta_async.testing._agent_requests import CreateAgent
from letta_async.testing._call import Call
from letta_async.testing._context import ValidationContext, is_array, is_object
from letta_async.testing._errors import Problem, Refusal, invalid_request, no_record, unknown_error
from letta_async.testing._internal_messages import internal_message
from letta_async.testing._requests import CreateBlock
from letta_async.testing._route import Route, route_of
from letta_async.testing._rows import Agent, Message
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields, defaults_of, read

__all__ = ["ROUTES"]

_OF_AGENT: Final = ("description", "metadata", "response_format", "project_id", "hidden", "enable_sleeptime")
_OF_SKILL: Final = ("name", "files", "source_url")
_CREATED: Final = frozenset(defaults_of(CreateAgent)) - {"actor_id"}
"""Fields of a request to create an agent, which an agent in a file has too."""
_REMADE: Final = frozenset(
    {"memory_blocks", "block_ids", "tools", "tool_ids", "source_ids", "folder_ids", "tool_rules"}
)
"""Fields that are not taken from the file as they are."""


# --- exporting --------------------------------------------------------------------------------------------------------


def _export(store: Store, call: Call) -> Any:
    """Return an agent with its blocks and messages, whose IDs are replaced by numbers."""
    if call.query["use_legacy_format"]:
        raise Refusal(400, {"detail": "Legacy format is not supported"})
    return _file(store, call.path["agent_id"], call.query)


def _export_with_skills(store: Store, call: Call) -> Any:
    """Return an agent as a file with skills."""
    skills = [{name: each[name] if name in each.given else None for name in _OF_SKILL} for each in call.body["skills"]]
    return {**_file(store, call.path["agent_id"], call.body), "skills": skills}


def _file(store: Store, agent_id: str, options: Mapping[str, Any]) -> dict[str, Any]:
    agent = store.agents.get(agent_id)
    if agent is None:
        raise Refusal(500, {"detail": f"Export failed: The following agent IDs were not found: ['{agent_id}']"})
    blocks = store.core_memory(agent)
    kept, in_context = _messages(store, agent, options["conversation_id"])
    if options["scrub_messages"]:
        kept, in_context = [], []
    numbers = {row.id: f"message-{number}" for number, row in enumerate(kept)}
    secrets = {secret["key"]: "" for secret in agent.secrets}
    exported = {
        **dict.fromkeys(sorted(_CREATED)),
        "name": agent.fields["name"],
        "memory_blocks": [],
        "tools": [],
        "tool_ids": [],
        "source_ids": [],
        "block_ids": [f"block-{number}" for number, _ in enumerate(blocks)],
        "tool_rules": [],
        "tags": list(agent.tags),
        "system": agent.system,
        "agent_type": agent.agent_type,
        "include_base_tools": False,
        **{name: agent.fields[name] for name in _OF_AGENT},
        "llm_config": agent.llm_config,
        "embedding_config": agent.embedding_config,
        "tool_exec_environment_variables": secrets,
        "secrets": secrets,
        "message_buffer_autoclear": agent.fields["message_buffer_autoclear"],
        "timezone": agent.timezone,
        "id": "agent-0",
        "in_context_message_ids": [numbers[each] for each in in_context if each in numbers],
        "messages": [_exported(row, numbers[row.id]) for row in kept],
        "files_agents": [],
        "group_ids": [],
    }
    others = ("groups", "files", "sources", "tools", "mcp_servers", "skills")
    return {
        "agents": [exported],
        "blocks": [{**block.fields, "tags": None, "id": f"block-{number}"} for number, block in enumerate(blocks)],
        **{name: [] for name in others},
        "metadata": {"revision_id": "unknown"},
        "created_at": store.clock(),
    }


def _messages(store: Store, agent: Agent, conversation_id: str | None) -> tuple[list[Message], list[str]]:
    """Return the messages to export, and the IDs of those in the context."""
    if conversation_id is None:
        ids, in_context = store.held[agent.id].direct_ids, list(agent.message_ids)
    else:
        conversation = store.conversations.get(conversation_id)
        if conversation is None or conversation.deleted:
            raise no_record("Conversation", conversation_id, even_deleted=False)
        ids = in_context = list(conversation.message_ids)
    return [store.messages[each] for each in ids if each in store.messages], in_context


def _exported(row: Message, number: str) -> dict[str, Any]:
    message = internal_message(row)
    left_out = ("created_by_id", "last_updated_by_id", "updated_at", "conversation_id", "run_id", "step_id", "is_err")
    kept = {name: value for name, value in message.items() if name not in left_out}
    return {**kept, "type": "message", "id": number, "agent_id": "agent-0", "approvals": message["approvals"] or []}


# --- importing --------------------------------------------------------------------------------------------------------


def _import(store: Store, call: Call) -> Any:
    """Create the agents in a file, with their blocks and messages."""
    form = {name: part.content for name, part in call.form.items()}
    file = _parsed(form["file"], "Corrupted agent file format.")
    if isinstance(file, str):
        file = _parsed(file, "Corrupted agent file format.")
    if not (is_object(file) and is_array(file.get("agents"))):
        detail = (
            "Legacy AgentSchema format is deprecated. Please use the new AgentFileSchema format with 'agents' field."
        )
        raise Refusal(400, {"detail": detail})
    values = {name: content.decode() for name, content in form.items() if name != "file"}
    for handle in filter(None, [values.get("model") or values.get("override_model_handle")]):
        _models.check_handle(handle, store.live.models)
    header = call.headers.get("x-override-embedding-model")
    if header and "embedding" not in values and "override_embedding_handle" not in values:
        values["embedding"] = header
    return {"agent_ids": [_made(store, each, file.get("blocks") or [], values) for each in file["agents"]]}


def _parsed(text: bytes | str, problem: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refusal(400, {"detail": problem}) from None


def _made(store: Store, exported: Any, blocks: list[Any], values: Mapping[str, str]) -> str:
    """Create an agent of a file, and return its ID."""
    if not is_object(exported):
        raise unknown_error()
    agent: dict[str, Any] = dict(exported)
    raw = {name: agent[name] for name in _CREATED - _REMADE if agent.get(name) is not None}
    raw |= {"include_base_tools": False, "name": _name(raw.get("name") or "", values)}
    for field, config in (("model", "llm_config"), ("embedding", "embedding_config")):
        if handle := values.get(field) or values.get(f"override_{field}_handle"):
            raw.pop(config, None)
            raw[field] = handle
    if given := values.get("secrets") or values.get("env_vars_json"):
        secrets = _parsed(given, "secrets must be a valid JSON string")
        if not is_object(secrets):
            raise Refusal(400, {"detail": "secrets must be a valid JSON string"})
        known: dict[str, str] = raw.get("secrets") or {}
        raw["secrets"] = {key: str(secrets.get(key, "")) for key in known}
    described = {each.get("id"): each for each in blocks if is_object(each)}
    block_ids: list[str] = agent.get("block_ids") or []
    named = [described[each] for each in block_ids if each in described]
    raw["block_ids"] = [_blocks.make(store, _read(CreateBlock, _without_null(each))).id for each in named]
    row_id: str = _agents.create(store, _call(raw))["id"]
    _add_messages(store, store.agents[row_id], agent)
    return row_id


def _name(name: str, values: Mapping[str, str]) -> str:
    own = values.get("name") or values.get("override_name")
    return own or (name if values.get("append_copy_suffix") == "false" else f"{name}_copy")


def _without_null(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and name != "id"}


def _call(raw: dict[str, Any]) -> Call:
    return Call(path={}, query=Fields(), body=_read(CreateAgent, raw), headers={})


def _read(cls: type[Any], raw: Any) -> Any:
    problems: list[Problem] = []
    fields = read(cls, raw, ValidationContext(("body",), problems))
    if problems:
        raise invalid_request(problems)
    return fields


def _add_messages(store: Store, agent: Agent, exported: Mapping[str, Any]) -> None:
    """Replace the messages of a new agent by those in its file."""
    for message_id in agent.message_ids:
        store.put(attrs.evolve(store.messages[message_id], deleted=True))
    messages: list[dict[str, Any]] = exported.get("messages") or []
    in_context: list[str] = exported.get("in_context_message_ids") or []
    added = {each.get("id"): store.add_message(agent, each["role"], **_message(each)).id for each in messages}
    store.put(attrs.evolve(agent, message_ids=tuple(added[each] for each in in_context if each in added)))


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a message in a file as the store has them."""
    content: Any = message.get("content") or []
    parts: list[dict[str, Any]] = content if is_array(content) else [{"type": "text", "text": content}]
    calls: list[dict[str, Any]] = message.get("tool_calls") or []
    returns: list[dict[str, Any]] = message.get("tool_returns") or []
    approvals: list[Any] = message.get("approvals") or []
    shown = [part for part in parts if part["type"] != "reasoning"]
    is_text = len(shown) <= 1 and all(part["type"] == "text" for part in shown)
    decision = {
        "approvals": approvals,
        "approve": message.get("approve"),
        "approval_request_id": message.get("approval_request_id"),
        "reason": message.get("denial_reason"),
    }
    return {
        "text": "\n".join(part["text"] for part in shown if part["type"] == "text"),
        "parts": () if is_text else tuple(shown),
        "reasoning": "".join(part.get("reasoning") or "" for part in parts if part["type"] == "reasoning"),
        "name": message.get("name"),
        "otid": message.get("otid"),
        "sender_id": message.get("sender_id"),
        "calls": tuple(map(_tool_call, calls)),
        "returns": tuple(map(_tool_return, returns)),
        "decision": decision if approvals or decision["approve"] is not None else None,
    }


def _tool_call(call: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = call["function"]
    return {"name": function["name"], "arguments": function["arguments"], "tool_call_id": call["id"]}


def _tool_return(each: dict[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in each.items() if name != "func_response"}
    return {**others, "tool_return": each.get("func_response")}


ROUTES: Final[tuple[Route, ...]] = (
    route_of(ExportAgent, _export),
    route_of(ExportAgentWithSkills, _export_with_skills),
    route_of(ImportAgent, _import),
)
