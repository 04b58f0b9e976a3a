"""Bodies of long lists, as Letta 0.16.8 sends them: agents with all that a call can include, and messages of all kinds.

Names and order of the members are recorded ones; IDs, dates and texts differ from row to row, as they do on a server.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

__all__ = ["EMBEDDING_CONFIG", "LLM_CONFIG", "MODEL_SETTINGS", "agents", "messages"]

_BEGIN: Final = datetime(2026, 11, 26, 11, 50, 6, 658891, UTC)
_TEXT: Final = "the agent remembers what Ada said about her work in London and asks what she would like to do next"
_WORDS: Final = _TEXT.split()
_USER: Final = "user-00000000-0000-4000-8000-000000000000"
_TOOLS: Final = {
    "conversation_search": {
        "query": "Text to search for; both exact words and meaning count. Leave it out to filter by time alone.",
        "roles": "Roles whose messages to search, such as assistant, user or tool.",
        "limit": "Maximum number of results to return. Uses the server's limit if it is left out.",
        "start_date": "Filter results to messages created on or after this date, in the form of ISO 8601.",
    },
    "memory_replace": {
        "label": "Section of the memory to be edited, identified by its label.",
        "old_string": "The text to replace; it must match exactly, including white space and indentation.",
        "new_string": "The new text to insert in place of the old text.",
    },
    "memory_insert": {
        "label": "Section of the memory to be edited, identified by its label.",
        "new_string": "The text to insert.",
        "insert_line": "The line number after which to insert the text; 0 for the beginning of the section.",
    },
}


def agents(count: int) -> bytes:
    """Return the body of a list of agents, each with its blocks, tools, rules, folders, identities and secrets."""
    draw = _Draw()
    return _body([_agent(draw, number) for number in range(count)])


def messages(count: int) -> bytes:
    """Return the body of a list of messages: turns of an agent that uses tools, and a few of each other kind."""
    draw = _Draw()
    made: list[dict[str, Any]] = []
    while len(made) < count:
        for kind in (_TURN * 12) + _REST:
            made.append(_message(draw, kind, len(made)))
    return _body(made[:count])


def _body(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()


class _Draw:
    """Source of IDs and texts, the same in each run."""

    def __init__(self) -> None:
        self._random = random.Random(0)  # noqa: S311 - no secret

    def id(self, kind: str) -> str:
        return f"{kind}-{uuid.UUID(int=self._random.getrandbits(128), version=4)}"

    def text(self, words: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=words))


# --- agents -----------------------------------------------------------------------------------------------------------


def _agent(draw: _Draw, number: int) -> dict[str, Any]:
    blocks = [_block(draw, label, number) for label in ("human", "persona")]
    agent_id, at = draw.id("agent"), _moment(number)
    secrets = [_secret(draw, agent_id, at)]
    return {
        "created_by_id": _USER,
        "last_updated_by_id": _USER,
        "created_at": at,
        "updated_at": at,
        "id": agent_id,
        "name": f"Agent {number}",
        "tool_rules": [
            {"tool_name": "conversation_search", "type": "continue_loop", "prompt_template": None},
            {
                "tool_name": "memory_replace",
                "type": "max_count_per_step",
                "max_count_limit": 3,
                "prompt_template": None,
            },
        ],
        "message_ids": [draw.id("message") for _ in range(8)],
        "system": draw.text(100),
        "agent_type": "letta_v1_agent",
        "llm_config": LLM_CONFIG,
        "embedding_config": EMBEDDING_CONFIG,
        "model": "openai/gpt-4o-mini",
        "embedding": "openai/text-embedding-3-small",
        "model_settings": MODEL_SETTINGS,
        "compaction_settings": {
            "model": "openai/gpt-4o-mini",
            "model_settings": MODEL_SETTINGS,
            "prompt": draw.text(40),
            "prompt_acknowledgement": False,
            "clip_chars": 50_000,
            "mode": "sliding_window",
            "sliding_window_percentage": 0.3,
        },
        "response_format": {"type": "text"},
        "description": draw.text(8),
        "metadata": {"team": "research", "number": number},
        "memory": {
            "agent_type": "letta_v1_agent",
            "git_enabled": False,
            "blocks": blocks,
            "file_blocks": [],
            "prompt_template": "",
        },
        "blocks": blocks,
        "tools": [_tool(name, parameters, at) for name, parameters in _TOOLS.items()],
        "sources": [_folder(draw, number)],
        "tags": ["research", f"team-{number % 10}"],
        "tool_exec_environment_variables": secrets,
        "secrets": secrets,
        "project_id": None,
        "template_id": None,
        "base_template_id": None,
        "deployment_id": None,
        "entity_id": None,
        "identity_ids": [],
        "identities": [],
        "pending_approval": None,
        "message_buffer_autoclear": False,
        "enable_sleeptime": None,
        "multi_agent_group": None,
        "managed_group": None,
        "last_run_completion": at,
        "last_run_duration_ms": 1234,
        "last_stop_reason": "end_turn",
        "timezone": "UTC",
        "max_files_open": 5,
        "per_file_view_window_char_limit": 15_000,
        "hidden": None,
    }


LLM_CONFIG: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "display_name": "gpt-4o-mini",
    "model_endpoint_type": "openai",
    "model_endpoint": "https://api.openai.com/v1",
    "provider_name": "openai",
    "provider_category": "base",
    "model_wrapper": None,
    "context_window": 128_000,
    "put_inner_thoughts_in_kwargs": False,
    "handle": "openai/gpt-4o-mini",
    "temperature": 1.0,
    "max_tokens": 16_384,
    "enable_reasoner": False,
    "reasoning_effort": None,
    "max_reasoning_tokens": 0,
    "effort": None,
    "frequency_penalty": None,
    "compatibility_type": None,
    "verbosity": None,
    "tier": None,
    "parallel_tool_calls": False,
    "response_format": None,
    "strict": False,
    "return_logprobs": False,
    "top_logprobs": None,
    "return_token_ids": False,
    "tool_call_parser": None,
}
EMBEDDING_CONFIG: Final[dict[str, Any]] = {
    "embedding_endpoint_type": "openai",
    "embedding_endpoint": "https://api.openai.com/v1",
    "embedding_model": "text-embedding-3-small",
    "embedding_dim": 1536,
    "embedding_chunk_size": 300,
    "handle": "openai/text-embedding-3-small",
    "batch_size": 32,
    "azure_endpoint": None,
    "azure_version": None,
    "azure_deployment": None,
}
MODEL_SETTINGS: Final[dict[str, Any]] = {
    "max_output_tokens": 4096,
    "parallel_tool_calls": True,
    "provider_type": "openai",
    "temperature": 1.0,
    "reasoning": {"reasoning_effort": "minimal"},
    "response_format": None,
    "strict": False,
}


def _block(draw: _Draw, label: str, number: int) -> dict[str, Any]:
    return {
        "value": draw.text(30),
        "limit": 100_000,
        "project_id": None,
        "template_name": None,
        "is_template": False,
        "template_id": None,
        "base_template_id": None,
        "deployment_id": None,
        "entity_id": None,
        "preserve_on_migration": False,
        "label": label,
        "read_only": False,
        "description": f"The {label} block: {draw.text(20)}",
        "metadata": {"number": number},
        "hidden": None,
        "id": draw.id("block"),
        "created_by_id": None,
        "last_updated_by_id": None,
        "tags": [],
    }


def _tool(name: str, parameters: dict[str, str], at: str) -> dict[str, Any]:
    schema = {
        "name": name,
        "description": f"Use this to {name.replace('_', ' ')}, as the instructions in the system prompt ask for it.",
        "parameters": {
            "type": "object",
            "properties": {each: {"type": "string", "description": text} for each, text in parameters.items()},
            "required": [next(iter(parameters))],
        },
    }
    return {
        "id": f"tool-{uuid.uuid5(uuid.NAMESPACE_OID, name)}",
        "tool_type": "letta_core",
        "description": schema["description"],
        "source_type": "python",
        "name": name,
        "tags": ["letta_core"],
        "source_code": None,
        "json_schema": schema,
        "args_json_schema": None,
        "return_char_limit": 50_000,
        "pip_requirements": None,
        "npm_requirements": None,
        "default_requires_approval": None,
        "enable_parallel_execution": False,
        "created_by_id": _USER,
        "last_updated_by_id": _USER,
        "metadata_": {},
        "project_id": None,
    }


def _folder(draw: _Draw, number: int) -> dict[str, Any]:
    at = _moment(number)
    return {
        "name": f"papers-{number}",
        "description": draw.text(8),
        "instructions": None,
        "metadata": None,
        "id": draw.id("source"),
        "embedding_config": EMBEDDING_CONFIG,
        "vector_db_provider": "native",
        "created_by_id": _USER,
        "last_updated_by_id": _USER,
        "created_at": at,
        "updated_at": at,
    }


def _secret(draw: _Draw, agent_id: str, at: str) -> dict[str, Any]:
    return {
        "created_by_id": _USER,
        "last_updated_by_id": _USER,
        "created_at": at,
        "updated_at": at,
        "id": draw.id("agent-env"),
        "key": "SEARCH_REGION",
        "value": "eu",
        "description": None,
        "agent_id": agent_id,
        "value_enc": None,
    }


# --- messages ---------------------------------------------------------------------------------------------------------


def _message(draw: _Draw, kind: str, number: int) -> dict[str, Any]:
    whole = {
        "id": draw.id("message"),
        "date": _moment(number).replace(f"{_BEGIN.microsecond}Z", "+00:00").replace(".+", "+"),
        "name": None,
        "message_type": kind,
        "otid": draw.id("otid").removeprefix("otid-"),
        "sender_id": None,
        "step_id": draw.id("step"),
        "is_err": None,
        "seq_id": None,
        "run_id": draw.id("run"),
    }
    return whole | _CONTENT[kind](draw)


def _moment(number: int) -> str:
    return (_BEGIN + timedelta(seconds=37 * number)).isoformat().replace("+00:00", "Z")


def _called(draw: _Draw) -> dict[str, Any]:
    arguments = json.dumps({"query": draw.text(4), "limit": 5})
    return {"name": "conversation_search", "arguments": arguments, "tool_call_id": draw.id("call")}


def _calls(draw: _Draw) -> dict[str, Any]:
    call = _called(draw)
    return {"tool_call": call, "tool_calls": [call]}


def _returns(draw: _Draw) -> dict[str, Any]:
    call, text = draw.id("call"), draw.text(30)
    whole = {"status": "success", "tool_call_id": call, "stdout": None, "stderr": None}
    return {"tool_return": text, **whole, "tool_returns": [{"type": "tool", "tool_return": text, **whole}]}


_CONTENT: Final[dict[str, Callable[[_Draw], dict[str, Any]]]] = {
    "system_message": lambda draw: {"content": draw.text(60)},
    "user_message": lambda draw: {"content": draw.text(12)},
    "reasoning_message": lambda draw: {"source": "reasoner_model", "reasoning": draw.text(25), "signature": None},
    "hidden_reasoning_message": lambda draw: {"state": "redacted", "hidden_reasoning": draw.text(10)},
    "tool_call_message": _calls,
    "tool_return_message": _returns,
    "assistant_message": lambda draw: {"content": [{"type": "text", "text": draw.text(25), "signature": None}]},
    "approval_request_message": _calls,
    "approval_response_message": lambda draw: {
        "approvals": [{"type": "approval", "tool_call_id": draw.id("call"), "approve": True, "reason": None}],
        "approve": True,
        "approval_request_id": draw.id("message"),
        "reason": None,
    },
    "summary_message": lambda draw: {
        "summary": draw.text(60),
        "compaction_stats": {
            "trigger": "context_window_exceeded",
            "context_tokens_before": 120_000,
            "context_tokens_after": 30_000,
            "context_window": 128_000,
            "messages_count_before": 200,
            "messages_count_after": 50,
        },
    },
    "event_message": lambda draw: {"event_type": "compaction", "event_data": {"trigger": draw.text(3)}},
}
_TURN: Final = ("user_message", "reasoning_message", "tool_call_message", "tool_return_message", "assistant_message")
_REST: Final = (
    "system_message",
    "hidden_reasoning_message",
    "approval_request_message",
    "approval_response_message",
    "summary_message",
    "event_message",
)
"""Kinds of messages of which a conversation has a few."""
