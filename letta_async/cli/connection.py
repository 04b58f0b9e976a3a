"""Where the server is and who asks: from options, files and the environment, never a key from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import attrs

from letta_async._schema.unset import UNSET
from letta_async.cli.failing import Refusal
from letta_async.client import AsyncLetta

__all__ = ["Connection"]


@attrs.frozen(kw_only=True)
class Connection:
    """What the options about the server say; what they leave out comes from the environment."""

    base_url: str | None = None
    environment: Literal["cloud", "local"] | None = None
    api_key_file: Path | None = None
    max_concurrency: int = 256

    def __attrs_post_init__(self) -> None:
        if self.base_url is not None and self.environment is not None:
            raise Refusal("--base-url and --environment exclude each other")

    def client(self) -> AsyncLetta:
        """Make a client.

        Raises:
            Refusal: the key's file cannot be read, or is empty.
            InvalidArgumentError: an option is wrong.

        """
        return AsyncLetta(**self.options(), api_key=self._key())

    def options(self) -> dict[str, Any]:
        """Give what a client is made with, but for the key."""
        return {
            "environment": self.environment or UNSET,
            "base_url": None
            if self.environment
            else self.base_url or UNSET,  # what is typed goes before LETTA_BASE_URL
            "max_concurrency": self.max_concurrency,
        }

    def _key(self) -> str | None:
        if self.api_key_file is None:
            return None
        try:
            key = self.api_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise Refusal(f"--api-key-file: {str(self.api_key_file)!r} cannot be read: {reason}") from None
        if not key:
            raise Refusal(f"--api-key-file: {str(self.api_key_file)!r} is empty")
        return key
