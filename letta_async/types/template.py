"""Templates of agents; hosted API."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = ["InitialMessage", "Template", "TemplateAgentCreateResponse", "TemplateResult"]


@attrs.frozen(kw_only=True)
class Template(WireObject):
    """A template of agents. The official client calls it `TemplateCreateResponse` and `TemplateSaveResponse`."""

    id: str
    """ID of the template."""
    name: str | None = None
    """Name of the template."""
    description: str | None = None
    """Description of the template."""
    latest_version: str | None = None
    """Latest version of the template."""
    template_deployment_slug: str | None = None
    """Full name of the template, with project and version."""
    project_id: str | None = None
    """ID of the project that the template belongs to."""
    project_slug: str | None = None
    """Name of the project that the template belongs to."""
    updated_at: str | None = None
    """Time of the last change."""


@attrs.frozen(kw_only=True)
class TemplateResult(WireObject):
    """Result of a change of a template."""

    success: bool | None = None
    """Whether the template was changed."""
    message: str | None = None
    """Words about the result."""


@attrs.frozen(kw_only=True)
class TemplateAgentCreateResponse(WireObject):
    """Agents that were created from a template. The official client calls it `AgentCreateResponse`."""

    agent_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the agents."""
    deployment_id: str | None = None
    """ID of the deployment."""
    group_id: str | None = None
    """ID of the group, if the agents were created as one."""


@attrs.frozen(kw_only=True)
class InitialMessage(WireObject):
    """A message that an agent begins with."""

    role: Literal["user", "system", "assistant"]
    """Role of the participant."""
    content: str
    """Text of the message."""
    name: str | Unset | None = UNSET
    """Name of the participant."""
    otid: str | Unset | None = UNSET
    """Offline threading ID of the message."""
    sender_id: str | Unset | None = UNSET
    """ID of the sender: an agent or an identity."""
    group_id: str | Unset | None = UNSET
    """ID of the group of agents."""
    batch_item_id: str | Unset | None = UNSET
    """ID of the item of a batch that the message belongs to."""
