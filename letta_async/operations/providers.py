"""Calls under `/v1/providers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    ProviderId,
    SecretText,
    operation,
)
from letta_async.types.model import ProviderType
from letta_async.types.provider import Provider

__all__ = [
    "CheckProvider",
    "CheckStoredProvider",
    "CreateProvider",
    "DeleteProvider",
    "ListProviders",
    "RefreshProvider",
    "RetrieveProvider",
    "UpdateProvider",
]

Answer = TypeVar("Answer")


@operation
class _KeyOperation(Operation[Answer], Generic[Answer]):
    """A call about a key for a provider."""

    api_key: InBody[SecretText] = attrs.field(repr=False, metadata=SECRET)
    """Key; no error message and no `repr` shows it."""
    access_key: InBody[SecretText | None] = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Access key, for Bedrock; no error message and no `repr` shows it."""
    region: InBody[str | None] = UNSET
    """Region, for Bedrock."""
    base_url: InBody[str | None] = UNSET
    """URL of the provider. Server default: that of its kind."""
    api_version: InBody[str | None] = UNSET
    """API version, for Azure."""


@operation
class _NewKeyOperation(_KeyOperation[Answer], Generic[Answer]):
    """A call about a key that no provider has yet."""

    provider_type: InBody[ProviderType]
    """Kind of the provider."""


@operation
class CreateProvider(_NewKeyOperation[Provider]):
    """Add a model provider with a key of your own. The server fetches the list of its models if it can be reached.

    Raises:
        BadRequestError: A provider of the server has this name.
        ConflictError: There is a provider with this name.

    """

    http: ClassVar[Endpoint] = POST("/v1/providers/")

    name: InBody[str]
    """Name of the provider."""


@operation
class ListProviders(CreationOrder, IdListing[Provider]):
    """List the providers that users added. Those of the server itself are not listed."""

    http: ClassVar[Endpoint] = GET("/v1/providers/")
    item: ClassVar[str] = "provider"

    after: InQuery[ProviderId | None] = UNSET
    before: InQuery[ProviderId | None] = UNSET
    name: InQuery[str | None] = UNSET
    """List the provider with this name."""
    provider_type: InQuery[ProviderType | None] = UNSET
    """List providers of this kind."""


@operation
class RetrieveProvider(Operation[Provider]):
    """Retrieve a provider. Letta 0.16.8 returns deleted ones too, without their keys.

    Raises:
        NotFoundError: There is no such provider.

    """

    http: ClassVar[Endpoint] = GET("/v1/providers/{provider_id}")

    provider_id: InPath[ProviderId]
    """`provider-<uuid4>`."""


@operation
class UpdateProvider(_KeyOperation[Provider]):
    """Update a provider. A parameter that is left out keeps its value, and so does one that is `None`.

    Raises:
        NotFoundError: There is no such provider.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/providers/{provider_id}")

    provider_id: InPath[ProviderId]
    """`provider-<uuid4>`."""
    api_key: InBody[SecretText] = attrs.field(repr=False, metadata=SECRET)
    """Key, which the server requires for any change; no error message and no `repr` shows it."""


@operation
class DeleteProvider(Operation[None]):
    """Delete a provider. Its models are no longer listed.

    Raises:
        NotFoundError: There is no such provider, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/providers/{provider_id}")

    provider_id: InPath[ProviderId]
    """`provider-<uuid4>`."""


@operation
class CheckProvider(_NewKeyOperation[Mapping[str, Any]]):
    """Check a key: the server lists the provider's models with it. Nothing is stored.

    Returns:
        A JSON object with a `message`, if the key is valid.

    """

    http: ClassVar[Endpoint] = POST("/v1/providers/check", repeatable=True)


@operation
class CheckStoredProvider(Operation[Mapping[str, Any]]):
    """Check the key of a provider: the server lists the provider's models with it.

    Returns:
        A JSON object with a `message`, if the key is valid.

    Raises:
        NotFoundError: There is no such provider.

    """

    http: ClassVar[Endpoint] = POST("/v1/providers/{provider_id}/check", repeatable=True)

    provider_id: InPath[ProviderId]
    """`provider-<uuid4>`."""


@operation
class RefreshProvider(Operation[Provider]):
    """Fetch the list of a provider's models: add new ones, remove those that are gone.

    Letta 0.16.8 does nothing if the provider cannot be reached; `last_synced` tells.

    Raises:
        NotFoundError: There is no such provider.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/providers/{provider_id}/refresh", body_required=False)

    provider_id: InPath[ProviderId]
    """`provider-<uuid4>`."""
