"""The folders of agents, and the files in their contexts: those of their folders, of which some are open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any, Final

import attrs

from letta_async.testing._errors import Refusal
from letta_async.testing._rows import Agent, StoredRow
from letta_async.testing._state import Store, new_id
from letta_async.testing.stored.collection import Collection
from letta_async.testing.stored.folders import FOLDERS, show
from letta_async.testing.stored.tools import base_tool_ids

__all__ = [
    "attach",
    "attached",
    "check_folders",
    "close",
    "detach",
    "file_blocks_of",
    "forget_agent",
    "forget_file",
    "insert",
    "limits_of",
    "open_file",
    "show_source",
    "sources_of",
]

_ATTACHED: Final = Collection(
    name="file_agents",
    prefix="file_agent",
    kind="FileAgent",
    operations=(),
    defaults={
        "agent_id": None,
        "file_id": None,
        "file_name": None,
        "folder_id": None,
        "is_open": True,
        "visible_content": None,
        "last_accessed_at": None,
    },
)
"""Relations of agents and files."""
_CUT: Final = "...[TRUNCATED]\n# NOTE: This block is truncated, use functions to view the full content."
_TOOLS: Final = ("grep_files", "open_files", "semantic_search_files")
"""Names of the tools for files."""
_LIMITS: Final = ((8_000, (3, 5_000)), (32_000, (5, 15_000)), (128_000, (10, 25_000)), (200_000, (10, 40_000)))
"""Largest context windows, each with the limits for them."""


def limits_of(agent: Agent) -> tuple[int, int]:
    """Return the maximum number of files that an agent has open, and of characters that it sees of each."""
    window: int = agent.llm_config["context_window"]
    files, characters = next((limits for most, limits in _LIMITS if window <= most), (15, 40_000))
    most_files, most_characters = (
        agent.fields.get(name) for name in ("max_files_open", "per_file_view_window_char_limit")
    )
    return files if most_files is None else most_files, characters if most_characters is None else most_characters


# --- folders ----------------------------------------------------------------------------------------------------------


def sources_of(store: Store, agent: Agent) -> list[dict[str, Any]]:
    """Return the JSON of the folders of an agent."""
    return [show_source(store, store.rows[folder_id]) for folder_id in agent.folder_ids if folder_id in store.rows]


def show_source(store: Store, folder: StoredRow) -> dict[str, Any]:
    """Return the JSON of a folder as it is shown with an agent."""
    members = list(show(store, folder).items())
    after = [name for name, _ in members].index("organization_id") + 1
    return dict([*members[:after], ("vector_db_provider", "native"), *members[after:]])


def check_folders(store: Store, folder_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the IDs of folders, each once.

    Raises:
        Refusal: There is no such folder.

    """
    known = {row.id for row in FOLDERS.rows(store)}
    for folder_id in folder_ids:
        if folder_id not in known:
            reason = (
                'insert or update on table "sources_agents" violates foreign key constraint '
                f'"sources_agents_source_id_fkey"\nDETAIL:  Key (source_id)=({folder_id}) is not present in table '
                '"sources".'
            )
            raise Refusal(409, {"detail": reason})
    return tuple(dict.fromkeys(folder_ids))


def attach(store: Store, agent: Agent, folder: StoredRow) -> Agent:
    """Attach a folder with the tools for files, and insert its files into the agent's context."""
    tool_ids = tuple(dict.fromkeys([*agent.tool_ids, *base_tool_ids(_TOOLS)]))
    folder_ids = tuple(dict.fromkeys([*agent.folder_ids, folder.id]))
    agent = store.put(attrs.evolve(agent, folder_ids=folder_ids, tool_ids=tool_ids))
    files = [row for row in store.rows.values() if row.collection == "files" and row.fields["source_id"] == folder.id]
    insert(store, agent, files)
    return agent


def detach(store: Store, agent: Agent, folder_id: str) -> Agent:
    """Detach a folder from an agent, with its files; without a folder, the tools for files as well."""
    for row in [row for row in attached(store, agent.id) if row.fields["folder_id"] == folder_id]:
        store.remove(row)
    folder_ids = tuple(each for each in agent.folder_ids if each != folder_id)
    gone = () if folder_ids else base_tool_ids(_TOOLS)
    tool_ids = tuple(each for each in agent.tool_ids if each not in gone)
    return store.put(attrs.evolve(agent, folder_ids=folder_ids, tool_ids=tool_ids))


# --- files ------------------------------------------------------------------------------------------------------------


