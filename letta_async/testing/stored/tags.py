"""Tags of agents and blocks."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from letta_async.operations.tags import ListTags
from letta_async.testing._call import Call
from letta_async.testing._route import route_of
from letta_async.testing._state import Store, check_stored, checked_limit, like

__all__ = ["ROUTES"]


def _list(store: Store, call: Call) -> Any:
    """Return the tags of all agents and blocks, each once, in alphabetical order."""
    query = call.query
    check_stored(*query.values())
    descending = query["order"] == "desc"
    first, last = (query["before"], query["after"]) if descending else (query["after"], query["before"])
    matches = like(query["name"] or query["query_text"] or "", ignore_case=True)
    tagged = chain((agent.tags for agent in store.agents.values()), (block.tags for block in store.blocks.values()))
    tags = set(chain.from_iterable(tagged))
    found = [tag for tag in tags if matches(tag) and (not first or tag > first) and (not last or tag < last)]
    limit = 50 if query["limit"] is None else checked_limit(query["limit"])
    return sorted(found, reverse=descending)[:limit]


ROUTES: Final = (route_of(ListTags, _list),)
"""Route of tags."""
