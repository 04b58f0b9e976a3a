"""The command `chat`: messages to an agent, and its answers as they come."""

from __future__ import annotations

import errno
import sys
import textwrap
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final, TypeVar

import attrs

from letta_async.cli.chat_target import ChatTarget, check_conversation, find_target
from letta_async.cli.chat_view import ChatView, describe_call, is_complete
from letta_async.cli.command_runner import CommandRunner
from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import Refusal, Unreachable, explain, without_control_characters
from letta_async.cli.exits import Exit
from letta_async.cli.line_reader import LineInterrupted, LineReader
from letta_async.cli.report import say
from letta_async.cli.selection import read_stdin
from letta_async.cli.stop_signals import Interrupted, Signalled, Stop, unless_stopped, until_stopped
from letta_async.client import AsyncLetta
from letta_async.errors import ConflictError, LettaError, StreamError
from letta_async.resources._stream import AsyncStream
from letta_async.types.accumulation import Accumulator
from letta_async.types.message import ApprovalRequestMessage, ToolCall
from letta_async.types.stream import LettaStopReason, StreamEvent

__all__ = ["chat"]

T = TypeVar("T")

Messages = Sequence[Mapping[str, Any]]

_QUIT: Final = "/quit"
_DETAIL: Final = 300
"""Maximum length of an error's detail, in characters."""
_WAITS: Final = "waiting for approval"
"""Words by which the server refuses a message as long as a tool call waits for an approval."""


def chat(
    agent: str, conversation_id: str | None, connection: Connection, view: ChatView, *, options: Mapping[str, Any]
) -> Exit:
    """Carry on a chat on the terminal, or send standard input as one message; return the exit code.

    Args:
        agent: ID or name of the agent.
        conversation_id: ID of the conversation, or `None` for the agent's own messages.
        connection: Connection to the server.
        view: Output of the turns.
        options: Further arguments of the calls that send messages.

    Raises:
        Refusal: An argument is wrong, or standard input has no message.
        NoSuchAgent: No agent has the name.
        NotFoundError: There is no such agent, or no such conversation.

    """
    if conversation_id is not None:
        check_conversation(conversation_id)
    reader = LineReader() if sys.stdin.isatty() else None
    text = read_stdin().strip("\r\n") if reader is None else ""
    if reader is None and not text.strip():
        raise Refusal("standard input is empty: there is no message")
    with CommandRunner(connection) as runner:
        try:
            target = runner.run(lambda client, stop: unless_stopped(find_target(client, agent, conversation_id), stop))
        except Interrupted as interrupted:
            say("Interrupted.")
            return interrupted.code
        session = _ChatSession(runner=runner, target=target, view=view, options=options, reader=reader)
        try:
            return session.converse(reader) if reader is not None else session.send_once(text)
        except BrokenPipeError:  # nobody reads any more
            return Exit.UNCHECKED
        except OSError as error:
            if reader is not None and error.errno == errno.EIO:  # the terminal is gone, and no signal has told so yet
                return Exit.HUNG_UP
            raise


@attrs.define
class _ChatTurn:
    """One turn, as far as it has come."""

    run_id: str | None = None
    stop_reason: str | None = None
    broken: OSError | None = None
    """Error by which standard output could not be written."""
    requests: Accumulator = attrs.field(factory=Accumulator)
    """Tool calls that wait for an approval."""

    async def follow(self, events: AsyncStream[StreamEvent], view: ChatView, stop: Stop) -> None:
        """Show events until the turn ends or a stop is requested, which closes the connection.

        If standard output cannot be written, a stop is requested.
        """
        async with aclosing(until_stopped(_iterate_and_close(events), stop)) as shown:
            async for event in shown:
                self.run_id = getattr(event, "run_id", None) or self.run_id
                if isinstance(event, ApprovalRequestMessage):
                    self.requests.add(event)
                elif isinstance(event, LettaStopReason):
                    self.stop_reason = event.stop_reason
                try:
                    view.show(event)
                except OSError as error:
                    self.broken = error
                    stop.ask(Exit.UNCHECKED)
                    return


