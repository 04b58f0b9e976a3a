"""The calls that the server answers, and how a path finds its route.

The table is in the server's own order: a path that is known under other methods alone is answered with 405 and the
method of the first such route in `Allow`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from letta_async.testing import _agent_requests as agents
from letta_async.testing import _agents, _blocks, _conversations, _facts, _messages
from letta_async.testing import _requests as requests
from letta_async.testing._call import Call
from letta_async.testing._state import Store

__all__ = ["ABSENT", "REFUSED", "ROUTES", "Route", "match"]

REFUSED: Final = object()
"""What stands for a missing body where one is required."""
ABSENT: Final = object()
"""What stands for a missing body where a class fills in for it."""


@attrs.frozen
class Query:
    """The query of a call that takes none."""


@attrs.frozen
class Route:
    """A call: its method and path, what it reads, and what answers it."""

    method: str
    path: str
    answer: Callable[[Store, Call], Any]
    query: type = Query
    body: Any = None
    """Annotation of the body; `None` where the call reads none."""
    without_body: object = None
    """What a missing or null body is read as: `None`, `ABSENT` or `REFUSED`."""


def _compiled(route: Route) -> tuple[Route, re.Pattern[str]]:
    return route, re.compile("/(?:v1|latest)" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))


def _health(_store: Store, _call: Call) -> Any:
    return {"version": _facts.VERSION, "status": "ok"}


_AGENT: Final = "/agents/{agent_id}"
_CONVERSATION: Final = "/conversations/{conversation_id}"
_ANY_CONVERSATION: Final = "/conversations/{conversation_or_default}"
_BLOCK: Final = "/blocks/{block_id}"
_COMPACTION: Final = requests.CompactionRequest

ROUTES: Final = (
    Route("GET", "/agents/", _agents.list_agents, agents.ListAgentsQuery),
    Route("POST", "/agents/", _agents.create, body=agents.CreateAgent, without_body=REFUSED),
    Route("PATCH", _AGENT, _agents.update, body=agents.UpdateAgent, without_body=REFUSED),
    Route("GET", _AGENT, _agents.retrieve, agents.AgentQuery),
    Route("DELETE", _AGENT, _agents.delete),
    Route("POST", f"{_AGENT}/recompile", _agents.recompile, agents.RecompileAgentQuery),
    Route("POST", f"{_AGENT}/system-prompt/recompile", _agents.recompile, agents.RecompileAgentQuery),
    Route(
        "POST",
        "/conversations/",
        _conversations.create,
        requests.CreateConversationQuery,
        requests.CreateConversation,
        ABSENT,
    ),
    Route("GET", "/conversations/", _conversations.list_conversations, requests.ConversationsQuery),
    Route("GET", _CONVERSATION, _conversations.retrieve),
    Route("PATCH", _CONVERSATION, _conversations.update, body=requests.UpdateConversation, without_body=REFUSED),
    Route("POST", f"{_ANY_CONVERSATION}/fork", _conversations.fork, requests.DirectQuery),
    Route("DELETE", _CONVERSATION, _conversations.delete),
    Route("GET", f"{_ANY_CONVERSATION}/messages", _messages.list_messages, requests.MessagesQuery),
    Route("POST", f"{_ANY_CONVERSATION}/cancel", _conversations.cancel, requests.DirectQuery),
    Route("POST", f"{_ANY_CONVERSATION}/recompile", _conversations.recompile, requests.RecompileQuery, _COMPACTION),
    Route("POST", f"{_ANY_CONVERSATION}/compact", _conversations.compact, body=_COMPACTION),
    Route("GET", "/blocks/", _blocks.list_blocks, requests.BlocksQuery),
    Route("POST", "/blocks/", _blocks.create, body=requests.CreateBlock, without_body=REFUSED),
    Route("PATCH", _BLOCK, _blocks.update, body=requests.UpdateBlock, without_body=REFUSED),
    Route("DELETE", _BLOCK, _blocks.delete),
    Route("GET", _BLOCK, _blocks.retrieve),
    Route("GET", f"{_BLOCK}/agents", _agents.list_of_block, requests.BlockAgentsQuery),
    Route("GET", "/health/", _health),
    Route("GET", "/ready/", _health),
)


_PATTERNS: Final = tuple(map(_compiled, ROUTES))


def match(method: str, path: str) -> tuple[Route, Mapping[str, str]] | str | None:
    """Find the route of a decoded path, with its parameters; or the method that is allowed there; or nothing."""
    allowed: str | None = None
    for route, pattern in _PATTERNS:
        found = pattern.fullmatch(path)
        if found is not None:
            if route.method == method:
                return route, found.groupdict()
            allowed = allowed or route.method
    return allowed
