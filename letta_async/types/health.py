"""State of a server."""

from __future__ import annotations

import attrs

from letta_async._schema.wire_object import WireObject

__all__ = ["HealthResponse"]


@attrs.frozen(kw_only=True)
class HealthResponse(WireObject):
    """State of a server. Source: `Health` in the OpenAPI description of Letta 0.16.8."""

    version: str | None = None
    """Version of the server, such as `0.16.8`."""
    status: str | None = None
    """State of the server; `ok`."""
