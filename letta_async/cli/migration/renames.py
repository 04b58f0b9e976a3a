"""Names that the official client had and has, with their names in this package, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "CLASSES",
    "CONSTRUCTOR_ADVICE",
    "CONSTRUCTOR_KEYWORDS",
    "KEYWORDS",
    "KEYWORD_ADVICE",
    "METHODS",
    "METHOD_ADVICE",
    "NAMES",
    "NAME_ADVICE",
    "NEW",
    "OLD",
    "POSITIONAL",
    "RESOURCES",
    "SUSPECTS",
    "UPLOADERS",
]

OLD: Final = "letta_client"
NEW: Final = "letta_async"

CLASSES: Final = frozenset({"Letta", "AsyncLetta"})
"""Classes of clients. `Client` and `AsyncClient` are their aliases in the official client, see `NAMES`."""

NAMES: Final[Mapping[str, str]] = {
    "ApiError": "APIStatusError",
    "AsyncClient": "AsyncLetta",
    "Client": "Letta",
    "CreateBlock": "NewBlock",
    "CreateBlockParam": "NewBlock",
}
"""Name in this package by the official one, for where this package does not have the official one, too, and for the
classes of clients."""

NAME_ADVICE: Final[Mapping[str, str]] = {
    "DefaultAioHttpClient": "leave it out: letta_async uses aiohttp; session= takes a session of your own",
    "DefaultAsyncHttpxClient": "leave it out, or use session=, proxy= or ssl_context=",
    "DefaultHttpxClient": "leave it out, or use session=, proxy= or ssl_context=",
    "LettaEnvironment": "use environment='cloud' or environment='local'",
    "RequestOptions": "use the keywords timeout, extra_headers, extra_query and extra_body",
}
"""Advice by an official name that this package does not have."""

RESOURCES: Final[Mapping[str, str]] = {
    "agents.archival_memory": "agents.passages",
    "agents.core_memory": "agents.blocks",
    "agents.sources": "agents.folders",
    "embedding_models": "models.embeddings",
    "sources": "folders",
    "tag": "tags",
}
"""Path of a resource in this package by its earlier one."""

METHODS: Final[Mapping[str, str]] = {
    "agents.blocks.attach_block": "agents.blocks.attach",
    "agents.blocks.detach_block": "agents.blocks.detach",
    "agents.blocks.list_blocks": "agents.blocks.list",
    "agents.blocks.modify": "agents.blocks.update",
    "agents.blocks.modify_block": "agents.blocks.update",
    "agents.blocks.retrieve_block": "agents.blocks.retrieve",
    "agents.export_agent_serialized": "agents.export_file",
    "agents.messages.create_stream": "agents.messages.stream",
    "agents.modify": "agents.update",
    "agents.passages.insert": "agents.passages.create",
    "agents.tools.modify_approval": "agents.tools.update_approval",
    "archives.modify": "archives.update",
    "blocks.modify": "blocks.update",
    "folders.get_file_metadata": "folders.files.retrieve",
    "folders.modify": "folders.update",
    "groups.modify": "groups.update",
    "health.check": "health",
    "identities.modify": "identities.update",
    "models.list_embedding_models": "models.embeddings.list",
    "models.list_llms": "models.list",
    "runs.retrieve_run": "runs.retrieve",
    "runs.stream": "runs.messages.stream",
    "tools.modify": "tools.update",
}
"""Path of a method in this package by its earlier one, where `RESOURCES` were replaced already."""

METHOD_ADVICE: Final[Mapping[str, str]] = {
    "agents.core_memory.retrieve": "agents.blocks.list(agent_id) lists the blocks",
    "agents.import_agent_serialized": "agents.import_file(file=…) returns the IDs of the agents",
    "agents.memory.list": "agents.blocks.list(agent_id) lists the blocks",
    "agents.send_message": "agents.messages.create(agent_id, input=…) sends a message",
    "agents.summarize_agent_conversation": "agents.messages.compact(agent_id) summarizes the messages",
    "folders.retrieve_by_name": "folders.list(name=…) lists those with the name; it returned an ID",
    "jobs.retrieve": "runs.retrieve(run_id) is about runs; for an upload, folders.files.retrieve",
    "sources.retrieve_by_name": "folders.list(name=…) lists those with the name; it returned an ID",
    "tools.update_mcp_server": "mcp_servers.update(mcp_server_id, config=…) takes the ID of the server, not its name",
}
"""Advice by the earlier path of a method, or of an attribute of any resource, that has no method that does the same."""

POSITIONAL: Final[Mapping[str, tuple[str, str]]] = {
    "agents.blocks.attach": ("agent_id", "block_id"),
    "agents.blocks.detach": ("agent_id", "block_id"),
    "agents.blocks.retrieve": ("agent_id", "block_label"),
    "agents.blocks.update": ("agent_id", "block_label"),
    "agents.folders.attach": ("agent_id", "folder_id"),
    "agents.folders.detach": ("agent_id", "folder_id"),
    "agents.passages.delete": ("agent_id", "memory_id"),
    "agents.tools.attach": ("agent_id", "tool_id"),
    "agents.tools.detach": ("agent_id", "tool_id"),
    "agents.tools.update_approval": ("agent_id", "tool_name"),
    "folders.files.delete": ("folder_id", "file_id"),
    "folders.files.retrieve": ("folder_id", "file_id"),
}
"""Positional parameters that a method had before 1.0, by its path in this package; since, only the second is one."""

KEYWORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "agents.folders": {"source_id": "folder_id"},
    "agents.passages.delete": {"passage_id": "memory_id"},
    "agents.tools.update_approval": {"requires_approval": "body_requires_approval"},
    "folders": {"source_id": "folder_id"},
}
"""Name of a keyword by its earlier one, by the path of a method or of a resource with the methods."""

KEYWORD_ADVICE: Final[Mapping[str, str]] = {
    "request_options": "use timeout=, extra_headers=, extra_query= or extra_body=",
}

CONSTRUCTOR_KEYWORDS: Final[Mapping[str, str]] = {"token": "api_key"}

CONSTRUCTOR_ADVICE: Final[Mapping[str, str]] = {
    "follow_redirects": "leave it out: redirects are followed within the origin",
    "http_client": "use session=, proxy= or ssl_context=",
    "httpx_client": "use session=, proxy= or ssl_context=",
}

SUSPECTS: Final[frozenset[str]] = frozenset(
    {
        *METHODS,
        *(
            old + path.removeprefix(new)
            for old, new in RESOURCES.items()
            for path in METHODS
            if path.startswith(f"{new}.")
        ),
        *(
            f"{resource}.{method}"
            for resource in ("agents.archival_memory", "agents.sources")
            for method in ("create", "list", "delete", "attach", "detach")
        ),
        *(f"sources.{method}" for method in ("create", "files.upload", "delete")),
        *(path for path in METHOD_ADVICE if "." in path),
    }
) - {"health.check", "groups.modify", "tools.modify", "jobs.retrieve", "folders.modify", "runs.stream"}
"""Ends of paths that are hardly anything but a client's, whatever the object is called."""

UPLOADERS: Final[frozenset[str]] = frozenset({"create_from_function", "upsert_from_function", "upsert_from_class"})
"""Methods that upload the source of a function or class. `tools.add` is another."""
