"""What every part needs: the package, in the version that both were built from."""

from __future__ import annotations

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class SameVersion(MetadataHookInterface):
    """Pin the package, before what the part's `pyproject.toml` lists as `needs`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the dependencies."""
        metadata["dependencies"] = [f"letta-async=={metadata['version']}", *self.config.get("needs", [])]
