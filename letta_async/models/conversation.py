"""The calls about conversations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from letta_async._unset import UNSET, Unset
from letta_async.models._operation import PATH, QUERY, AgentId, ConversationId, Operation
from letta_async.models.compaction import CompactionSettings

__all__ = ["Recompile"]


@attrs.frozen(kw_only=True)
class Recompile(Operation[str]):
    """Compile a conversation's system prompt anew."""

    method: ClassVar = "POST"
    path: ClassVar = "/v1/conversations/{conversation_id}/recompile"
    repeatable: ClassVar = True
    answer: ClassVar = str

    conversation_id: ConversationId = attrs.field(metadata=PATH)
    dry_run: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    agent_id: AgentId | Unset | None = UNSET
    compaction_settings: CompactionSettings | Unset | None = UNSET

    def advice(self) -> Iterable[tuple[str, type[Warning]]]:
        """Warn about an agent's id in the wrong place."""
        if self.conversation_id.startswith("agent-"):
            yield (
                "an agent's id as conversation_id is deprecated by the API; "
                "use conversation_id='default' with agent_id instead",
                DeprecationWarning,
            )
        elif self.agent_id and self.conversation_id != "default":
            yield (
                "agent_id has no effect beside the id of a conversation; it goes with conversation_id='default'",
                UserWarning,
            )

    def hint(self, status: int) -> str | None:
        """Say what is missing where `default` was not found."""
        if status == 404 and self.conversation_id == "default" and not self.agent_id:
            return "agent_id is missing: 'default' stands for the agent-direct mode, which needs the agent's id"
        return None
