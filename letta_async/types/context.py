"""Context windows of agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.internal_message import InternalMessage

__all__ = ["ContextWindowOverview"]


@attrs.frozen(kw_only=True)
class ContextWindowOverview(WireObject):
    """What fills an agent's context window. Source: that name in the OpenAPI description of Letta 0.16.8.

    Numbers of tokens are the server's estimate.
    """

    context_window_size_max: int | None = None
    """Size of the context window, in tokens."""
    context_window_size_current: int | None = None
    """Number of tokens in the context window."""
    num_messages: int | None = None
    """Number of messages in the context window."""
    num_archival_memory: int | None = None
    """Number of passages in the archival memory."""
    num_recall_memory: int | None = None
    """Number of messages that the agent can search."""
    num_tokens_system: int | None = None
    """Number of tokens in the template of the system prompt."""
    system_prompt: str | None = None
    """Template of the system prompt."""
    num_tokens_core_memory: int | None = None
    """Number of tokens in the memory blocks."""
    core_memory: str | None = None
    """Memory blocks as they are in the prompt."""
    num_tokens_external_memory_summary: int | None = None
    """Number of tokens in the metadata of the memory."""
    external_memory_summary: str | None = None
    """Metadata of the memory as they are in the prompt."""
    num_tokens_memory_filesystem: int | None = None
    """Number of tokens in the files of the memory; agents with memory in Git."""
    memory_filesystem: str | None = None
    """Files of the memory as they are in the prompt."""
    num_tokens_tool_usage_rules: int | None = None
    """Number of tokens in the rules of tools."""
    tool_usage_rules: str | None = None
    """Rules of tools as they are in the prompt."""
    num_tokens_directories: int | None = None
    """Number of tokens in the folders."""
    directories: str | None = None
    """Folders as they are in the prompt."""
    num_tokens_summary_memory: int | None = None
    """Number of tokens in the summary of earlier messages."""
    summary_memory: str | None = None
    """Summary of earlier messages."""
    num_tokens_functions_definitions: int | None = None
    """Number of tokens in the definitions of tools."""
    functions_definitions: list[Mapping[str, Any]] | None = attrs.field(default=None, hash=False)
    """Definitions of tools, as models receive them."""
    num_tokens_messages: int | None = None
    """Number of tokens in the messages."""
    messages: list[InternalMessage] | None = attrs.field(default=None, hash=False)
    """Messages in the context window, the system message first."""
