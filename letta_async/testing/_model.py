"""The model of an embedded server: rules that say what it replies, `server.model`.

Rules are used up in the order in which they were written. Without one that matches, the model repeats what the last
message says.
"""

from __future__ import annotations

import asyncio
import collections
import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from letta_async.testing._context import is_array, is_object

__all__ = ["Failure", "Model", "ModelTool", "Reply", "Rule", "ToolCall"]

Prompt = Sequence[Mapping[str, Any]]
"""Messages that the model gets: objects with `role`, `content` and, where there are any, `tool_calls`."""
_REMEMBERED: Final = 1000


def _call_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"


@attrs.frozen(kw_only=True)
class ToolCall:
    """A tool call in a reply; `Model.call()` makes it."""

    name: str
    """Name of the tool."""
    arguments: str
    """Arguments as JSON, as the model writes them."""
    id: str = attrs.field(factory=_call_id)
    """ID of the call."""


@attrs.frozen(kw_only=True)
class Failure:
    """A failure of the model's provider, instead of a reply or in its middle."""

    status: int | None
    """Status of the provider's response; `None`: the connection breaks."""
    message: str
    """Message of the provider."""
    after: int | None = None
    """Number of tokens that arrive before it; `None`: not even the response begins."""
    error_type: str = "server_error"
    """Type of the error, as the provider names it."""


@attrs.frozen(kw_only=True)
class Reply:
    """What the model replies to one call."""

    text: str = ""
    """Text."""
    reasoning: str = ""
    """Reasoning before the text."""
    calls: tuple[ToolCall, ...] = ()
    """Tool calls after the text."""
    failure: Failure | None = None
    """Failure of the provider, instead of the reply or in its middle."""
    usage: tuple[int, ...] = ()
    """Numbers of tokens to report: of the prompt, the completion, and of these the cached and the reasoning ones.
    Those that are missing are counted, a word as a token."""
    finish: str = ""
    """Finish reason, such as `length`; default: `stop`, or `tool_calls`."""
    wait: float = 0.0
    """Seconds before the first token."""
    delay: float = 0.0
    """Seconds before each further token."""
    hold: int | None = None
    """Number of tokens after which it waits for `Rule.release()`."""


@attrs.frozen(kw_only=True)
class ModelTool:
    """A tool that the server runs; `Model.tool()` makes it."""

    name: str
    """Name of the tool."""
    run: Callable[..., object] | str
    """Function that is called with the arguments as keywords, or what the tool returns."""
    requires_approval: bool
    """Whether a call of it ends the turn until it is approved."""


class Rule:
    """What the model replies to the next calls that match; `Model.reply()` and `Model.fail()` make it."""

    def __init__(self, left: int | None, *, matches: Callable[[str], bool], reply: Callable[[Prompt], Reply]) -> None:
        self.left = left
        """Number of calls that are still to meet it; `None`: all that come."""
        self.met = 0
        """Number of calls that met it so far."""
        self.matches = matches
        """Whether it is meant for a call, by the text of the last user message."""
        self.reply = reply
        """The reply to a call."""
        self._released = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Rule met={self.met} left={self.left}>"

    def cancel(self) -> None:
        """Let no further call meet it."""
        self.left = 0

    def release(self) -> None:
        """Let replies that are held go on, those to come included. It can be called from any thread."""
        with self._lock:
            self._released = True
            for loop, event in self._waiting:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)
            self._waiting.clear()

    async def held(self) -> None:
        """Wait until it is released."""
        event = asyncio.Event()
        with self._lock:
            if self._released:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()


def _text_of(content: Any) -> str:
    if is_array(content):
        return "\n".join(str(part.get("text", "")) for part in content if is_object(part))
    return str(content or "")


