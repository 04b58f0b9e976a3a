"""Calls of a server that have no method, with the reason: `make api-diff` leaves them out, the reference lists them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LEFT_OUT", "reason_for"]

_OPENAI: Final = "Speaks the OpenAI API: a client of that API understands it."
_COUNT: Final = "A number; no program was seen to use it."
_RAW: Final = "Shows a provider's request, for debugging the server."
_SIGN_IN: Final = "Signs a user of the web interface in to an MCP server."
_FOLDERS: Final = "Earlier name of folders: `client.folders` and `client.agents.folders`."
LEFT_OUT: Final[dict[str, str]] = {
    "/v1/_internal…": "Meant for the hosted API itself, and described as internal.",
    "/v1/admin/…": "Administration of a server's users and organizations, by those who run it.",
    "/v1/agents/{agent_id}/core-memory": "The blocks of an agent: `client.agents.blocks.list`.",
    "/v1/agents/count": _COUNT,
    "/v1/agents/messages/search": "Searches as `client.messages.search` does.",
    "/v1/agents/{agent_id}/generate": "A model's answer without the agent's memory; no program was seen to use it.",
    "/v1/agents/{agent_id}/messages/preview-raw-payload": _RAW,
    "/v1/agents/{agent_id}/messages/{message_id}": "Refused by the server: messages are no longer edited.",
    "/v1/agents/{agent_id}/sources…": _FOLDERS,
    "/v1/agents/{agent_id}/system-prompt/recompile": "Another path of `client.agents.recompile`.",
    "/v1/auth": "For the web interface; the API key of a client goes with every request.",
    "/v1/blocks/count": _COUNT,
    "/v1/chat/completions": _OPENAI,
    "/v1/conversations/{conversation_id}/messages/preview-raw-payload": _RAW,
    "/v1/embeddings/total_storage_size": "A figure for the bill of the hosted API.",
    "/v1/folders/metadata": "Letta 0.16.8 takes `metadata` for the ID of a folder, and responds with 422.",
    "/v1/groups/{group_id}/messages/{message_id}": "Fails for every message: the server calls what it no longer has.",
    "/v1/jobs/…": "Earlier name of runs: `client.runs`.",
    "/v1/messages/batches…": "Needs a batch API of the model's provider.",
    "/v1/mcp-servers/connect/{mcp_server_id}": _SIGN_IN,
    "/v1/ready/": "For load balancers; `client.health()` says more.",
    "/v1/runs/active": "Earlier form of `client.runs.list(active=True)`.",
    "/v1/sandbox-config/…": "Settings of the machine on which a server runs tools, by those who run it.",
    "/v1/sources/…": _FOLDERS,
    "/v1/steps/{step_id}/transaction/{transaction_id}": "For the bill of the hosted API.",
    "/v1/telemetry/…": "Earlier name of traces: `client.steps.trace`.",
    "/v1/tools/generate-schema": "`client.tools.create` returns the schema of a tool.",
    "/v1/tools/generate-tool": "Lets a model write a tool, for the web interface.",
    "/v1/tools/mcp/oauth/callback": "Where a browser arrives after its user has signed in to an MCP server.",
    "/v1/tools/mcp/servers/connect": _SIGN_IN,
    "/v1/tools/mcp/servers/test": "Deprecated by the server: `client.mcp_servers.create` connects as well.",
    "PATCH /v1/tools/mcp/servers/{mcp_server_name}": "Earlier form of `client.mcp_servers.update`.",
    "/v1/tools/mcp/servers/{mcp_server_name}/resync": "Earlier form of `client.mcp_servers.refresh`.",
    "/v1/tools/mcp/servers/{mcp_server_name}/tools/…": "Earlier form of `client.mcp_servers.tools.run`.",
    "/v1/voice-beta/…": _OPENAI,
}
"""Reason, by path, or by method and path; `…` stands for anything."""


def reason_for(method: str, path: str) -> str | None:
    """Return why a call has no method on a client; `None` if it should have one."""
    patterns = ((re.escape(left_out).replace("…", ".*"), reason) for left_out, reason in LEFT_OUT.items())
    names = (path, f"{method} {path}")
    return next((reason for left_out, reason in patterns if any(re.fullmatch(left_out, name) for name in names)), None)
