"""Selection of the conversations of a command."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Sequence
from typing import Final, Self

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.validation import check
from letta_async._utils.text_files import UnreadableTextError, decode_text
from letta_async.cli.error_messages import Refusal, without_control_characters
from letta_async.cli.stop_signals import Stop, until_stopped
from letta_async.client import AsyncLetta
from letta_async.errors import InvalidArgumentError
from letta_async.operations.conversations import Recompile, RetrieveConversation

__all__ = ["Selection", "read_stdin"]

DIRECT: Final = "default"
"""ID that stands for an agent's own messages instead of a conversation."""

_SHOWN: Final = 3
"""Maximum number of malformed IDs that an error names."""


@attrs.frozen(kw_only=True)
class Selection:
    """Conversations by their IDs, of an agent, of the agents with a block, or all of the server."""

    ids: Sequence[str] = ()
    agent: str | None = None
    block: str | None = None
    everything: bool = False
    direct: str | None = None
    """ID of the agent whose own messages the ID `default` stands for."""
    from_stdin: bool = False

    @classmethod
    def read(cls, ids: Sequence[str], *, agent: str | None, block: str | None, everything: bool) -> Self:
        """Create a selection from arguments; the ID `-` stands for the IDs on standard input, one per line.

        Raises:
            Refusal: The arguments select nothing, or in two ways; no ID is well-formed; or standard input is not
                text.
            InvalidArgumentError: The agent of `default` is malformed.

        """
        ways = [bool(ids), agent is not None and not ids, block is not None, everything]
        if sum(ways) != 1:
            problem = "none was chosen" if not any(ways) else "these exclude each other"
            raise Refusal(f"name the conversations by ID, or choose them by --agent, --block or --all: {problem}")
        given = list(_with_ids_of_stdin(ids))
        direct = agent if ids else None
        if direct is not None:
            if DIRECT not in given:
                raise Refusal(f"IDs and --agent exclude each other, unless {DIRECT!r} is among the IDs")
            check(Recompile, {"conversation_id": DIRECT, "agent_id": direct})
        _check_ids(given, () if direct is None else (DIRECT,))
        return cls(
            ids=list(dict.fromkeys(given)),
            agent=None if ids else agent,
            block=block,
            everything=everything,
            direct=direct,
            from_stdin="-" in ids,
        )

    def agent_of(self, conversation_id: str) -> str | Unset:
        """Return the agent to send with an ID: only `default` has one."""
        return UNSET if self.direct is None or conversation_id != DIRECT else self.direct

    async def find(self, client: AsyncLetta, stop: Stop) -> list[str]:
        """Return the IDs of the conversations, each once."""
        if self.agent is not None:
            targets = client.conversations.targets(agent_id=self.agent)
        elif self.block is not None:
            targets = client.conversations.targets(block_id=self.block)
        elif self.everything:
            targets = client.conversations.targets(all=True)
        else:
            return list(self.ids)
        return list(dict.fromkeys([each async for each in until_stopped(targets, stop)]))


def _with_ids_of_stdin(ids: Iterable[str]) -> Iterable[str]:
    for each in ids:
        if each == "-":
            yield from filter(None, map(str.strip, read_stdin().splitlines()))
        else:
            yield each


def read_stdin() -> str:
    """Return the whole of standard input, which may be UTF-8 or UTF-16.

    Raises:
        Refusal: It is not text.

    """
    buffer = getattr(sys.stdin, "buffer", None)
    try:
        return sys.stdin.read() if buffer is None else decode_text(buffer.read())
    except UnreadableTextError as error:
        raise Refusal(f"standard input: {error}") from None


def _check_ids(ids: Sequence[str], also: Container[str]) -> None:
    """Raise an error if no ID is well-formed; a malformed ID among others fails on its own later."""
    wrong = [each for each in ids if each not in also and not _is_id(each)]
    if wrong and len(wrong) == len(ids):
        if set(wrong) == {DIRECT}:
            raise Refusal(f"ID: {DIRECT!r} stands for an agent's own messages: name the agent by --agent")
        named = ", ".join(repr(without_control_characters(each[:60])) for each in wrong[:_SHOWN])
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise Refusal(f"ID: {named}{more}: expected 'conv-' and a lower-case UUID4")


def _is_id(text: str) -> bool:
    try:
        check(RetrieveConversation, {"conversation_id": text})
    except InvalidArgumentError:
        return False
    return True