async def _iterate_and_close(events: AsyncStream[StreamEvent]) -> AsyncGenerator[StreamEvent, None]:
    async with events:
        async for event in events:
            yield event


@attrs.define(kw_only=True)
class _ChatSession:
    """A chat that goes on."""

    runner: CommandRunner
    target: ChatTarget
    view: ChatView
    options: Mapping[str, Any]
    reader: LineReader | None

    def send_once(self, text: str) -> Exit:
        """Send one message; return the exit code."""
        turn = _ChatTurn()
        try:
            ended = self._carry_out_turn(turn, _user_message(text))
        except (LettaError, Unreachable) as error:
            code = _say_error(error)
            return Exit.UNFINISHED if code is Exit.UNCHECKED else code
        if ended is not None:
            return ended
        if calls := turn.requests.response.tool_calls:
            waiting = f"The agent waits for an approval of {', '.join(map(describe_call, calls))}"
            say(f"{waiting}; decide in a chat on a terminal.")
            return Exit.UNFINISHED
        return Exit.DONE if is_complete(turn.stop_reason) else Exit.UNFINISHED

    def converse(self, reader: LineReader) -> Exit:
        """Send what is typed, line by line; return the exit code."""
        say(f"Chat with {self.target.description}. {_QUIT} or Ctrl-D ends it, Ctrl-C ends a turn.")
        is_warned = False
        while True:
            try:
                text = reader.read("> ")
                is_warned = False
                if text.strip() == _QUIT:
                    return Exit.DONE
                if text.strip() and (code := self._exchange_messages(_user_message(text))) is not None:
                    return code
            except EOFError:
                return Exit.DONE
            except Interrupted as interrupted:
                if interrupted.code is not Exit.INTERRUPTED:
                    return interrupted.code
            except LineInterrupted as interrupted:
                if interrupted.was_empty or is_warned:
                    return Exit.INTERRUPTED
                is_warned = True
                say("Ctrl-C once more ends the chat.")
            except Signalled:
                raise
            except KeyboardInterrupt:  # between a turn and a prompt
                say("")

    def _exchange_messages(self, messages: Messages) -> Exit | None:
        """Carry out a turn, and those that follow from approvals; return the exit code if the chat is to end."""
        while True:
            turn = _ChatTurn()
            try:
                ended = self._carry_out_turn(turn, messages)
                if ended is not None:
                    return None if ended is Exit.INTERRUPTED else ended
                calls = turn.requests.response.tool_calls if turn.stop_reason == "requires_approval" else []
            except (LettaError, Unreachable) as error:
                calls = self._find_undecided() if _is_waiting_for_approval(error) else []
                if not calls:
                    _say_error(error)
                    return None
                say("The message was not taken: the agent waits for a decision.")
            decisions = [] if not calls else self._ask_for_decisions(calls)
            if not decisions:
                return None
            messages = [{"type": "approval", "approvals": decisions}]

    def _carry_out_turn(self, turn: _ChatTurn, messages: Messages) -> Exit | None:
        """Carry out a turn; return `None` once it has ended, or else the exit code of what interrupted it.

        Ctrl-C cancels the run on the server. Another signal does not: the server completes the turn.

        Raises:
            LettaError: The turn failed.
            Unreachable: The server could not be reached.
            OSError: Standard output cannot be written.

        """

        async def follow(client: AsyncLetta, stop: Stop) -> None:
            await turn.follow(self.target.send(client, messages, self.options), self.view, stop)

        try:
            self._run(follow)
        except Interrupted as interrupted:
            if interrupted.code is not Exit.INTERRUPTED:
                return self._leave_turn(turn, interrupted.code)
            if turn.stop_reason is None:
                return self._cancel_after_interrupt(turn)
        except LettaError as error:
            self.view.fail(error)
            raise
        except Unreachable:
            self.view.end()
            raise
        self.view.end()
        return None

    def _run(self, make: Callable[[AsyncLetta, Stop], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end, and return its result.

        Raises:
            Interrupted: A stop was requested, also where the coroutine failed at the same time, unless by Ctrl-C.

        """
        stops: list[Stop] = []

        def make_noted(client: AsyncLetta, stop: Stop) -> Coroutine[Any, Any, T]:
            stops.append(stop)
            return make(client, stop)

        try:
            return self.runner.run(make_noted)
        except (LettaError, Unreachable) as error:
            code = next((stop.code for stop in stops if stop.asked.is_set()), Exit.INTERRUPTED)
            if code is Exit.INTERRUPTED:
                raise
            _say_error(error)
            raise Interrupted(code, at_once=False) from error

    def _leave_turn(self, turn: _ChatTurn, code: Exit) -> Exit:
        """Leave a turn to the server, since the program is to end; return the exit code."""
        with suppress(OSError):
            self.view.end()
        if turn.broken is not None and code is Exit.UNCHECKED:
            raise turn.broken
        say("Interrupted; the server may complete the turn.")
        return code

    def _cancel_after_interrupt(self, turn: _ChatTurn) -> Exit:
        """Cancel a turn on the server after Ctrl-C; return the exit code."""
        self.view.end()
        if sys.stderr.isatty():
            say("")  # after the ^C that the terminal shows
        if turn.run_id is not None:
            return self._cancel_run(turn.run_id)
        say("Interrupted before the server began to respond; it may carry out the turn nevertheless.")
        return Exit.INTERRUPTED

    def _cancel_run(self, run_id: str) -> Exit:
        try:
            self._run(lambda client, stop: unless_stopped(self.target.cancel(client, run_id), stop))
        except Interrupted as interrupted:
            say("Interrupted; the server may complete the turn.")
            return interrupted.code
        except (LettaError, Unreachable) as error:
            say(f"error: the turn was not cancelled, the server may complete it: {explain(error)[1]}")
        else:
            say("Cancelled.")
        return Exit.INTERRUPTED

    def _find_undecided(self) -> list[ToolCall]:
        """Return the tool calls that wait for an approval since before this chat.

        Raises:
            Interrupted: A signal arrived meanwhile.

        """
        try:
            return self._run(lambda client, stop: unless_stopped(self.target.undecided_calls(client), stop))
        except (LettaError, Unreachable) as error:
            _say_error(error)
            return []

    def _ask_for_decisions(self, calls: Sequence[ToolCall]) -> list[Mapping[str, Any]]:
        """Ask for a decision about each call; return none at all if one is refused by Ctrl-C.

        Raises:
            EOFError: Ctrl-D was typed.
            OSError: The terminal is gone.

        """
        assert self.reader is not None  # noqa: S101 - nobody is asked without a terminal
        decisions: list[Mapping[str, Any]] = []
        for call in calls:
            self.reader.tell(f"The agent asks to call {describe_call(call)}: y, or n and a reason.")
            try:
                answer = self.reader.read("approve? [y/N] ", is_kept=False)
            except LineInterrupted:
                say("Undecided: the agent takes no message before a decision; the next one leads back to it.")
                return []
            decisions.append({"type": "approval", "tool_call_id": call.tool_call_id, **_parse_decision(answer)})
        return decisions


def _parse_decision(answer: str) -> Mapping[str, Any]:
    """Return the decision that an answer is: `y` approves; anything else denies, and what follows `n` is the reason."""
    word, _, rest = answer.strip().partition(" ")
    if word.lower() in ("y", "yes"):
        return {"approve": True}
    reason = rest.strip() if word.lower() in ("n", "no") else answer.strip()
    return {"approve": False, "reason": reason or None}


def _user_message(text: str) -> Messages:
    return [{"role": "user", "content": text}]


def _say_error(error: LettaError | Unreachable) -> Exit:
    """Write an error to standard error; return its exit code. One that the server reports in a stream has a detail."""
    code, words = explain(error)
    if isinstance(error, StreamError):
        words = words.removeprefix(f"{error.request_method} {error.request_path}: ")
        detail = " ".join(without_control_characters(str(error.detail or "")).split())
        if detail and detail not in words:
            words = f"{words} ({textwrap.shorten(detail, _DETAIL, placeholder=' …')})"
    say(f"error: {words}")
    return code


def _is_waiting_for_approval(error: LettaError | Unreachable) -> bool:
    return isinstance(error, ConflictError | StreamError) and _WAITS in str(error)
