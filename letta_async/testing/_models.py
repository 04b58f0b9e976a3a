"""The model of an agent: what becomes of the handles, limits and settings that a request names."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any, Final

from letta_async.testing import _facts
from letta_async.testing._errors import invalid_argument, not_found
from letta_async.testing._validation import Fields
from letta_async.types.compaction import CompactionSettings

__all__ = [
    "Handles",
    "check_handle",
    "embedding_config_of",
    "embedding_of",
    "llm_config_of",
    "merge_compaction",
    "new_compaction",
    "new_llm_config",
    "updated_llm_config",
]

_ENDPOINT: Final = "http://127.0.0.1/v1"
"""Where models other than those of a server without a provider are said to be."""

Handles = Collection[str] | None
"""Handles of models that a server has; `None`: any."""


def new_llm_config(body: Fields, models: Handles) -> dict[str, Any]:
    """Give the model configuration of an agent that is being made."""
    if body["llm_config"] is not None:
        config = dict[str, Any](body["llm_config"])
    else:
        if body["model"] is None:
            raise invalid_argument("Must specify either model or llm_config in request")
        config = _configured(body["model"], body, models)
        if body["enable_reasoner"] is not None:
            config["enable_reasoner"] = body["enable_reasoner"]
    config = _with_settings(config, body)
    config["put_inner_thoughts_in_kwargs"] = config["enable_reasoner"] = body["agent_type"] != "letta_v1_agent"
    if body["agent_type"] == "letta_v1_agent":
        config["max_reasoning_tokens"] = 0
    return config


def updated_llm_config(current: Mapping[str, Any], body: Fields, models: Handles) -> dict[str, Any] | None:
    """Give the model configuration of an agent that is being changed; `None`: as it was."""
    changed = [body["model"], body["context_window_limit"]]
    config: dict[str, Any] | None = None
    if body["llm_config"] is not None:
        config = dict[str, Any](body["llm_config"])
    elif any(each is not None for each in changed) or "max_tokens" in body.given:
        config = _configured(current["handle"] if body["model"] is None else body["model"], body, models)
        if "max_tokens" in body.given:
            config["max_tokens"] = body["max_tokens"]
    if config is None and body["model_settings"] is None and body["parallel_tool_calls"] is None:
        return None
    return _with_settings(dict(current) if config is None else config, body)


def check_handle(handle: str, models: Handles) -> None:
    """Refuse the handle of a model that the server does not have."""
    known = all(handle.partition("/")) if models is None else handle in models or handle == _facts.LLM_HANDLE
    if not known:
        raise not_found(f"NOT_FOUND: Handle {handle} not found, must be one of []")


def llm_config_of(handle: str) -> dict[str, Any]:
    """Return the configuration of the model that has a handle."""
    config = dict(_facts.LLM_CONFIG)
    if handle != _facts.LLM_HANDLE:
        provider, _, model = handle.partition("/")
        named = {"model": model, "handle": handle, "provider_name": provider.removesuffix("-proxy")}
        config |= {**named, "model_endpoint": _ENDPOINT, "context_window": 128000, "max_tokens": 16384}
    return config


def _configured(handle: str, body: Fields, models: Handles) -> dict[str, Any]:
    check_handle(handle, models)
    config = llm_config_of(handle)
    if body["context_window_limit"] is not None:
        config["context_window"] = body["context_window_limit"]
    if body["max_tokens"] is not None:
        config["max_tokens"] = body["max_tokens"]
    return config


def _with_settings(config: dict[str, Any], body: Fields) -> dict[str, Any]:
    settings: Fields | None = body["model_settings"]
    if settings is not None:
        names = ("temperature", "parallel_tool_calls", "response_format", "verbosity", "effort", "tool_call_parser")
        config.update({name: settings[name] for name in names if name in settings})
        config["strict"] = settings.get("strict", settings["provider_type"] == "baseten")
        if "max_output_tokens" in settings.given:
            config["max_tokens"] = settings["max_output_tokens"]
        if "reasoning" in settings:
            config["reasoning_effort"] = settings["reasoning"]["reasoning_effort"]
        if "budget_tokens" in settings.get("thinking", {}):
            config["max_reasoning_tokens"] = settings["thinking"]["budget_tokens"]
        if "thinking_config" in settings:
            thinking = settings["thinking_config"]
            config["max_reasoning_tokens"] = thinking["thinking_budget"] if thinking["include_thoughts"] else 0
    if body["parallel_tool_calls"] is not None:
        config["parallel_tool_calls"] = body["parallel_tool_calls"]
    return config


def embedding_of(body: Fields, models: Handles) -> dict[str, Any] | None:
    """Give the embedding configuration that a request names; `None` where it names none."""
    if body["embedding_config"] is not None:
        return dict(body["embedding_config"])
    handle: str | None = body["embedding"]
    if handle is None:
        return None
    known = all(handle.partition("/")) if models is None else handle in models or handle == _facts.EMBEDDING_HANDLE
    if not known:
        raise invalid_argument(f"Embedding model {handle} not found")
    return {**embedding_config_of(handle), "embedding_chunk_size": body.get("embedding_chunk_size") or 300}


def embedding_config_of(handle: str) -> dict[str, Any]:
    """Return the configuration of the embedding model that has a handle."""
    config = {**_facts.EMBEDDING_CONFIG, "handle": handle, "embedding_model": handle.partition("/")[2]}
    if handle != _facts.EMBEDDING_HANDLE:
        config["embedding_endpoint"] = _ENDPOINT
    return config


def new_compaction(given: Fields | None) -> Fields:
    """Give the compaction settings of an agent that is being made, with a model and a prompt filled in."""
    settings = Fields(copy.deepcopy(dict(_facts.FIELDS[CompactionSettings] if given is None else given)))
    if settings["model"] is None:
        settings["model"] = _facts.DEFAULT_SUMMARIZER
    if settings["prompt"] is None:
        settings["prompt"] = _facts.COMPACTION_PROMPTS[settings["mode"]]
    return settings


def merge_compaction(current: Mapping[str, Any], given: Fields) -> Fields:
    """Lay the settings that a request names over those of the agent; a new mode brings its own prompt, always."""
    merged = Fields({name: given[name] if name in given.given else value for name, value in current.items()})
    if merged["mode"] != current["mode"]:
        merged["prompt"] = _facts.COMPACTION_PROMPTS[merged["mode"]]
    return merged
