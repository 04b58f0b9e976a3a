"""Folders, their files, and the files that agents have open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from letta_async._schema.constraints import Count
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = ["AgentFileAttachment", "DuplicateHandling", "EmbeddingConfig", "FileMetadata", "Folder"]

DuplicateHandling = Literal["skip", "error", "suffix", "replace"]
"""What happens when a folder has a file of the same name."""


@attrs.frozen(kw_only=True)
class EmbeddingConfig(WireObject):
    """Connection to an embedding model. Source: `EmbeddingConfig` in the OpenAPI description of Letta 0.16.8."""

    embedding_endpoint_type: str
    """Kind of provider, such as `openai` or `ollama`."""
    embedding_model: str
    """Name of the model at the provider."""
    embedding_dim: int
    """Length of an embedding, in numbers."""
    embedding_endpoint: str | Unset | None = UNSET
    """URL of the provider."""
    embedding_chunk_size: Count | Unset | None = UNSET
    """Length of the pieces that texts are cut into, in tokens. Server default: 300."""
    handle: str | Unset | None = UNSET
    """Handle of the model, `provider/model-name`."""
    batch_size: Count | Unset = UNSET
    """Maximum number of pieces per request to the provider. Server default: 32."""
    azure_endpoint: str | Unset | None = UNSET
    """URL of the model on Azure."""
    azure_version: str | Unset | None = UNSET
    """API version on Azure."""
    azure_deployment: str | Unset | None = UNSET
    """Deployment on Azure."""


@attrs.frozen(kw_only=True)
class Folder(WireObject):
    """A folder of files. Source: `Folder` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`source-<uuid4>`."""
    name: str
    """Name of the folder."""
    embedding_config: EmbeddingConfig | None = None
    """Embedding model of the folder."""
    description: str | None = None
    """Description of the folder."""
    instructions: str | None = None
    """Instructions for agents on how to use the folder."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the folder."""
    organization_id: str | None = None
    """ID of the organization that the folder belongs to."""
    vector_db_provider: str | None = None
    """Where the embeddings are, such as `native`; only in the folders of an agent."""
    created_by_id: str | None = None
    """ID of the user who created the folder."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the folder last."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""


@attrs.frozen(kw_only=True)
class FileMetadata(WireObject):
    """A file in a folder. Source: `FileMetadata` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`file-<uuid4>`."""
    source_id: str
    """ID of the folder, `source-<uuid4>`."""
    file_name: str | None = None
    """Name of the file in the folder."""
    original_file_name: str | None = None
    """Name of the file as it was uploaded."""
    file_path: str | None = None
    """Path of the file on the server."""
    file_type: str | None = None
    """Media type, such as `text/plain`."""
    file_size: int | None = None
    """Size, in bytes."""
    file_creation_date: str | None = None
    """Time at which the file was created."""
    file_last_modified_date: str | None = None
    """Time at which the file was last modified."""
    processing_status: str | None = None
    """State of the processing: `pending`, `parsing`, `embedding`, `completed` or `error`."""
    error_message: str | None = None
    """Error of the processing."""
    total_chunks: int | None = None
    """Number of pieces that the file was cut into."""
    chunks_embedded: int | None = None
    """Number of pieces that are embedded."""
    content: str | None = None
    """Text of the file, where the call was asked to include it."""
    organization_id: str | None = None
    """ID of the organization that the file belongs to."""
    created_at: datetime | None = None
    """Time of the upload."""
    updated_at: datetime | None = None
    """Time of the last change."""


@attrs.frozen(kw_only=True)
class AgentFileAttachment(WireObject):
    """A file that an agent can open. Source: `AgentFileAttachment` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """ID of the relation between agent and file."""
    file_id: str
    """ID of the file, `file-<uuid4>`."""
    file_name: str
    """Name of the file."""
    folder_id: str
    """ID of the folder, `source-<uuid4>`."""
    folder_name: str
    """Name of the folder."""
    is_open: bool
    """Whether the file is open in the agent's context."""
    visible_content: str | None = None
    """Part of the file that the agent sees."""
    start_line: int | None = None
    """First line that the agent sees."""
    end_line: int | None = None
    """Last line that the agent sees."""
    last_accessed_at: datetime | None = None
    """Time at which the agent last used the file."""
