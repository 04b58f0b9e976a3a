"""Tools: those that every server has, and those that clients make. None is ever run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from letta_async.operations import tools as calls
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, invalid_argument
from letta_async.testing._request_classes import reads
from letta_async.testing._route import Handler, Route, route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store, check_numbers, check_stored, checked_limit, like, page
from letta_async.testing._tool_schemas import derive, derive_from_arguments
from letta_async.testing.stored.collection import Collection

__all__ = ["ROUTES", "base_tool_ids", "find", "ids_of_names", "named", "show"]

_TYPES: Final = (
    "custom",
    "letta_core",
    "letta_memory_core",
    "letta_multi_agent_core",
    "letta_sleeptime_core",
    "letta_voice_sleeptime_core",
    "letta_builtin",
    "letta_files_core",
    "external_langchain",
    "external_composio",
    "external_mcp",
)
_FIELDS: Final[Mapping[str, Any]] = {
    "tool_type": "custom",
    "description": None,
    "source_type": "json",
    "name": None,
    "tags": [],
    "source_code": None,
    "json_schema": None,
    "args_json_schema": {},
    "return_char_limit": 50_000,
    "pip_requirements": None,
    "npm_requirements": None,
    "default_requires_approval": None,
    "enable_parallel_execution": False,
    "created_by_id": _facts.USER_ID,
    "last_updated_by_id": _facts.USER_ID,
    "metadata_": {},
    "project_id": None,
}
"""Fields of a tool in the order of the response, with the server's defaults."""
_BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)


def show(_store: Store, row: StoredRow) -> dict[str, Any]:
    """Return the JSON of a tool."""
    return {"id": row.id, **row.fields}


_TOOLS: Final = Collection(name="tools", prefix="tool", kind="Tool", operations=(), defaults=_FIELDS, show=show)


def _base_tool(number: int, name: str, tool_type: str) -> StoredRow:
    schema: dict[str, Any] = {
        "name": name,
        "description": "",
        "parameters": {"type": "object", "properties": {}, "required": []},
    }
    own = {"tool_type": tool_type, "description": "", "source_type": "python", "name": name, "tags": [tool_type]}
    return StoredRow(
        id=f"tool-00000000-0000-4000-8000-{number:012}",
        sequence=-number,
        created_at=_BEGINNING,
        updated_at=_BEGINNING,
        collection="tools",
        fields={**_FIELDS, **own, "json_schema": schema, "args_json_schema": None},
    )


_BASE: Final[Mapping[str, StoredRow]] = {
    row.id: row for row in (_base_tool(number + 1, *each) for number, each in enumerate(_facts.BASE_TOOLS.items()))
}
"""Tools that every server has. They have no text but their name, and are stored once they are changed."""


# --- for agents -------------------------------------------------------------------------------------------------------


def _rows(store: Store) -> dict[str, StoredRow]:
    """Return all tools by ID."""
    return {**_BASE, **{row.id: row for row in _TOOLS.rows(store)}}


def find(store: Store, tool_id: str) -> StoredRow | None:
    """Return a tool; `None` if there is no such tool."""
    row = store.rows.get(tool_id)
    return row if row is not None and row.collection == "tools" else _BASE.get(tool_id)


def named(store: Store, name: str) -> StoredRow | None:
    """Return the tool with a name; `None` if there is none."""
    return next((row for row in _rows(store).values() if row.fields["name"] == name), None)


def ids_of_names(store: Store, names: Iterable[str]) -> list[str]:
    """Return the IDs of tools with these names.

    Raises:
        Refusal: There is no tool with one of the names.

    """
    found = {row.fields["name"]: row.id for row in _rows(store).values()}
    wanted = list(dict.fromkeys(names))
    if unknown := set(wanted) - found.keys():
        raise Refusal(400, {"detail": f"Tools not found by name: {unknown}"})
    return [found[name] for name in wanted]


def base_tool_ids(names: Iterable[str]) -> list[str]:
    """Return the IDs of tools that every server has."""
    ids = {row.fields["name"]: row.id for row in _BASE.values()}
    return [ids[name] for name in names]


# --- creating and changing --------------------------------------------------------------------------------------------


