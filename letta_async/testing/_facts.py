"""Constants of Letta 0.16.8: its version, providers, field order and defaults, and fixed texts.

The types of this package describe the whole API, including the hosted one. Whatever this version of the server lacks,
or orders differently, is only defined in this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from letta_async.types import compaction, folder, identity, model_settings, response_format, tool_rules

__all__ = [
    "BASE_TOOLS",
    "BLOCK_DESCRIPTIONS",
    "BLOCK_LIMIT",
    "COMPACTION_PROMPTS",
    "DEFAULT_SUMMARIZER",
    "DEFAULT_SYSTEM",
    "EMBEDDING_CONFIG",
    "EMBEDDING_HANDLE",
    "ENUM_NAMES",
    "FIELDS",
    "LLM_CONFIG",
    "LLM_HANDLE",
    "NARROWED_FIELDS",
    "ORGANIZATION_ID",
    "REQUIRED",
    "USER_ID",
    "VERSION",
]

VERSION: Final = "0.16.8"
USER_ID: Final = "user-00000000-0000-4000-8000-000000000000"
ORGANIZATION_ID: Final = "org-00000000-0000-4000-8000-000000000000"

REQUIRED: Final = object()
"""Default of a field that is required."""


def _settings(provider: str, /, *, most: int = 4096, temperature: float = 0.7, **further: Any) -> dict[str, Any]:
    return {
        "max_output_tokens": most,
        "parallel_tool_calls": True,
        "provider_type": provider,
        "temperature": temperature,
        **further,
    }


def _rule(kind: str, /, **further: Any) -> dict[str, Any]:
    return {"tool_name": REQUIRED, "type": kind, "prompt_template": None, **further}


_GEMINI: Final = {"include_thoughts": True, "thinking_budget": 1024}

FIELDS: Final[Mapping[type, Mapping[str, Any]]] = {
    folder.EmbeddingConfig: {
        "embedding_endpoint_type": REQUIRED,
        "embedding_endpoint": None,
        "embedding_model": REQUIRED,
        "embedding_dim": REQUIRED,
        "embedding_chunk_size": 300,
        "handle": None,
        "batch_size": 32,
        "azure_endpoint": None,
        "azure_version": None,
        "azure_deployment": None,
    },
    compaction.CompactionSettings: {
        "model": None,
        "model_settings": None,
        "prompt": None,
        "prompt_acknowledgement": False,
        "clip_chars": 50000,
        "mode": "sliding_window",
        "sliding_window_percentage": 0.3,
    },
    model_settings.OpenAIModelSettings: _settings(
        "openai", reasoning={"reasoning_effort": "high"}, response_format=None, strict=True
    ),
    model_settings.SgLangModelSettings: _settings(
        "sglang", reasoning={"reasoning_effort": "high"}, response_format=None, strict=True, tool_call_parser=None
    ),
    model_settings.AnthropicModelSettings: _settings(
        "anthropic",
        temperature=1.0,
        thinking={"type": "enabled", "budget_tokens": 1024},
        response_format=None,
        verbosity=None,
        effort=None,
        strict=False,
    ),
    model_settings.GoogleAIModelSettings: _settings(
        "google_ai", most=65536, thinking_config=_GEMINI, response_schema=None
    ),
    model_settings.GoogleVertexModelSettings: _settings(
        "google_vertex", most=65536, thinking_config=_GEMINI, response_schema=None
    ),
    model_settings.AzureModelSettings: _settings("azure", response_format=None),
    model_settings.XaiModelSettings: _settings("xai", response_format=None),
    model_settings.ZaiModelSettings: _settings(
        "zai", response_format=None, thinking={"type": "enabled", "clear_thinking": False}
    ),
    model_settings.GroqModelSettings: _settings("groq", response_format=None),
    model_settings.DeepseekModelSettings: _settings("deepseek", response_format=None),
    model_settings.TogetherModelSettings: _settings("together", response_format=None),
    model_settings.BedrockModelSettings: _settings("bedrock", response_format=None),
    model_settings.BasetenModelSettings: _settings("baseten"),
    model_settings.OpenRouterModelSettings: _settings("openrouter", response_format=None),
    model_settings.ChatGptOauthModelSettings: _settings("chatgpt_oauth", reasoning={"reasoning_effort": "medium"}),
    model_settings.OpenAIReasoning: {"reasoning_effort": "minimal"},
    model_settings.ChatGptOauthReasoning: {"reasoning_effort": "medium"},
    model_settings.AnthropicThinking: {"type": "enabled", "budget_tokens": 1024},
    model_settings.ZaiThinking: {"type": "enabled", "clear_thinking": False},
    model_settings.GeminiThinkingConfig: _GEMINI,
    response_format.TextResponseFormat: {"type": "text"},
    response_format.JsonSchemaResponseFormat: {"type": "json_schema", "json_schema": REQUIRED},
    response_format.JsonObjectResponseFormat: {"type": "json_object"},
    tool_rules.ChildToolRule: _rule("constrain_child_tools", children=REQUIRED, child_arg_nodes=None),
    tool_rules.InitToolRule: _rule("run_first", args=None),
    tool_rules.TerminalToolRule: _rule("exit_loop"),
    tool_rules.ConditionalToolRule: _rule(
        "conditional", default_child=None, child_output_mapping=REQUIRED, require_output_mapping=False
    ),
    tool_rules.ContinueToolRule: _rule("continue_loop"),
    tool_rules.RequiredBeforeExitToolRule: _rule("required_before_exit"),
    tool_rules.MaxCountPerStepToolRule: _rule("max_count_per_step", max_count_limit=REQUIRED),
    tool_rules.ParentToolRule: _rule("parent_last_tool", children=REQUIRED),
    tool_rules.RequiresApprovalToolRule: _rule("requires_approval"),
    tool_rules.ToolCallNode: {"name": REQUIRED, "args": None},
}
"""Fields of each class that this version has, in its order, with its defaults.

