"""Fingerprint of an agent: a digest of what its prompts are compiled from, as far as a list of agents shows it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from letta_async._schema.converter import write
from letta_async.types.agent import AgentInclude, AgentState

__all__ = ["INCLUDED", "RELATIONSHIPS", "fingerprint"]

INCLUDED: Final[list[AgentInclude]] = ["agent.blocks", "agent.sources"]
"""Parts of an agent that the fingerprint needs; with its blocks come the files that it has open, and its tags."""
RELATIONSHIPS: Final = ["memory", "sources"]
"""The same in the API's earlier form: without it, Letta 0.16.8 lists agents with tools and decrypted secrets."""
_GIT_TAG: Final = "git-memory-enabled"
"""Tag of agents whose prompts show their memory as files."""


def fingerprint(agent: AgentState) -> str:
    """Return a digest of what the prompts of an agent and its conversations are compiled from on Letta 0.16.8.

    The order of blocks, folders and files is left out, since it is the database's. So is what a list does not show, the
    number of archival memories, and what the comparison of prompts ignores, such as the time zone.
    """
    memory = agent.memory
    blocks = agent.blocks or (memory and memory.blocks) or []
    files = (memory and memory.file_blocks) or []
    inputs: list[Any] = [
        agent.system,
        agent.agent_type,
        agent.llm_config and agent.llm_config.model_endpoint_type,
        bool(memory and memory.git_enabled) or _GIT_TAG in (agent.tags or []),
        write(agent.tool_rules),
        agent.max_files_open if agent.sources else None,
        _sorted([each.label, each.value, each.description, each.limit, bool(each.read_only)] for each in blocks),
        _sorted([each.source_id, each.label, each.value, each.description, each.limit] for each in files),
        _sorted([each.id, each.name, each.description, each.instructions] for each in agent.sources or []),
    ]
    return hashlib.sha256(json.dumps(inputs, default=repr, sort_keys=True).encode()).hexdigest()[:32]


def _sorted(rows: Any) -> list[str]:
    return sorted(json.dumps(row) for row in rows)
