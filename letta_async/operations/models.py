"""Calls under `/v1/models`."""

from __future__ import annotations

from typing import ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._operation import GET, Endpoint, InQuery, Operation, operation
from letta_async.types.model import EmbeddingModel, Model, ProviderCategory, ProviderType

__all__ = ["ListEmbeddingModels", "ListModels"]


@operation
class ListModels(Operation[list[Model]]):
    """List the models for agents. The list comes whole, without pages."""

    http: ClassVar[Endpoint] = GET("/v1/models/")

    provider_category: InQuery[list[ProviderCategory] | None] = UNSET
    """List models of the server's providers (`base`), of those with a key of yours (`byok`), or both. Server default:
    both."""
    provider_name: InQuery[str | None] = UNSET
    """List models of the provider with this name."""
    provider_type: InQuery[ProviderType | None] = UNSET
    """List models of providers of this kind."""


@operation
class ListEmbeddingModels(Operation[list[EmbeddingModel]]):
    """List the models for embeddings. The list comes whole, without pages."""

    http: ClassVar[Endpoint] = GET("/v1/models/embedding")
