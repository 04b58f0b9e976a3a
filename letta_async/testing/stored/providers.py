"""Model providers with keys of users: stored, never connected to."""

from __future__ import annotations

from typing import Any, Final

import attrs

from letta_async.operations import providers as calls
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, duplicate
from letta_async.testing._route import Route, route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store
from letta_async.testing.stored.collection import Collection

__all__ = ["ROUTES"]

_OWN: Final = frozenset({"letta", "openai"})
"""Names of the server's own providers."""


def _prepared(store: Store, fields: dict[str, Any]) -> dict[str, Any]:
    """Keep the keys where the server shows them; refuse a name that another provider has."""
    is_new = fields["api_key_enc"] is None
    for secret in ("api_key", "access_key"):
        if fields[secret] is not None:
            fields |= {f"{secret}_enc": fields[secret], secret: None}
    name = fields["name"]
    if is_new and name in _OWN:
        detail = f"Provider name '{name}' conflicts with an existing base provider. Please choose a different name."
        raise Refusal(400, {"detail": detail})
    if is_new and any(row.fields["name"] == name for row in PROVIDERS.rows(store)):
        key = f"(name, organization_id)=({name}, {_facts.ORGANIZATION_ID})"
        raise duplicate("Provider", "unique_name_organization_id", key)
    return fields


def _shown(_store: Store, row: StoredRow) -> dict[str, Any]:
    return {"id": row.id, **row.fields, "organization_id": _facts.ORGANIZATION_ID, "updated_at": row.updated_at}


def _check(_store: Store, call: Call) -> Any:
    """Call any key valid."""
    return {"message": f"Valid api key for provider_type={call.body['provider_type']}"}


def _check_stored(store: Store, call: Call) -> Any:
    """Call the key of a provider valid."""
    row = PROVIDERS.existing(store, call.path["provider_id"])
    return {"message": f"Valid api key for provider_type={row.fields['provider_type']}"}


def _refresh(store: Store, call: Call) -> Any:
    """Note the time; the provider has no models here."""
    row = PROVIDERS.existing(store, call.path["provider_id"])
    return _shown(store, store.put(attrs.evolve(row, fields={**row.fields, "last_synced": store.clock().isoformat()})))


PROVIDERS: Final = Collection(
    name="providers",
    prefix="provider",
    kind="Provider",
    operations=(
        calls.CreateProvider,
        calls.ListProviders,
        calls.RetrieveProvider,
        calls.UpdateProvider,
        calls.DeleteProvider,
    ),
    defaults={
        "name": None,
        "provider_type": None,
        "provider_category": "byok",
        "api_key": None,
        "base_url": None,
        "access_key": None,
        "region": None,
        "api_version": None,
        "last_synced": None,
        "api_key_enc": None,
        "access_key_enc": None,
    },
    prepare=_prepared,
    show=_shown,
)
ROUTES: Final[tuple[Route, ...]] = (
    route_of(calls.CheckProvider, _check),
    *PROVIDERS.routes,
    route_of(calls.CheckStoredProvider, _check_stored),
    route_of(calls.RefreshProvider, _refresh),
)
