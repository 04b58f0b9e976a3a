"""Methods that return what has a name, and create it if nothing has: several calls each."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from letta_async._schema.placement import Body, Pattern
from letta_async.errors import ArgumentProblem
from letta_async.operations._listing import Listing
from letta_async.operations._operation import Endpoint, Operation, operation
from letta_async.operations.agents import CreateAgent, DeleteAgent, ListAgents
from letta_async.operations.blocks import CreateBlock, DeleteBlock, ListBlocks
from letta_async.types.agent import AgentState
from letta_async.types.block import Block

__all__ = ["FindOrCreateAgent", "FindOrCreateBlock", "FindOrCreateOperation"]

Answer = TypeVar("Answer")

NAME = Pattern(r"[\s\S]+", "the name by which it is found")


@operation
class FindOrCreateOperation(Operation[Answer], Generic[Answer]):
    """A method that `resources/_find_or_create.py` makes of a list and, if that is empty, of a creation."""

    made_by = "find_or_create"
    key: ClassVar[str]
    """Name of the parameter by which the resource is found."""
    lists: ClassVar[type[Listing[Any]]]
    creates: ClassVar[type[Operation[Any]]]
    deletes: ClassVar[type[Operation[None]]]
    deleted_by: ClassVar[str]
    """Name of the ID in the path of `deletes`."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that no parameter has alone, and that of a resource which no list shows."""
        yield from super().argument_problems(extra)
        if getattr(self, "hidden", None) is True:
            yield ArgumentProblem("hidden", "no list shows what is hidden, so each call would create it anew")
        for name in (self.key, "hidden", "block_ids", "memory_blocks"):
            if name in extra:
                yield ArgumentProblem("extra_body", f"has {name!r}, which this method must know: pass it by its name")


@operation
class FindOrCreateAgent(FindOrCreateOperation[AgentState], CreateAgent):
    """Return the agent with a name, and create it if there is none; of several, return the oldest.

    The other parameters are those of `create`; an agent that exists stays as it is. Callers that do this at the same
    time get the same agent, also from several processes: after a creation the agents with the name are listed again,
    and if another one is older, the new one is deleted with the blocks that were created with it; where that fails, the
    logger `letta_async` gets a warning.

    Raises:
        BadRequestError: The agent does not exist and cannot be created: there is no such model or tool.

    """

    http: ClassVar[Endpoint] = CreateAgent.http
    key = "name"
    lists = ListAgents
    creates = CreateAgent
    deletes = DeleteAgent
    deleted_by = "agent_id"

    name: Annotated[str, Body(), NAME]  # pyright: ignore[reportGeneralTypeIssues]  # keyword-only, as all are
    """Name of the agent."""


@operation
class FindOrCreateBlock(FindOrCreateOperation[Block], CreateBlock):
    """Return the block with a label, and create it if there is none; of several, return the oldest.

    The other parameters are those of `create`; a block that exists stays as it is. Callers that do this at the same
    time get the same block, also from several processes: after a creation the blocks with the label are listed again,
    and if another one is older, the new one is deleted; where that fails, the logger `letta_async` gets a warning.
    Blocks that were created with an agent are found, too.
    """

    http: ClassVar[Endpoint] = CreateBlock.http
    key = "label"
    lists = ListBlocks
    creates = CreateBlock
    deletes = DeleteBlock
    deleted_by = "block_id"

    label: Annotated[str, Body(), NAME]
    """Name of the block in prompts, such as `human`."""
