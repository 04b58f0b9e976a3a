"""Results of runs of tools."""

from __future__ import annotations

from typing import Any

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.agent import AgentState

__all__ = ["ToolExecutionResult"]


@attrs.frozen(kw_only=True)
class ToolExecutionResult(WireObject):
    """Result of a run of a tool. Source: `ToolExecutionResult` in the OpenAPI description of Letta 0.16.8."""

    status: str
    """Whether the tool succeeded: `success` or `error`."""
    func_return: Any = attrs.field(default=None, hash=False)
    """What the function returned; `None` if it failed."""
    agent_state: AgentState | None = None
    """Agent after the run; deprecated by the API, and always `None` on Letta 0.16.8."""
    stdout: list[str] | None = attrs.field(default=None, hash=False)
    """Texts that the tool printed."""
    stderr: list[str] | None = attrs.field(default=None, hash=False)
    """Texts that the tool printed as errors, such as the traceback of a failure."""
    sandbox_config_fingerprint: str | None = None
    """Fingerprint of the configuration of the sandbox in which the tool ran."""
