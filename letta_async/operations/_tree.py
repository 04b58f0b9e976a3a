"""Map of the API: the operation of each method of the clients.

`make api` reads it; the package itself never imports it.
"""

from __future__ import annotations

from typing import Any, Final

from letta_async.operations import (
    agent_blocks,
    agent_files,
    agent_messages,
    agent_tools,
    agents,
    blocks,
    conversation_messages,
    conversations,
    folders,
    messages,
    runs,
)
from letta_async.operations._finding import FindOrCreateAgent, FindOrCreateBlock
from letta_async.operations._operation import Operation
from letta_async.operations._tool_loop import RunAgentTools, RunConversationTools

__all__ = ["EXTENSIONS", "RESOURCES", "TREE"]
__all__ = ["COMPOSED", "EARLIER_NAMES", "EXTENSIONS", "RESOURCES", "TREE"]

RESOURCES: Final[dict[str, str]] = {
    "agents": "Agents, from whose memory system prompts are compiled.",
    "agents.messages": "The messages of an agent.",
    "agents.blocks": "The blocks of an agent.",
    "agents.files": "The files in the folders of an agent.",
    "agents.tools": "The tools of an agent.",
    "blocks": "Memory blocks, which agents may share.",
    "blocks.agents": "The agents that a block is attached to.",
    "conversations": "Conversations with agents, each with a system prompt of its own.",
    "conversations.messages": "The messages of a conversation.",
    "folders": "Folders of files that agents can search and open.",
    "folders.files": "The files in a folder.",
    "messages": "Messages of all agents.",
    "runs": "Runs: what agents do in response to messages.",
    "runs.messages": "The messages of a run.",
}
"""Description of each resource, by its attribute path on a client."""

TREE: Final[dict[str, type[Operation[Any]]]] = {
    "agents.create": agents.CreateAgent,
    "agents.list": agents.ListAgents,
    "agents.retrieve": agents.RetrieveAgent,
    "agents.update": agents.UpdateAgent,
    "agents.delete": agents.DeleteAgent,
    "agents.recompile": agents.RecompileAgent,
    "agents.messages.create": agent_messages.CreateAgentMessages,
    "agents.messages.stream": agent_messages.StreamAgentMessages,
    "agents.messages.create_async": agent_messages.CreateAgentMessagesAsync,
    "agents.messages.list": agent_messages.ListAgentMessages,
    "agents.messages.cancel": agent_messages.CancelAgentMessages,
    "agents.messages.compact": agent_messages.CompactAgentMessages,
    "agents.messages.reset": agent_messages.ResetAgentMessages,
    "agents.blocks.list": agent_blocks.ListAgentBlocks,
    "agents.blocks.retrieve": agent_blocks.RetrieveAgentBlock,
    "agents.blocks.update": agent_blocks.UpdateAgentBlock,
    "agents.blocks.attach": agent_blocks.AttachBlock,
    "agents.blocks.detach": agent_blocks.DetachBlock,
    "agents.files.list": agent_files.ListAgentFiles,
    "agents.tools.list": agent_tools.ListAgentTools,
    "agents.tools.update_approval": agent_tools.UpdateToolApproval,
    "blocks.create": blocks.CreateBlock,
    "blocks.list": blocks.ListBlocks,
    "blocks.retrieve": blocks.RetrieveBlock,
    "blocks.update": blocks.UpdateBlock,
    "blocks.delete": blocks.DeleteBlock,
    "blocks.agents.list": blocks.ListBlockAgents,
    "conversations.create": conversations.CreateConversation,
    "conversations.list": conversations.ListConversations,
    "conversations.retrieve": conversations.RetrieveConversation,
    "conversations.update": conversations.UpdateConversation,
    "conversations.delete": conversations.DeleteConversation,
    "conversations.fork": conversations.ForkConversation,
    "conversations.cancel": conversations.CancelConversation,
    "conversations.compact": conversations.Compact,
    "conversations.recompile": conversations.Recompile,
    "conversations.messages.create": conversation_messages.CreateMessages,
    "conversations.messages.stream": conversation_messages.StreamConversation,
    "conversations.messages.list": conversation_messages.ListMessages,
    "conversations.messages.compact": conversations.Compact,
    "folders.create": folders.CreateFolder,
    "folders.list": folders.ListFolders,
    "folders.files.upload": folders.UploadFile,
    "messages.list": messages.ListAllMessages,
    "messages.retrieve": messages.RetrieveMessage,
    "messages.search": messages.SearchMessages,
    "runs.list": runs.ListRuns,
    "runs.retrieve": runs.RetrieveRun,
    "runs.messages.list": runs.ListRunMessages,
    "runs.messages.stream": runs.StreamRun,
}
"""Operation of each method, by its attribute path on a client."""

COMPOSED: Final[dict[str, type[Operation[Any]]]] = {
    "agents.find_or_create": FindOrCreateAgent,
    "agents.messages.run_tools": RunAgentTools,
    "blocks.find_or_create": FindOrCreateBlock,
    "conversations.messages.run_tools": RunConversationTools,
}
"""Declaration of each method that makes several calls, by its attribute path on a client."""

EXTENSIONS: Final[dict[str, str]] = {
    "agents": "letta_async.resources._finding.AsyncFinding",
    "agents.messages": "letta_async.resources._tool_running.AsyncToolRunning",
    "blocks": "letta_async.resources._finding.AsyncFinding",
    "conversations": "letta_async.resources._maintenance.AsyncMaintenance",
    "conversations.messages": "letta_async.resources._tool_running.AsyncToolRunning",
    "runs": "letta_async.resources._run_waiting.AsyncRunWaiting",
}
"""Base class of a resource with what is more than one call, written by hand: methods, or what `COMPOSED` ones do."""

EARLIER_NAMES: Final[dict[str, str]] = {
    "agents.modify": "agents.update",
    "agents.core_memory": "agents.blocks",
    "agents.blocks.modify": "agents.blocks.update",
    "agents.blocks.modify_block": "agents.blocks.update",
    "agents.blocks.retrieve_block": "agents.blocks.retrieve",
    "agents.messages.create_stream": "agents.messages.stream",
    "blocks.modify": "blocks.update",
}
"""What letta-client called methods and resources before 1.0, with their names since."""