class Model:
    """The model of an embedded server, the same for all its agents: `EmbeddedServer.model`.

    Without a rule it repeats the text of the last message. Everything can be called from any thread, at any time::

        server.model.reply("It is sunny.", when="weather")
        server.model.reply(server.model.call("weather", {"city": "Rome"}))
        server.model.fail(status=429)
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.RLock()
        self._tools: dict[str, ModelTool] = {}
        self.prompts: collections.deque[Prompt] = collections.deque(maxlen=_REMEMBERED)
        """The messages of each call, the newest last: at most 1000 calls."""
        self.summary: str | Callable[[Prompt], str] | None = None
        """Text of summaries, or a function of the messages to summarize; `None`: `Summary of N messages.`"""

    def reply(
        self,
        *parts: str | ToolCall | Callable[[Prompt], Reply | ToolCall | str],
        reasoning: str = "",
        when: str | Callable[[str], bool] | None = None,
        times: int | None = 1,
        usage: Sequence[int] = (),
        finish: str = "",
        wait: float = 0.0,
        delay: float = 0.0,
        hold: int | None = None,
    ) -> Rule:
        """Write down what the model replies to the next call that matches.

        A call meets one rule: of those that match and have not been met often enough, the one written first. A turn
        calls the model again after each return of a tool.

        Args:
            *parts: Texts and tool calls (of `call()`) of the reply; or a function that gets the messages of the call
                and returns a text, a tool call or a `Reply`.
            reasoning: Reasoning before the reply.
            when: Text that the last user message contains, or a predicate on that text. Default: any call.
            times: Number of calls that meet it; `None`: all that come. Default: 1.
            usage: Numbers of tokens to report: of the prompt, the completion, and of these the cached and the
                reasoning ones. Default: they are counted, a word as a token.
            finish: Finish reason, such as `length`. Default: `stop`, or `tool_calls`.
            wait: Seconds before the first token. With a `SimulatedClock` the clock moves and nobody waits.
            delay: Seconds before each further token, likewise.
            hold: Number of tokens after which the reply waits for `Rule.release()`. Default: it does not wait.

        Raises:
            ValueError: There is no part, or a number is out of range.

        """
        if len(parts) == 0 or (len(parts) > 1 and any(callable(part) for part in parts)):
            raise ValueError("a reply is made of texts and tool calls, or of one function")
        if wait < 0 or delay < 0 or (hold is not None and hold < 0):
            raise ValueError("wait, delay and hold must not be negative")
        changes: dict[str, Any] = {"usage": tuple(usage), "finish": finish, "wait": wait, "delay": delay}
        changes["reasoning"] = reasoning
        given = {name: value for name, value in changes.items() if value not in ("", (), 0.0)}
        if hold is not None:
            given["hold"] = hold
        made = next((part for part in parts if callable(part)), None)
        if made is not None:
            return self._add(lambda prompt: attrs.evolve(_as_reply(made(prompt)), **given), when, times)
        reply = attrs.evolve(_join_reply(parts), **given)
        return self._add(lambda _prompt: reply, when, times)

    def call(self, name: str, arguments: Mapping[str, Any] | str | None = None) -> ToolCall:
        """Return a tool call for `reply()`.

        Args:
            name: Name of the tool.
            arguments: Arguments, or their JSON, which then need not be valid.

        """
        text = arguments if isinstance(arguments, str) else json.dumps(dict(arguments or {}))
        return ToolCall(name=name, arguments=text)

    def fail(
        self,
        status: int | None = 500,
        message: str = "The model failed, as it was told to.",
        *,
        after: int | None = None,
        text: str = "one two three four five six seven eight",
        when: str | Callable[[str], bool] | None = None,
        times: int | None = 1,
    ) -> Rule:
        """Write down that the next call of the model fails.

        Args:
            status: Status that the provider answers with; `None`: the connection to it breaks.
            message: Message of the provider.
            after: Number of tokens that arrive before it fails, where tokens are streamed. Default: none, and the
                response does not begin.
            text: Text whose tokens arrive before it fails.
            when: Text that the last user message contains, or a predicate on that text. Default: any call.
            times: Number of calls that meet it; `None`: all that come. Default: 1.

        """
        failure = Failure(status=status, message=message, after=after)
        return self._add(lambda _prompt: Reply(text=text, failure=failure), when, times)

    def tool(self, name: str, run: Callable[..., object] | str = "None", *, requires_approval: bool = False) -> None:
        """Add a tool that the agents of the server have and that the server runs.

        Args:
            name: Name of the tool.
            run: Function that is called with the arguments as keywords, on the server's thread; or what the tool
                returns.
            requires_approval: Whether a call of it ends the turn until it is approved.

        """
        self._tools[name] = ModelTool(name=name, run=run, requires_approval=requires_approval)

    @property
    def tools(self) -> Mapping[str, ModelTool]:
        """The tools that the server runs, by name."""
        return self._tools

    def clear(self) -> None:
        """Forget all rules, tools and prompts."""
        with self._lock:
            self._rules.clear()
            self._tools.clear()
            self.prompts.clear()
            self.summary = None

    def answer(self, prompt: Prompt) -> tuple[Reply, Rule | None]:
        """Return the reply to a call, and the rule that it is from."""
        self.prompts.append(prompt)
        text = next((_text_of(each.get("content")) for each in reversed(prompt) if each["role"] == "user"), "")
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.left != 0]
            met = next((rule for rule in self._rules if rule.matches(text)), None)
            if met is not None:
                met.met += 1
                if met.left is not None:
                    met.left -= 1
        if met is None:
            return Reply(text=_text_of(prompt[-1].get("content")) if prompt else ""), None
        return met.reply(prompt), met

    def summarize(self, prompt: Prompt) -> str:
        """Return the summary of messages."""
        if callable(self.summary):
            return self.summary(prompt)
        return f"Summary of {len(prompt)} messages." if self.summary is None else self.summary

    def _add(
        self, reply: Callable[[Prompt], Reply], when: str | Callable[[str], bool] | None, times: int | None
    ) -> Rule:
        if times is not None and times < 1:
            raise ValueError(f"times={times} is less than 1; None stands for all calls that come")
        rule = Rule(times, matches=_prompt_predicate(when), reply=reply)
        with self._lock:
            self._rules.append(rule)
        return rule


def _prompt_predicate(when: str | Callable[[str], bool] | None) -> Callable[[str], bool]:
    if when is None:
        return lambda _text: True
    return (lambda text: when in text) if isinstance(when, str) else when


def _as_reply(value: Reply | ToolCall | str) -> Reply:
    return value if isinstance(value, Reply) else _join_reply([value])


def _join_reply(parts: Sequence[object]) -> Reply:
    texts = [part for part in parts if isinstance(part, str)]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    if len(texts) + len(calls) != len(parts):
        raise TypeError(f"a reply is made of texts and tool calls, not of {parts!r}")
    return Reply(text="".join(texts), calls=tuple(calls))
