"""Types under the names of the official client: checked by mypy and pyright, never run."""

from typing import Any, assert_type

import letta_async
from letta_async import Block, FileMetadata, Letta, Message, MessageCreate, NewBlock, StreamEvent
from letta_async.types import AgentState, BlockResponse, CreateBlockParam, MessageCreateParam
from letta_async.types.agents import FileListResponse as OfAgents
from letta_async.types.agents import LettaStreamingResponse
from letta_async.types.folders import FileListResponse as OfFolders


def names_stand_for_classes(client: Letta) -> None:
    """Types with two names are one."""
    agent = client.agents.create(
        memory_blocks=[CreateBlockParam(label="human", value="Ada")],
        initial_message_sequence=[MessageCreateParam(role="user", content="Hello")],
        tool_rules=[letta_async.types.TerminalToolRuleParam(tool_name="roll")],
    )
    assert_type(agent, AgentState)
    message: MessageCreate = MessageCreateParam(role="user", content="Hello")
    block: NewBlock = CreateBlockParam(label="human", value=str(message.content))
    found: BlockResponse = client.blocks.create(label=block.label, value="")
    assert_type(found, Block)
    parameters = letta_async.types.AgentCreateParams(name="Ada")
    assert_type(parameters, dict[str, Any])
    client.agents.create(**parameters)


def unions_and_lists(event: LettaStreamingResponse, of_folders: OfFolders, of_agents: OfAgents) -> None:
    """One name stands for two types, in two modules."""
    assert_type(event, StreamEvent)
    assert_type(of_folders, FileMetadata)
    assert_type(of_agents, letta_async.AgentFileAttachment)


def a_comparison_of_types_leads_on(message: Message) -> None:
    """A message of a type that is not known may have any attribute; mypy needs `isinstance` instead."""
    if message.message_type == "assistant_message":
        print(message.content)  # type: ignore[union-attr]
    if isinstance(message, letta_async.UnknownMessage):
        print(message.content)
