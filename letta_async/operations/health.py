"""The call that checks a server's health."""

from __future__ import annotations

from typing import ClassVar

from letta_async.operations._operation import GET, Endpoint, Operation, operation
from letta_async.types.health import HealthResponse

__all__ = ["CheckHealth"]


@operation
class CheckHealth(Operation[HealthResponse]):
    """Return the version of the server. A server that responds is up, but a secret key may still be wrong."""

    http: ClassVar[Endpoint] = GET("/v1/health/")
