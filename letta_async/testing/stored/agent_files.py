"""Handlers of the folders of agents, and of the files in their contexts."""

from __future__ import annotations

from typing import Any, Final

from letta_async.operations import agent_files as file_calls
from letta_async.operations import agent_folders as folder_calls
from letta_async.testing import _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, no_record, not_found
from letta_async.testing._facts import ORGANIZATION_ID
from letta_async.testing._route import Route, route_of
from letta_async.testing._rows import Agent, StoredRow
from letta_async.testing._state import Store, checked_limit
from letta_async.testing.stored.attached_files import attach, attached, close, detach, open_file, show_source
from letta_async.testing.stored.folders import FOLDERS

__all__ = ["ROUTES"]


def _existing(store: Store, call: Call) -> Agent:
    agent_id = call.path["agent_id"]
    if agent_id not in store.agents:
        raise no_record("Agent", agent_id)
    return store.agents[agent_id]


def _list_folders(store: Store, call: Call) -> Any:
    """Return the folders of an agent, by default the newest first; the cursors compare IDs."""
    agent, query = store.agents.get(call.path["agent_id"]), call.query
    if agent is None:
        raise not_found("Agent not found")
    after, before = query["after"], query["before"]
    rows = [
        store.rows[folder_id]
        for folder_id in agent.folder_ids
        if (not after or folder_id > after) and (not before or folder_id < before)
    ]
    rows.sort(key=lambda row: (row.created_at, row.sequence), reverse=query["order"] != "asc")
    limit = 100 if query["limit"] is None else checked_limit(query["limit"])
    return [show_source(store, row) for row in rows[: limit or None]]


def _attach(store: Store, call: Call) -> Any:
    """Attach a folder with its files; the response is null for clients of version 1."""
    agent = attach(store, _existing(store, call), FOLDERS.existing(store, call.path["folder_id"]))
    return None if call.is_version_1() else _wire.agent(agent, store)


def _detach(store: Store, call: Call) -> Any:
    """Detach a folder with its files, if it is attached; the response is null for clients of version 1."""
    agent = detach(store, _existing(store, call), call.path["folder_id"])
    return None if call.is_version_1() else _wire.agent(agent, store)


def _list_files(store: Store, call: Call) -> Any:
    """Return a page of the files of an agent, in the order of their relations' IDs, unless a cursor is given."""
    query, agent_id = call.query, call.path["agent_id"]
    before, after = query["before"], query["after"] or (None if query["before"] else query["cursor"])
    rows = [
        row
        for row in attached(store, agent_id)
        if (query["is_open"] is None or row.fields["is_open"] is query["is_open"])
        and (row.id < before if before else not after or row.id > after)
    ]
    rows.sort(key=lambda row: row.id)
    if query["before"] or query["after"]:
        rows.sort(key=lambda row: (row.created_at, row.id), reverse=query["order"] != "asc")
    limit = 100 if query["limit"] is None else checked_limit(query["limit"]) or 20
    listed = rows[:limit]
    return {
        "files": [_shown(store, row) for row in listed],
        "next_cursor": listed[-1].id if listed else None,
        "has_more": len(rows) > limit,
    }


def _shown(store: Store, row: StoredRow) -> dict[str, Any]:
    fields = row.fields
    return {
        "id": row.id,
        "file_id": fields["file_id"],
        "file_name": fields["file_name"],
        "folder_id": fields["folder_id"],
        "folder_name": store.rows[fields["folder_id"]].fields["name"],
        "is_open": fields["is_open"],
        "last_accessed_at": fields["last_accessed_at"],
        "visible_content": fields["visible_content"],
        "start_line": None,
        "end_line": None,
    }


def _open_file(store: Store, call: Call) -> Any:
    """Open a file, also one of a folder that is not attached; return the names of the files closed for it."""
    agent_id, file_id = call.path["agent_id"], call.path["file_id"]
    agent = store.agents.get(agent_id)
    if agent is None:
        raise Refusal(400, {"detail": f"Agent {agent_id} not found"})
    file = store.rows.get(file_id)
    if file is None or file.collection != "files":
        raise not_found(f"File with id={file_id} not found")
    return open_file(store, agent, file)


def _close_file(store: Store, call: Call) -> Any:
    """Close a file, which keeps what was visible of it."""
    agent_id, file_id = call.path["agent_id"], call.path["file_id"]
    row = next((row for row in attached(store, agent_id) if row.fields["file_id"] == file_id), None)
    if row is None:
        raise not_found(f"FileAgent(agent_id={agent_id}, file_id={file_id}) not found in org {ORGANIZATION_ID}")
    close(store, row, keep=True)
    return {"message": f"File id={file_id} successfully closed"}


def _close_all(store: Store, call: Call) -> Any:
    """Close all files of an agent, and return their names."""
    rows = [row for row in attached(store, call.path["agent_id"]) if row.fields["is_open"]]
    return [close(store, row) for row in rows]


ROUTES: Final[tuple[Route, ...]] = (
    route_of(folder_calls.ListAgentFolders, _list_folders),
    route_of(folder_calls.AttachFolder, _attach),
    route_of(folder_calls.DetachFolder, _detach),
    route_of(file_calls.ListAgentFiles, _list_files),
    route_of(file_calls.OpenFile, _open_file),
    route_of(file_calls.CloseFile, _close_file),
    route_of(file_calls.CloseAllFiles, _close_all),
)
