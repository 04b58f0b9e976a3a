"""Calls under `/v1/templates`, of the hosted API."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, ClassVar, Literal

from letta_async._schema.unset import UNSET
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import (
    DELETE,
    PATCH,
    POST,
    AgentId,
    Endpoint,
    IdentityId,
    InBody,
    InPath,
    Operation,
    Segment,
    operation,
)
from letta_async.types.template import InitialMessage, Template, TemplateAgentCreateResponse, TemplateResult

__all__ = [
    "CreateTemplate",
    "CreateTemplateAgents",
    "DeleteTemplate",
    "RollbackTemplate",
    "SaveTemplate",
    "UpdateTemplate",
]


@operation
class CreateTemplate(Operation[Template]):
    """Create a template from an agent or from a file; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/templates")

    type: InBody[Literal["agent", "agent_file"]]
    """Source of the template: `agent` with `agent_id`, or `agent_file` with `agent_file`."""
    agent_id: InBody[AgentId] = UNSET
    """Agent to make the template from, of any project, `agent-<uuid4>`."""
    agent_file: InBody[Mapping[str, Any]] = UNSET
    """JSON object that `agents.export_file` returned, parsed."""
    name: InBody[str] = UNSET
    """Name of the template. Server default: a random one."""
    update_existing_tools: InBody[bool] = UNSET
    """Replace the source code of tools that exist by that in `agent_file`."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems with the source of the template."""
        needed, excluded = ("agent_id", "agent_file") if self.type == "agent" else ("agent_file", "agent_id")
        given = self.given()
        if needed not in given and needed not in extra:
            yield ArgumentProblem(needed, f"is required with type {self.type!r}")
        if excluded in given:
            yield ArgumentProblem(excluded, f"does not go with type {self.type!r}")
        if self.type == "agent" and "update_existing_tools" in given:
            yield ArgumentProblem("update_existing_tools", "does not go with type 'agent'")


@operation
class UpdateTemplate(Operation[TemplateResult]):
    """Replace the current version of a template by a file; hosted API."""

    http: ClassVar[Endpoint] = PATCH("/v1/templates/{template_name}")

    template_name: InPath[Segment]
    """Name of the template, without project and version."""
    agent_file_json: InBody[Mapping[str, Any]]
    """JSON object that `agents.export_file` returned, parsed."""
    save_existing_changes: InBody[bool] = UNSET
    """Save the current version under a number first."""
    update_existing_tools: InBody[bool] = UNSET
    """Replace the source code of tools that exist by that in the file."""


@operation
class DeleteTemplate(Operation[TemplateResult]):
    """Delete a template with all its versions; hosted API."""

    http: ClassVar[Endpoint] = DELETE("/v1/templates/{template_name}")

    template_name: InPath[Segment]
    """Name of the template, without project and version."""


@operation
class RollbackTemplate(Operation[TemplateResult]):
    """Set the current version of a template to an earlier one; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/templates/{template_name}/rollback", repeatable=True)

    template_name: InPath[Segment]
    """Name of the template, without project and version."""
    version: InBody[str]
    """Version to return to, such as `1` or `latest`; `current` and `dev` are none."""


@operation
class SaveTemplate(Operation[Template]):
    """Save the current version of a template under the next number; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/templates/{template_name}/save")

    template_name: InPath[Segment]
    """Name of the template, without project and version."""
    message: InBody[str] = UNSET
    """Description of the changes."""
    migrate_agents: InBody[bool] = UNSET
    """Bring the agents of the template to the new version."""
    block_reconciliation_strategy: InBody[Literal["reconcile-all", "preserve-deleted"]] = UNSET
    """What becomes of agents' blocks that are not in the template: `reconcile-all` deletes them. Server default:
    `preserve-deleted`."""
    preserve_core_memories_on_migration: InBody[bool] = UNSET
    """Keep the values of the agents' blocks."""
    preserve_environment_variables_on_migration: InBody[bool] = UNSET
    """Keep the agents' environment variables."""
    preserve_sources_on_migration: InBody[bool] = UNSET
    """Keep the agents' folders beside those of the template, instead of replacing them."""


@operation
class CreateTemplateAgents(Operation[TemplateAgentCreateResponse]):
    """Create agents from a template; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/templates/{template_version}/agents", body_required=True)

    template_version: InPath[Segment]
    """Name of the template with its version, such as `my-template:latest`."""
    agent_name: InBody[str] = UNSET
    """Name of the agent. Server default: a random one."""
    memory_variables: InBody[Mapping[str, str]] = UNSET
    """Values of the variables in the template's blocks."""
    tool_variables: InBody[Mapping[str, str]] = UNSET
    """Environment variables of the agent's tools, by name."""
    initial_message_sequence: InBody[list[InitialMessage]] = UNSET
    """Messages that the agent begins with; `[]` for none. Server default: those of every agent."""
    identity_ids: InBody[list[IdentityId]] = UNSET
    """Identities of the agent, `identity-<uuid4>`."""
    tags: InBody[list[str]] = UNSET
    """Tags to find the agent by."""
