"""Connection to the server, by options of the command line, files and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import attrs

from letta_async._http.proxies import environment_proxy
from letta_async._schema.unset import UNSET
from letta_async.cli.error_messages import Refusal
from letta_async.client import AsyncLetta
from letta_async.errors import InvalidArgumentError

__all__ = ["Connection"]


@attrs.frozen(kw_only=True)
class Connection:
    """Options of the connection to the server; those that are not given come from the environment."""

    base_url: str | None = None
    environment: Literal["cloud", "local"] | None = None
    api_key_file: Path | None = None
    project: str | None = None
    project_id: str | None = None
    timeout: float | None = None
    max_retries: int | None = None
    proxy: str | None = None
    trust_env: bool = False
    max_concurrency: int = 256

    def __attrs_post_init__(self) -> None:
        if self.base_url is not None and self.environment is not None:
            raise Refusal("--base-url and --environment exclude each other")
        if self.proxy is not None and "@" in self.proxy.partition("://")[2].partition("/")[0]:
            raise Refusal(
                "--proxy: other users could read its user name and password there; "
                "put the URL into HTTPS_PROXY or HTTP_PROXY, and use --trust-env"
            )

    def client(self) -> AsyncLetta:
        """Create a client.

        Raises:
            InvalidArgumentError: An option is wrong, or the key's file cannot be read.

        """
        return AsyncLetta(**self.options(), api_key_file=self.api_key_file)

    def options(self) -> dict[str, Any]:
        """Return the arguments of the client, except for the API key."""
        return {
            "environment": self.environment or UNSET,
            "base_url": None
            if self.environment
            else self.base_url or UNSET,  # an option takes precedence over LETTA_BASE_URL
            "project": self.project,
            "project_id": self.project_id,
            "timeout": UNSET if self.timeout is None else self.timeout,
            "max_retries": UNSET if self.max_retries is None else self.max_retries,
            "proxy": self.proxy,
            "trust_env": self.trust_env,
            "max_concurrency": self.max_concurrency,
        }

    def unused_proxy(self, base_url: str) -> str | None:
        """Return the environment variable that names a proxy for a server, if no option says to use it."""
        if self.proxy is not None or self.trust_env:
            return None
        try:
            found = environment_proxy(base_url)
        except InvalidArgumentError as error:  # one that could not be used, such as SOCKS
            return error.faults[0].path
        return None if found is None else found.variable