def _upsert(store: Store, call: Call) -> Any:
    """Create a tool, or replace the one with its name, which keeps its ID, and its tags unless there are new ones."""
    given: dict[str, Any] = {name: call.body[name] for name in call.body.given if call.body[name] is not None}
    _check(given)
    if not given.get("json_schema"):
        given["json_schema"] = _derived(given)
    schema: dict[str, Any] = given["json_schema"]
    name = schema.get("name")
    if name is None:
        detail = 'null value in column "name" of relation "tools" violates not-null constraint'
        raise Refusal(409, {"detail": detail})
    given.setdefault("description", schema.get("description"))
    code = given["source_code"].encode(errors="surrogatepass")
    fields = {**_FIELDS, **given, "name": name, "metadata_": {"tool_hash": hashlib.sha256(code).hexdigest()[:12]}}
    before = named(store, name)
    if before is None:
        return show(store, _TOOLS.add(store, fields))
    fields["tags"] = fields["tags"] or before.fields["tags"]
    return show(store, _put(store, before, fields))


def _derived(given: Mapping[str, Any]) -> dict[str, Any]:
    source_type = given.get("source_type", "python")
    if source_type == "typescript":
        words = (
            "TypeScript tools require an explicit json_schema parameter. Unlike Python tools, schema cannot be "
            "auto-generated from TypeScript source code."
        )
        raise Refusal(422, {"trace_id": "", "detail": repr([{"type": "value_error", "loc": ("body",), "msg": words}])})
    if source_type != "python":
        raise Refusal(400, {"detail": f"Unknown tool source type: {source_type}"})
    if given.get("args_json_schema"):
        return derive_from_arguments(given["source_code"], given["args_json_schema"])
    return derive(given["source_code"])


def _update(store: Store, call: Call) -> Any:
    """Change the fields that are in the body and not null; parallel execution ends unless it is set again."""
    row = _existing(store, call)
    changes = {name: call.body[name] for name in call.body.given if call.body[name] is not None}
    _check(changes)
    before = row.fields
    if before["tool_type"] == "custom" and "json_schema" not in changes and "args_json_schema" in changes:
        code = changes.get("source_code", before["source_code"])
        changes["json_schema"] = derive_from_arguments(code, changes["args_json_schema"], before["name"])
    schema: dict[str, Any] = changes.get("json_schema") or before["json_schema"] or {}
    name = schema.get("name", before["name"]) if "json_schema" in changes else before["name"]
    keyword = "function" if changes.get("source_type", before["source_type"]) == "typescript" else "def"
    if "source_code" in changes and f"{keyword} {name}" not in changes["source_code"]:
        words = f"does not match the name in the JSON schema '{schema.get('name')}' or in the source code"
        raise Refusal(400, {"detail": f"Tool name '{name}' {words} `{changes['source_code']}`"})
    if name != before["name"] and named(store, name) is not None:
        raise invalid_argument(f"Tool with name '{name}' already exists in your organization")
    return show(store, _put(store, row, {**before, "enable_parallel_execution": False, **changes, "name": name}))


def _check(fields: Mapping[str, Any]) -> None:
    check_stored(*fields.values(), *fields.get("tags", ()))
    check_numbers(*fields.values())


def _put(store: Store, row: StoredRow, fields: dict[str, Any]) -> StoredRow:
    return store.put(attrs.evolve(row, fields=fields, updated_at=store.clock()))


def _delete(store: Store, call: Call) -> None:
    """Delete a tool, and detach it from all agents; one that every server has comes back."""
    tool_id = call.path["tool_id"]
    row = find(store, tool_id)
    if row is None:
        raise Refusal(400, {"detail": f"Tool with id {tool_id} not found."})
    for agent in list(store.agents.values()):
        if tool_id in agent.tool_ids:
            store.put(attrs.evolve(agent, tool_ids=tuple(each for each in agent.tool_ids if each != tool_id)))
    if tool_id in store.rows:
        store.remove(row)


def _upsert_base(store: Store, _call: Call) -> Any:
    """Return the tools that every server has."""
    return [show(store, find(store, tool_id) or row) for tool_id, row in _BASE.items()]


