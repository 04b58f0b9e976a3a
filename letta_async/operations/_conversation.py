"""Base class of calls about a conversation, and parameters that they share with calls about an agent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from letta_async._schema.unset import UNSET
from letta_async.operations._operation import (
    AgentId,
    ConversationId,
    InBody,
    InPath,
    InQuery,
    Operation,
    operation,
    parameters,
)
from letta_async.types.compaction import CompactionSettings

__all__ = ["CompactionParameters", "ConversationOperation", "DryRunParameters"]

Answer = TypeVar("Answer")


@parameters
class CompactionParameters:
    """Parameter of a compaction, of the messages of an agent or of a conversation."""

    compaction_settings: InBody[CompactionSettings | None] = UNSET
    """How to compact, as a `CompactionSettings` or a mapping of the same fields; both are validated. Fields that are
    left out are taken from the agent's own settings."""


@parameters
class DryRunParameters:
    """Parameter of a compilation, of the system prompt of an agent or of a conversation."""

    dry_run: InQuery[bool] = UNSET
    """Compile and return the prompt, but store nothing. Server default: `False`."""


@operation
class ConversationOperation(Operation[Answer], Generic[Answer]):
    """A call about a conversation, or with `default` and `agent_id` about an agent's own messages."""

    conversation_id: InPath[ConversationId]
    """`conv-<uuid4>`; or `default` for the agent-direct mode, with `agent_id`; or, deprecated by the API,
    `agent-<uuid4>`."""
    agent_id: InBody[AgentId | None] = UNSET
    """`agent-<uuid4>`, with `conversation_id="default"`; beside another ID it has no effect."""

    def parameter_warnings(self) -> Iterable[tuple[str, type[Warning]]]:
        """Warn about an agent's ID in the wrong place."""
        if self.conversation_id.startswith("agent-"):
            text = (
                "an agent's id as conversation_id is deprecated by the API; "
                "use conversation_id='default' with agent_id instead"
            )
            return [(text, DeprecationWarning)]
        if self.agent_id and self.conversation_id != "default":
            text = "agent_id has no effect beside the id of a conversation; it goes with conversation_id='default'"
            return [(text, UserWarning)]
        return ()

    def hint(self, status: int) -> str | None:
        """Name the missing parameter where `default` was not found."""
        if status == 404 and self.conversation_id == "default" and not self.agent_id:
            return "agent_id is missing: 'default' stands for the agent-direct mode, which needs the agent's id"
        return None
