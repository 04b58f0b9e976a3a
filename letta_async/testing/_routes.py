"""The calls that the server answers, and how a path finds its route.

The table is in the server's own order: a path that is known under other methods alone is answered with 405 and the
method of the first such route in `Allow`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain
from types import ModuleType
from typing import Any, Final

from letta_async.operations._tree import TREE
from letta_async.testing import (
    _agent_blocks,
    _agent_tools,
    _agents,
    _blocks,
    _compaction,
    _conversations,
    _facts,
    _messages,
    _run_calls,
    _turn_calls,
)
from letta_async.testing import _agent_requests as agents
from letta_async.testing import _requests as requests
from letta_async.testing import _turn_requests as turns
from letta_async.testing._call import Call
from letta_async.testing._errors import llm_error, unknown_error
from letta_async.testing._event_stream import EventStream
from letta_async.testing._route import ABSENT, REFUSED, Route, route_of
from letta_async.testing._scripted_routes import without_answer
from letta_async.testing._state import Store
from letta_async.testing.stored import (
    agent_contexts,
    agent_exports,
    agent_files,
    archives,
    files,
    folders,
    groups,
    identities,
    mcp_servers,
    models,
    named_mcp_servers,
    passages,
    providers,
    steps,
    tags,
    tools,
)
from letta_async.types.agent import AgentState
from letta_async.types.block import Block
from letta_async.types.compaction import CompactResponse
from letta_async.types.conversation import Conversation
from letta_async.types.message import Message
from letta_async.types.run import Run
from letta_async.types.turn_response import LettaResponse

__all__ = ["ROUTES", "match"]


def _compiled(route: Route) -> tuple[Route, re.Pattern[str]]:
    return route, re.compile("/(?:v1|latest)" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))


def _health(_store: Store, _call: Call) -> Any:
    """Tell the version, and that all is well."""
    return {"version": _facts.VERSION, "status": "ok"}


_AGENT: Final = "/agents/{agent_id}"
_CONVERSATION: Final = "/conversations/{conversation_id}"
_ANY_CONVERSATION: Final = "/conversations/{conversation_or_default}"
_RUN: Final = "/runs/{run_id}"
_BLOCK: Final = "/blocks/{block_id}"
_AGENT_BLOCKS: Final = f"{_AGENT}/core-memory/blocks"

_BEHAVING: Final = (
    Route("GET", "/agents/", _agents.list_agents, "list_agents", list[AgentState], query=agents.ListAgentsQuery),
    Route(
        "POST",
        "/agents/",
        _agents.create,
        "create_agent",
        AgentState,
        body=agents.CreateAgent,
        without_body=REFUSED,
        failures=(unknown_error,),
    ),
    Route(
        "PATCH",
        _AGENT,
        _agents.update,
        "modify_agent",
        AgentState,
        body=agents.UpdateAgent,
        without_body=REFUSED,
        failures=(unknown_error,),
    ),
    Route("GET", _AGENT, _agents.retrieve, "retrieve_agent", AgentState, query=agents.AgentQuery),
    Route("DELETE", _AGENT, _agents.delete, "delete_agent", dict[str, str]),
    Route("POST", f"{_AGENT}/recompile", _agents.recompile, "recompile_agent", str, query=agents.RecompileAgentQuery),
    Route(
        "GET",
        f"{_AGENT}/messages",
        _messages.list_of_agent,
        "list_messages",
        list[Message],
        query=turns.AgentMessagesQuery,
    ),
    Route(
        "POST",
        f"{_AGENT}/messages",
        _turn_calls.create,
        "send_message",
        LettaResponse,
        body=turns.StreamingTurn,
        without_body=REFUSED,
        failures=(llm_error,),
    ),
    Route(
        "POST",
        f"{_AGENT}/messages/stream",
        _turn_calls.stream,
        "create_agent_message_stream",
        EventStream,
        body=turns.StreamingTurn,
        without_body=REFUSED,
    ),
    Route(
        "POST",
        f"{_AGENT}/messages/cancel",
        _run_calls.cancel_of_agent,
        "cancel_message",
        dict[str, Any],
        body=turns.CancelRuns,
    ),
    Route(
        "POST",
        f"{_AGENT}/messages/async",
        _turn_calls.create_async,
        "create_agent_message_async",
        Run,
        body=turns.AsyncTurn,
        without_body=REFUSED,
    ),
    Route(
        "PATCH",
        f"{_AGENT}/reset-messages",
        _messages.reset,
        "reset_messages",
        AgentState,
        body=turns.ResetMessages,
        without_body=REFUSED,
    ),
    Route(
        "POST",
        f"{_AGENT}/summarize",
        _compaction.summarize,
        "summarize_messages",
        CompactResponse,
        body=turns.Summarize,
        failures=(llm_error,),
    ),
    Route("POST", f"{_AGENT}/system-prompt/recompile", _agents.recompile, query=agents.RecompileAgentQuery),
    Route(
        "POST",
        "/conversations/",
        _conversations.create,
        "create_conversation",
        Conversation,
        query=requests.CreateConversationQuery,
        body=requests.CreateConversation,
        without_body=ABSENT,
    ),
    Route(
        "GET",
        "/conversations/",
        _conversations.list_conversations,
        "list_conversations",
        list[Conversation],
        query=requests.ConversationsQuery,
    ),
    Route("GET", _CONVERSATION, _conversations.retrieve, "retrieve_conversation", Conversation),
    Route(
        "PATCH",
        _CONVERSATION,
        _conversations.update,
        "update_conversation",
        Conversation,
        body=requests.UpdateConversation,
        without_body=REFUSED,
    ),
    Route(
        "POST",
        f"{_ANY_CONVERSATION}/fork",
        _conversations.fork,
        "fork_conversation",
        Conversation,
        query=requests.DirectQuery,
    ),
    Route("DELETE", _CONVERSATION, _conversations.delete, "delete_conversation", None),
    Route(
        "GET",
        f"{_ANY_CONVERSATION}/messages",
        _messages.list_messages,
        "list_conversation_messages",
        list[Message],
        query=requests.MessagesQuery,
    ),
    Route(
        "POST",
        f"{_ANY_CONVERSATION}/messages",
        _turn_calls.create_in_conversation,
        "send_conversation_message",
        EventStream,
        body=turns.ConversationTurn,
        without_body=REFUSED,
        failures=(llm_error,),
    ),
    Route(
        "POST",
        f"{_ANY_CONVERSATION}/stream",
        _run_calls.stream_conversation,
        "retrieve_conversation_stream",
        EventStream,
        body=turns.ResumeConversation,
    ),
    Route(
        "POST",
        f"{_ANY_CONVERSATION}/cancel",
        _run_calls.cancel_of_conversation,
        "cancel_conversation",
        dict[str, Any],
        query=requests.DirectQuery,
    ),
    Route(
        "POST",
        f"{_ANY_CONVERSATION}/recompile",
        _conversations.recompile,
        "recompile_conversation",
        str,
        query=requests.RecompileQuery,
        body=requests.CompactionRequest,
    ),
    Route(
        "POST",
        f"{_ANY_CONVERSATION}/compact",
        _compaction.compact,
        "compact_conversation",
        CompactResponse,
        body=requests.CompactionRequest,
        failures=(llm_error,),
    ),
    Route("GET", "/blocks/", _blocks.list_blocks, "list_blocks", list[Block], query=requests.BlocksQuery),
    Route("POST", "/blocks/", _blocks.create, "create_block", Block, body=requests.CreateBlock, without_body=REFUSED),
    Route("PATCH", _BLOCK, _blocks.update, "modify_block", Block, body=requests.UpdateBlock, without_body=REFUSED),
    Route("DELETE", _BLOCK, _blocks.delete, "delete_block", None),
    Route("GET", _BLOCK, _blocks.retrieve, "retrieve_block", Block),
    Route(
        "GET",
        f"{_BLOCK}/agents",
        _agents.list_of_block,
        "list_agents_for_block",
        list[AgentState],
        query=requests.BlockAgentsQuery,
    ),
    Route("GET", f"{_AGENT_BLOCKS}/{{block_label}}", _agent_blocks.retrieve, "retrieve_core_memory_block", Block),
    Route(
        "GET",
        _AGENT_BLOCKS,
        _agent_blocks.list_blocks,
        "list_core_memory_blocks",
        list[Block],
        query=requests.AgentBlocksQuery,
    ),
    Route(
        "PATCH",
        f"{_AGENT_BLOCKS}/{{block_label}}",
        _agent_blocks.update,
        "modify_core_memory_block",
        Block,
        body=requests.UpdateBlock,
        without_body=REFUSED,
    ),
    Route(
        "PATCH",
        f"{_AGENT_BLOCKS}/attach/{{block_id}}",
        _agent_blocks.attach,
        "attach_core_memory_block",
        AgentState,
    ),
    Route(
        "PATCH",
        f"{_AGENT_BLOCKS}/detach/{{block_id}}",
        _agent_blocks.detach,
        "detach_core_memory_block",
        AgentState,
    ),
    Route("GET", "/runs/", _run_calls.list_runs, "list_runs", list[Run], query=turns.RunsQuery),
    Route("GET", _RUN, _run_calls.retrieve, "retrieve_run", Run),
    Route(
        "GET",
        f"{_RUN}/messages",
        _run_calls.list_messages,
        "list_messages_for_run",
        list[Message],
        query=turns.RunMessagesQuery,
    ),
    Route(
        "POST",
        f"{_RUN}/stream",
        _run_calls.stream,
        "retrieve_stream_for_run",
        EventStream,
        body=turns.ResumeRun,
        failures=(unknown_error,),
    ),
    Route("GET", "/messages/", _messages.list_all, "list_all_messages", list[Message], query=turns.AllMessagesQuery),
    Route(
        "POST",
        "/messages/search",
        _messages.search,
        "search_all_messages",
        list[dict[str, Any]],
        body=turns.SearchMessages,
        without_body=REFUSED,
    ),
    Route("GET", "/messages/{message_id}", _messages.retrieve, "retrieve_message", list[Message]),
    Route("GET", "/health/", _health, "check_health", dict[str, str]),
    Route("GET", "/ready/", _health),
)


def _shape(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"\{\w+\}", "{}", path)


def _routes() -> tuple[Route, ...]:
    """Return all routes; those of calls that are only stored, and then those without code here, follow the others."""
    stored = chain.from_iterable(module.ROUTES for module in _STORING)
    routes = {_shape(route.method, route.path): route for route in (*_BEHAVING, *stored)}
    for operation in TREE.values():
        shape = _shape(operation.http.method, operation.http.path.removeprefix("/v1"))
        if shape not in routes:
            routes[shape] = route_of(operation, without_answer(operation), scripted=True)
    return tuple(routes.values())


_STORING: Final[tuple[ModuleType, ...]] = (
    _agent_tools,
    agent_contexts,
    agent_exports,
    agent_files,
    archives,
    files,
    folders,
    groups,
    identities,
    mcp_servers,
    models,
    named_mcp_servers,
    passages,
    providers,
    steps,
    tags,
    tools,
)
"""Modules with the `ROUTES` of what is only stored."""
ROUTES: Final = _routes()
_PATTERNS: Final = tuple(map(_compiled, sorted(ROUTES, key=lambda route: route.path.count("{"))))
"""Those with fewer parameters first: what a path says literally is no parameter."""


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
