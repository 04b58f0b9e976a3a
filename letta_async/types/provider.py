"""Model providers that users add with keys of their own."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async._schema.record import SECRET, without_password
from letta_async._schema.wire_object import WireObject

__all__ = ["Provider"]


@attrs.frozen(kw_only=True)
class Provider(WireObject):
    """A model provider. Source: `Provider` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`provider-<uuid4>`."""
    name: str | None = None
    """Name of the provider."""
    provider_type: str | None = None
    """Kind of the provider, such as `openai`."""
    provider_category: str | None = None
    """Owner of the provider: `byok` for one with a key of a user."""
    base_url: str | None = attrs.field(default=None, repr=without_password)
    """URL of the provider."""
    region: str | None = None
    """Region of the provider."""
    api_version: str | None = None
    """API version of the provider."""
    api_key: str | None = attrs.field(default=None, repr=False, metadata=SECRET)
    """Key; always `None` on Letta 0.16.8. Not in the `repr`, and masked in `to_dict`, as the secrets below."""
    access_key: str | None = attrs.field(default=None, repr=False, metadata=SECRET)
    """Access key; always `None` on Letta 0.16.8."""
    api_key_enc: str | None = attrs.field(default=None, repr=False, metadata=SECRET)
    """Key as it is stored: encrypted only if the server is configured so."""
    access_key_enc: str | None = attrs.field(default=None, repr=False, metadata=SECRET)
    """Access key as it is stored: encrypted only if the server is configured so."""
    organization_id: str | None = None
    """ID of the organization that the provider belongs to."""
    updated_at: datetime | None = None
    """Time of the last change."""
    last_synced: datetime | None = None
    """Time when the list of the provider's models was last fetched."""
