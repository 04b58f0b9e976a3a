"""A validated request, as handlers receive it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from letta_async.testing._forms import FormPart
from letta_async.testing._validation import Fields

__all__ = ["Call"]


_RELATIONS: Final = ("memory", "tags", "secrets", "tools", "identities", "multi_agent_group", "sources")
_INCLUDED: Final[Mapping[str, tuple[str, ...]]] = {
    "blocks": ("memory", "tags"),
    "tags": ("tags",),
    "secrets": ("secrets",),
    "tools": ("tools",),
    "identities": ("identities",),
    "managed_group": ("multi_agent_group",),
    "sources": ("sources",),
}
"""Relations that the response includes for each optional part of an agent, named without `agent.`."""


@attrs.frozen(kw_only=True)
class Call:
    """A validated request."""

    path: Mapping[str, str]
    """The path parameters, by the names that the server uses."""
    query: Fields
    body: Any
    """The body with its fields read and defaults filled in; `None` if there is none."""
    headers: Mapping[str, str]
    form: Mapping[str, FormPart] = attrs.field(factory=dict[str, FormPart])
    """The parts of a body that is a form."""

    def shown_relations(self, *, everything: bool = True) -> frozenset[str]:
        """Return the relations of an agent that the response includes: of those in `_RELATIONS`.

        These are the ones that `include` names, or else the older `include_relationships`. If neither is given, none
        for clients of version 1 (recognized by headers; also a request without a user agent), and all for others.

        Args:
            everything: All relations may be the default; if false, only `include` counts. Default: `True`.

        """
        include: list[str] = self.query["include"] or []
        asked: list[str] | None = [] if include or not everything else self.query["include_relationships"]
        if asked is None:
            asked = [] if self.is_version_1() else [*_RELATIONS]
        shown = set[str](_RELATIONS).intersection(asked)
        if "tool_exec_environment_variables" in asked:
            shown.add("secrets")
        if "memory" in shown:
            shown.add("tags")
        for name, relations in _INCLUDED.items():
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
