"""Archives, which agents share, and the passages in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

import attrs

from letta_async._schema.constraints import TextWithNul
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
from letta_async.types.folder import EmbeddingConfig

__all__ = [
    "Archive",
    "Passage",
    "PassageCreate",
    "PassageSearchResponse",
    "PassageSearchResponseItem",
    "PassageSearchResult",
    "VectorDBProvider",
]

VectorDBProvider = Literal["native", "tpuf", "pinecone"]
"""Place of the embeddings of an archive: the server's own database, Turbopuffer or Pinecone."""


def _shown_by_length(numbers: list[float] | None) -> str:
    """Return the `repr` of an embedding, which has thousands of numbers: how many they are."""
    return "None" if numbers is None else f"<{len(numbers)} numbers>"


@attrs.frozen(kw_only=True)
class Archive(WireObject):
    """A collection of passages that agents can search. Source: `Archive` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`archive-<uuid4>`."""
    name: str | None = None
    """Name of the archive; several can have the same."""
    description: str | None = None
    """Description of the archive."""
    embedding_config: EmbeddingConfig | None = None
    """Embedding model of the passages; `None` for an archive that is searched by words alone."""
    vector_db_provider: str | None = None
    """Place of the embeddings: `native` for the server's own database, `tpuf` or `pinecone`."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the archive."""
    organization_id: str | None = None
    """ID of the organization that the archive belongs to."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""
    created_by_id: str | None = None
    """ID of the user who created the archive."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the archive last."""


@attrs.frozen(kw_only=True)
class Passage(WireObject):
    """A text in an archive or of a file. Source: `Passage` in the OpenAPI description of Letta 0.16.8."""

    id: str | None = None
    """`passage-<uuid4>`."""
    text: str
    """The text."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags to find the passage by."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the passage."""
    archive_id: str | None = None
    """ID of the archive, `archive-<uuid4>`; `None` for a passage of a file."""
    source_id: str | None = None
    """ID of the folder, `source-<uuid4>`; `None` for a passage of an archive."""
    file_id: str | None = None
    """ID of the file, `file-<uuid4>`; `None` for a passage of an archive."""
    file_name: str | None = None
    """Name of the file; `None` for a passage of an archive."""
    embedding: list[float] | None = attrs.field(default=None, hash=False, repr=_shown_by_length)
    """Embedding of the text; its length is shown in the `repr`. Letta 0.16.8 on PostgreSQL pads it with zeros to 4096
    numbers."""
    embedding_config: EmbeddingConfig | None = None
    """Embedding model of the passage."""
    is_deleted: bool | None = None
    """Whether the passage was deleted."""
    organization_id: str | None = None
    """ID of the organization that the passage belongs to."""
    created_at: datetime | None = None
    """Time of creation, or the one that was passed for it."""
    updated_at: datetime | None = None
    """Time of the last change."""
    created_by_id: str | None = None
    """ID of the user who created the passage."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the passage last."""


@attrs.frozen(kw_only=True)
class PassageCreate(WireObject):
    """Passage to create in an archive, in the `passages` of `archives.passages.create_many`."""

    copied_from: ClassVar[tuple[type, ...]] = (Passage,)

    text: TextWithNul
    """Text of the passage."""
    tags: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Tags to find the passage by."""
    metadata: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """JSON object to store with the passage."""
    created_at: datetime | Unset | None = UNSET
    """Time of creation. Server default: now."""


@attrs.frozen(kw_only=True)
class PassageSearchResult(WireObject):
    """A passage that a search of an agent found.

    Source: `ArchivalMemorySearchResult` in the OpenAPI description of Letta 0.16.8.
    """

    id: str
    """`passage-<uuid4>`."""
    content: str
    """Text of the passage."""
    timestamp: str | None = None
    """Time of creation in ISO 8601, in the time zone of the agent."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags of the passage."""


@attrs.frozen(kw_only=True)
class PassageSearchResponse(WireObject):
    """Result of a search of the passages of an agent.

    Source: `ArchivalMemorySearchResponse` in the OpenAPI description of Letta 0.16.8.
    """

    results: list[PassageSearchResult] = attrs.field(hash=False)
    """Passages, the most similar first."""
    count: int | None = None
    """Number of `results`."""


@attrs.frozen(kw_only=True)
class PassageSearchResponseItem(WireObject):
    """A passage that a search of archives found.

    Source: `PassageSearchResult` in the OpenAPI description of Letta 0.16.8.
    """

    passage: Passage
    """The passage."""
    score: float | None = None
    """Similarity to the query. Letta 0.16.8 returns 0 unless the embeddings are in Turbopuffer."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """More about the similarity; empty unless the embeddings are in Turbopuffer."""