# --- reading ----------------------------------------------------------------------------------------------------------


def _existing(store: Store, call: Call) -> StoredRow:
    tool_id = call.path["tool_id"]
    row = find(store, tool_id)
    if row is None:
        raise _TOOLS.missing(tool_id)
    return row


def _retrieve(store: Store, call: Call) -> Any:
    """Return a tool."""
    return show(store, _existing(store, call))


def _list(store: Store, call: Call) -> Any:
    """Return a page of tools, by default the newest first; an unknown cursor is ignored."""
    query = call.query
    limit = query["limit"]
    rows = page(
        _selected(store, query),
        lambda row: (row.created_at, row.sequence),
        ascending=query["order"] == "asc",
        limit=None if limit is None else checked_limit(limit),
        after=find(store, query["after"] or ""),
        before=find(store, query["before"] or ""),
    )
    return [show(store, row) for row in rows]


def _count(store: Store, call: Call) -> Any:
    """Return the number of tools."""
    rows = _selected(store, call.query)
    if call.query["exclude_letta_tools"]:
        rows = [row for row in rows if row.fields["name"] not in _facts.TOOL_NAMES]
    return len(rows)


def _selected(store: Store, query: Mapping[str, Any]) -> list[StoredRow]:
    check_stored(*query.values())
    types, excluded = (_types(query[name]) for name in ("tool_types", "exclude_tool_types"))
    names = None if query["name"] is None and query["names"] is None else {query["name"], *(query["names"] or ())}
    ids = _split(query["tool_ids"])
    matches = like(query["search"] or "", ignore_case=True)
    return [
        row
        for row in _rows(store).values()
        if (names is None or row.fields["name"] in names)
        and (not ids or row.id in ids)
        and matches(row.fields["name"])
        and (not types or row.fields["tool_type"] in types)
        and (not excluded or row.fields["tool_type"] not in excluded)
        and (not query["return_only_letta_tools"] or row.fields["tool_type"].startswith("letta_"))
    ]


def _split(values: list[str] | None) -> list[str]:
    """Return values of which several may be in one, separated by commas."""
    return [each.strip() for value in values or () for each in value.split(",") if each.strip()]


def _types(values: list[str] | None) -> list[str]:
    found = _split(values)
    for each in found:
        if each not in _TYPES:
            raise Refusal(400, {"detail": f"Invalid tool_type '{each}'. Must be one of: {', '.join(_TYPES)}"})
    return found


def _search(_store: Store, _call: Call) -> Any:
    """Refuse: the server has no index."""
    raise Refusal(400, {"detail": "Tool semantic search requires tool embedding to be enabled (embed_tools=True)."})


# --- routes -----------------------------------------------------------------------------------------------------------


@reads(calls.ListTools)
class _ListQuery:
    """Query of a request for a list of tools."""

    before: str | None = None
    after: str | None = None
    limit: int | None = 50
    order = "desc"
    order_by = "created_at"
    name = None
    names = None
    tool_ids: list[str] | None = None
    search = None
    tool_types: list[str] | None = None
    exclude_tool_types: list[str] | None = None
    return_only_letta_tools = False


@reads(calls.CountTools)
class _CountQuery:
    """Query of a request for the number of tools."""

    name = None
    names = None
    tool_ids: list[str] | None = None
    search = None
    tool_types: list[str] | None = None
    exclude_tool_types: list[str] | None = None
    return_only_letta_tools = False
    exclude_letta_tools = False


_HANDLERS: Final[Mapping[Any, Handler]] = {
    calls.CreateTool: _upsert,
    calls.UpsertTool: _upsert,
    calls.RetrieveTool: _retrieve,
    calls.UpdateTool: _update,
    calls.DeleteTool: _delete,
    calls.SearchTools: _search,
    calls.UpsertBaseTools: _upsert_base,
}
ROUTES: Final[tuple[Route, ...]] = (
    *(route_of(operation, handler) for operation, handler in _HANDLERS.items()),
    attrs.evolve(route_of(calls.ListTools, _list), query=_ListQuery),
    attrs.evolve(route_of(calls.CountTools, _count), query=_CountQuery),
)
