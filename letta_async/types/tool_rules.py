"""Rules about the order in which an agent uses its tools: one class per kind, distinguished by `type`.

Source: `AgentState.tool_rules` in the OpenAPI description of Letta 0.16.8. A rule of a kind not known here is an
`UnknownToolRule`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from letta_async._schema.constraints import Count
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = [
    "ChildToolRule",
    "ConditionalToolRule",
    "ContinueToolRule",
    "InitToolRule",
    "MaxCountPerStepToolRule",
    "ParentToolRule",
    "RequiredBeforeExitToolRule",
    "RequiresApprovalToolRule",
    "TerminalToolRule",
    "ToolCallNode",
    "ToolRule",
    "UnknownToolRule",
]


@attrs.frozen(kw_only=True)
class _Rule(WireObject):
    tool_name: str
    """Name of the tool that the rule is about."""
    prompt_template: str | Unset | None = UNSET
    """Text about the rule for prompts; Letta 0.16.8 ignores it."""


@attrs.frozen(kw_only=True)
class InitToolRule(_Rule):
    """Tool rule: the tool is called first."""

    type: Literal["run_first"] = "run_first"
    args: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Arguments of the call, by name; they replace those that the model writes."""


@attrs.frozen(kw_only=True)
class ToolCallNode(WireObject):
    """A tool that may follow another one, with arguments set in advance."""

    name: str
    """Name of the tool, one of the rule's `children`."""
    args: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Arguments of the call, by name; they replace those that the model writes."""


@attrs.frozen(kw_only=True)
class ChildToolRule(_Rule):
    """Tool rule: after the tool, only its `children` can be called."""

    type: Literal["constrain_child_tools"] = "constrain_child_tools"
    children: list[str] = attrs.field(hash=False)
    """Names of the tools that can be called next."""
    child_arg_nodes: list[ToolCallNode] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Arguments of the children, set in advance."""


@attrs.frozen(kw_only=True)
class ParentToolRule(_Rule):
    """Tool rule: the `children` can be called only after the tool."""

    type: Literal["parent_last_tool"] = "parent_last_tool"
    children: list[str] = attrs.field(hash=False)
    """Names of the tools that the tool must precede."""


@attrs.frozen(kw_only=True)
class ConditionalToolRule(_Rule):
    """Tool rule: the output of the tool decides which tool can be called next."""

    type: Literal["conditional"] = "conditional"
    child_output_mapping: Mapping[str, str] = attrs.field(hash=False)
    """Name of the next tool, by output."""
    default_child: str | Unset | None = UNSET
    """Name of the tool that follows any other output; `None` for any tool."""
    require_output_mapping: bool | Unset = UNSET
    """Whether an output that is not in the mapping is an error. Server default: `False`."""


@attrs.frozen(kw_only=True)
class TerminalToolRule(_Rule):
    """Tool rule: the tool ends the turn."""

    type: Literal["exit_loop"] = "exit_loop"


@attrs.frozen(kw_only=True)
class ContinueToolRule(_Rule):
    """Tool rule: the turn goes on after the tool."""

    type: Literal["continue_loop"] = "continue_loop"


@attrs.frozen(kw_only=True)
class RequiredBeforeExitToolRule(_Rule):
    """Tool rule: the turn cannot end before the tool was called."""

    type: Literal["required_before_exit"] = "required_before_exit"


@attrs.frozen(kw_only=True)
class MaxCountPerStepToolRule(_Rule):
    """Tool rule: the tool can be called a limited number of times per turn."""

    type: Literal["max_count_per_step"] = "max_count_per_step"
    max_count_limit: Count
    """Maximum number of calls."""


@attrs.frozen(kw_only=True)
class RequiresApprovalToolRule(_Rule):
    """Tool rule: a call of the tool waits for an approval."""

    type: Literal["requires_approval"] = "requires_approval"


@attrs.frozen(kw_only=True)
class UnknownToolRule(WireObject):
    """Tool rule of a kind that this version has no class for; its fields are in `extra_fields`."""

    type: str
    """Kind of the rule."""


ToolRule = (
    InitToolRule
    | ChildToolRule
    | ParentToolRule
    | ConditionalToolRule
    | TerminalToolRule
    | ContinueToolRule
    | RequiredBeforeExitToolRule
    | MaxCountPerStepToolRule
    | RequiresApprovalToolRule
    | UnknownToolRule
)
"""Rule about the use of a tool, distinguished by `type`."""