def attached(store: Store, agent_id: str) -> Iterator[StoredRow]:
    """Yield the relations of an agent and its files."""
    return (row for row in _ATTACHED.rows(store) if row.fields["agent_id"] == agent_id)


def insert(store: Store, agent: Agent, files: Sequence[StoredRow]) -> None:
    """Insert files into an agent's context, open as far as there is room; they come before those that are open."""
    most, _ = limits_of(agent)
    ids = [file.id for file in files]
    others = [row for row in _by_use(store, agent) if row.fields["file_id"] not in ids]
    for row in others[: max(len(others) - max(most - len(files), 0), 0)]:
        close(store, row)
    for place, file in enumerate(files):
        text = _numbered(file.fields["content"] or "")
        is_open = place < most
        _put(store, agent, file, is_open=is_open, visible_content=text if is_open else None)


def open_file(store: Store, agent: Agent, file: StoredRow) -> list[str]:
    """Open a file; return the names of those that were used least recently, and are closed for it."""
    most, characters = limits_of(agent)
    others = [row for row in _by_use(store, agent) if row.fields["file_id"] != file.id]
    closed = [close(store, row) for row in others[: max(len(others) - max(most - 1, 0), 0)]]
    text = _cut(_numbered(file.fields["content"] or ""), characters)
    _put(store, agent, file, is_open=True, visible_content=text)
    return closed


def close(store: Store, row: StoredRow, *, keep: bool = False) -> str:
    """Close a file, and return its name.

    Args:
        store: The server's data.
        row: Relation of the file and its agent.
        keep: Keep what was visible of the file, and count it as used now. Default: `False`.

    """
    changes = {"last_accessed_at": _now(store)} if keep else {"visible_content": None}
    _ATTACHED.change(store, row, {"is_open": False, **changes})
    name: str = row.fields["file_name"]
    return name


def forget_file(store: Store, file_id: str) -> None:
    """Take a file out of the contexts of all agents."""
    for row in [row for row in _ATTACHED.rows(store) if row.fields["file_id"] == file_id]:
        store.remove(row)


def forget_agent(store: Store, agent_id: str) -> None:
    """Remove the relations of an agent and its files."""
    for row in list(attached(store, agent_id)):
        store.remove(row)


def file_blocks_of(store: Store, agent: Agent) -> list[dict[str, Any]]:
    """Return the JSON of the blocks that show an agent its files."""
    _, characters = limits_of(agent)
    missing = ("project_id", "template_name", "template_id", "base_template_id", "deployment_id", "entity_id")
    return [
        {
            "value": _cut(row.fields["visible_content"] or "", characters) if row.fields["is_open"] else "",
            "limit": characters,
            **dict.fromkeys(missing),
            "is_template": False,
            "preserve_on_migration": False,
            "label": row.fields["file_name"],
            "read_only": True,
            "description": None,
            "metadata": {},
            "hidden": None,
            "id": new_id("block"),
            "created_by_id": None,
            "last_updated_by_id": None,
            "tags": [],
            "file_id": row.fields["file_id"],
            "source_id": row.fields["folder_id"],
            "is_open": row.fields["is_open"],
            "last_accessed_at": row.fields["last_accessed_at"],
        }
        for row in attached(store, agent.id)
    ]


def _by_use(store: Store, agent: Agent) -> list[StoredRow]:
    """Return the open files of an agent, the one that was used least recently first."""
    rows = [row for row in attached(store, agent.id) if row.fields["is_open"]]
    return sorted(rows, key=lambda row: (row.fields["last_accessed_at"], row.sequence))


def _put(store: Store, agent: Agent, file: StoredRow, **fields: Any) -> None:
    own = next((row for row in attached(store, agent.id) if row.fields["file_id"] == file.id), None)
    fields |= {
        "agent_id": agent.id,
        "file_id": file.id,
        "file_name": file.fields["file_name"],
        "folder_id": file.fields["source_id"],
        "last_accessed_at": _now(store),
    }
    if own is None:
        _ATTACHED.add(store, fields)
    else:
        _ATTACHED.change(store, own, fields)


def _now(store: Store) -> str:
    return store.clock().astimezone(UTC).isoformat().replace("+00:00", "Z")


def _numbered(text: str) -> str:
    """Return the lines of a file that are not empty, with numbers."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    head = f"[Viewing file start (out of {len(lines)} lines)]"
    return "\n".join([head, *(f"{number}: {line}" for number, line in enumerate(lines, 1))])


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: max(characters - len(_CUT), 0)] + _CUT