A class of `letta_async.types` that is missing here is unknown to the server (`moonshot`, `moonshot_coding`): as a
member of a union it is refused. A field that is missing here is ignored, as the server ignores any unknown field. The
order of the classes is that of the server's messages.
"""

NARROWED_FIELDS: Final[Mapping[tuple[type, str], Any]] = {
    (model_settings.AnthropicModelSettings, "effort"): Literal["low", "medium", "high", "max"] | None,
    (identity.IdentityProperty, "value"): Any,
}
"""Annotations of fields for which this version accepts fewer values than `letta_async.types` has."""

ENUM_NAMES: Final[Mapping[str, str]] = {
    "manager_type": "ManagerType",
    "provider_type": "ProviderType",
    "type": "ResponseFormatType",
    "constrain_child_tools": "ToolRuleType",
}
"""Names of the enumerations of a union's tags in the server's messages, by the first tag or the field with the tag."""

BLOCK_LIMIT: Final = 100_000
"""Default limit of a block's value, in characters; the server never enforces it."""

BLOCK_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "human": (
        "The human block: Stores key details about the person you are conversing with, allowing for more personalized "
        "and friend-like conversation."
    ),
    "persona": (
        "The persona block: Stores details about your current persona, guiding how you behave and respond. This helps "
        "you to maintain consistency and personality in your interactions."
    ),
}
"""Descriptions that the server sets on blocks with these labels."""

LLM_HANDLE: Final = "letta/letta-free"
LLM_CONFIG: Final[Mapping[str, Any]] = {
    "model": "letta-free",
    "display_name": None,
    "model_endpoint_type": "openai",
    "model_endpoint": "https://inference.letta.com/v1/",
    "provider_name": "letta",
    "provider_category": "base",
    "model_wrapper": None,
    "context_window": 30000,
    "put_inner_thoughts_in_kwargs": False,
    "handle": LLM_HANDLE,
    "temperature": 1.0,
    "max_tokens": 4096,
    "enable_reasoner": True,
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
"""Configuration of the only model of a server without a provider."""

EMBEDDING_HANDLE: Final = "letta/letta-free"
EMBEDDING_CONFIG: Final[Mapping[str, Any]] = {
    "embedding_endpoint_type": "openai",
    "embedding_endpoint": "https://inference.letta.com/v1/",
    "embedding_model": "letta-free",
    "embedding_dim": 1536,
    "embedding_chunk_size": 300,
    "handle": EMBEDDING_HANDLE,
    "batch_size": 32,
    "azure_endpoint": None,
    "azure_version": None,
    "azure_deployment": None,
}
"""Configuration of the only embedding model of a server without a provider."""

DEFAULT_SUMMARIZER: Final = "letta/auto"
"""Handle of the model that summarizes if an agent's settings name none."""

BASE_TOOLS: Final[Mapping[str, str]] = {
    "archival_memory_insert": "letta_core",
    "archival_memory_search": "letta_core",
    "conversation_search": "letta_core",
    "core_memory_append": "letta_memory_core",
    "core_memory_replace": "letta_memory_core",
    "fetch_webpage": "letta_builtin",
    "finish_rethinking_memory": "letta_voice_sleeptime_core",
    "grep_files": "letta_files_core",
    "memory": "letta_memory_core",
    "memory_apply_patch": "letta_memory_core",
    "memory_finish_edits": "letta_sleeptime_core",
    "memory_insert": "letta_sleeptime_core",
    "memory_replace": "letta_sleeptime_core",
    "memory_rethink": "letta_sleeptime_core",
    "open_files": "letta_files_core",
    "rethink_user_memory": "letta_voice_sleeptime_core",
    "run_code": "letta_builtin",
    "run_code_with_tools": "letta_builtin",
    "search_memory": "letta_voice_sleeptime_core",
    "semantic_search_files": "letta_files_core",
    "send_message": "letta_core",
    "send_message_to_agent_and_wait_for_reply": "letta_multi_agent_core",
    "send_message_to_agent_async": "letta_multi_agent_core",
    "send_message_to_agents_matching_tags": "letta_multi_agent_core",
    "store_memories": "letta_voice_sleeptime_core",
    "web_search": "letta_builtin",
}
"""Type of each tool that every server has, by name."""

TOOL_NAMES: Final = frozenset(BASE_TOOLS)
"""Names of the tools that every server has."""

# The real server has long texts here. They are its authors' prose and no interface, so these replace them: present
# wherever the server has a text, but with other words.
DEFAULT_SYSTEM: Final = "You are an agent with a memory of blocks that outlives every conversation."
"""System prompt of an agent that is created without one."""

COMPACTION_PROMPTS: Final[Mapping[str, str]] = {
    "all": "Summarize the whole conversation.",
    "sliding_window": "Summarize the messages that leave the context window.",
    "self_compact_all": "Summarize your whole conversation.",
    "self_compact_sliding_window": "Summarize the messages that leave your context window.",
}
"""Prompts of summarization by mode, if an agent's settings have none."""
