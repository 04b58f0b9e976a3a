"""A request as the handlers get it: routed, read and found well-formed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from letta_async.testing._validation import Fields

__all__ = ["Call"]


@attrs.frozen(kw_only=True)
class Call:
    """One request."""

    path: Mapping[str, str]
    """The path parameters, by the server's names for them."""
    query: Fields
    body: Any
    """The body as read; `None` where there is none."""
    headers: Mapping[str, str]

    def relations(self, *, everything: bool = True) -> frozenset[str]:
        """Tell which relations of an agent the answer shows.

        Those that `include` names, or else the older `include_relationships`. Where neither says anything: none for
        clients of version 1 (told by their headers; a request without a user agent counts as one), all for others.
        Where a call never shows everything, only `include` counts.
        """
        include: list[str] = self.query["include"]
        asked: list[str] | None = [] if include or not everything else self.query["include_relationships"]
        if asked is None:
            asked = [] if self.is_version_1() else ["memory", "tags", "secrets"]
        shown = {"memory", "tags", "secrets"}.intersection(asked)
        if "tool_exec_environment_variables" in asked:
            shown.add("secrets")
        if "memory" in shown:
            shown.add("tags")
        for name, relations in (("blocks", ("memory", "tags")), ("tags", ("tags",)), ("secrets", ("secrets",))):
            if f"agent.{name}" in include:
                shown.update(relations)
        return frozenset(shown)

    def is_version_1(self) -> bool:
        """Tell whether the client is of version 1, or says nothing about itself."""
        agent = self.headers.get("user-agent")
        if self.headers.get("x-stainless-package-version") or not agent:
            return True
        name, _, version = agent.rpartition("/")
        return name in {"letta-client", "@letta-ai/letta-client"} and version.startswith("1.")
