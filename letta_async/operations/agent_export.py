"""Calls that write an agent to a file, read it from one, and show its context window."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final, Self

import attrs

from letta_async._schema.constraints import Count
from letta_async._schema.json_values import is_object
from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET, Unset
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import (
    GET,
    POST,
    AgentId,
    Body,
    Endpoint,
    File,
    Header,
    InBody,
    InForm,
    InPath,
    InQuery,
    Operation,
    OwnConversationId,
    Pattern,
    SecretText,
    operation,
)
from letta_async.types.agent_export import AgentFileSkill, AgentImportFileResponse
from letta_async.types.context import ContextWindowOverview

__all__ = ["ExportAgent", "ExportAgentWithSkills", "ImportAgent", "RetrieveContext"]

_HeaderText = Annotated[str, Pattern(r"[\x21-\x7e]+", "printable ASCII without spaces")]
_IN_JSON: Final = ("secrets", "env_vars_json")
"""Parameters that are sent as JSON in a form."""


@operation
class ExportAgent(Operation[str]):
    """Export an agent with its blocks, tools, folders and messages to a file that `agents.import_file` reads.

    Returns:
        Text of the file, JSON with indentation. The values of secrets are left out.

    Raises:
        BadRequestError: `use_legacy_format` is `True`, which Letta 0.16.8 refuses.
        InternalServerError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/export")
    answer_is_text: ClassVar[bool] = True

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    conversation_id: InQuery[OwnConversationId | None] = UNSET
    """Conversation whose messages are in the file, instead of the agent's own, `conv-<uuid4>`."""
    scrub_messages: InQuery[bool] = UNSET
    """Leave all messages out. Server default: `False`."""
    max_steps: InQuery[Count] = UNSET
    """Deprecated; Letta 0.16.8 ignores it."""
    use_legacy_format: InQuery[bool] = UNSET
    """Return the format of earlier servers; deprecated. Server default: `False`."""


@operation
class ExportAgentWithSkills(Operation[str]):
    """Export an agent as `export_file` does, with skills of Letta Code in the file.

    Returns:
        Text of the file, JSON with indentation. The values of secrets are left out.

    Raises:
        InternalServerError: There is no such agent.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/export", repeatable=True)
    answer_is_text: ClassVar[bool] = True

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    skills: Annotated[list[AgentFileSkill], Body()]
    """Skills, as `AgentFileSkill` or mappings of the same fields; each has `files` with `SKILL.md`, or `source_url`."""
    conversation_id: InBody[OwnConversationId | None] = UNSET
    """Conversation whose messages are in the file, instead of the agent's own, `conv-<uuid4>`."""
    scrub_messages: InBody[bool] = UNSET
    """Leave all messages out. Server default: `False`."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return a problem for each skill without files and without a source."""
        del extra
        for index, skill in enumerate(self.skills):
            if skill.source_url in (UNSET, None) and "SKILL.md" not in (skill.files or {}):
                yield ArgumentProblem(f"skills[{index}]", "has to have files with 'SKILL.md', or a source_url")


@operation
class ImportAgent(Operation[AgentImportFileResponse]):
    """Create agents from a file that `agents.export_file` returned.

    Raises:
        BadRequestError: The file is not JSON, or it has the format of earlier servers.
        NotFoundError: There is no such model.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/import")

    file: File
    """File to read: a path, bytes, a file open for reading bytes, or a tuple of a name and one of these. In a tuple a
    string is the text of the file, not its path."""
    name: InForm[str | None] = UNSET
    """Name of the agent. Server default: that in the file, with `_copy` if `append_copy_suffix` is not `False`."""
    model: InForm[str | None] = UNSET
    """Handle of the model, `provider/model-name`. Server default: that in the file."""
    embedding: InForm[str | None] = UNSET
    """Handle of the embedding model, `provider/model-name`. Server default: that in the file."""
    append_copy_suffix: InForm[bool] = UNSET
    """Append `_copy` to the name of the agent. Server default: `True`."""
    override_existing_tools: InForm[bool] = UNSET
    """Replace the source code of tools that exist by that in the file. Server default: `True`."""
    strip_messages: InForm[bool] = UNSET
    """Leave the messages in the file out, which Letta 0.16.8 ignores; `scrub_messages` of `agents.export_file` leaves
    them out of the file. Server default: `False`."""
    secrets: InForm[Mapping[str, SecretText] | SecretText | None] = attrs.field(
        default=UNSET, repr=False, metadata=SECRET
    )
    """Environment variables of the agent's tools, as a mapping by name, or as JSON text. Those that the file does not
    name are ignored. No error message and no `repr` shows the values."""
    env_vars_json: InForm[Mapping[str, SecretText] | SecretText | None] = attrs.field(
        default=UNSET, repr=False, metadata=SECRET
    )
    """Earlier name of `secrets`, which counts where both are passed."""
    override_name: InForm[str | None] = UNSET
    """Earlier name of `name`, which counts where both are passed."""
    override_model_handle: InForm[str | None] = UNSET
    """Earlier name of `model`, which counts where both are passed."""
    override_embedding_handle: InForm[str | None] = UNSET
    """Earlier name of `embedding`, which counts where both are passed."""
    x_override_embedding_model: Annotated[_HeaderText | Unset, Header("x-override-embedding-model")] = UNSET
    """Earlier name of `embedding`, sent as a header."""
    project_id: InForm[str | None] = UNSET
    """Project that the agent belongs to; deprecated in favor of the client's own."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return a problem for each text of secrets that is not a JSON object."""
        del extra
        for name in _IN_JSON:
            value: object = getattr(self, name)
            if isinstance(value, str) and not _is_json_object(value):
                yield ArgumentProblem(name, "the text is not a JSON object")

    def prepared(self) -> Self:
        """Return the call with secrets as JSON text."""
        given = self.given()
        changes = {name: json.dumps(given[name]) for name in _IN_JSON if is_object(given.get(name))}
        return self.changed(changes) if changes else self


def _is_json_object(text: str) -> bool:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return is_object(value)


@operation
class RetrieveContext(Operation[ContextWindowOverview]):
    """Retrieve what fills the context window of an agent, with numbers of tokens.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/context")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    conversation_id: InQuery[OwnConversationId | None] = UNSET
    """Conversation whose context is meant, instead of the agent's own messages, `conv-<uuid4>`."""
