"""A turn: what an agent does about the messages it is sent, step by step, each a call of its model."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from letta_async.testing import _facts
from letta_async.testing._clock import SimulatedClock
from letta_async.testing._context import is_object
from letta_async.testing._message_wire import chat, date_of, messages_of, otid_of, part
from letta_async.testing._model import Failure, Reply, Rule
from letta_async.testing._rows import Conversation, Message, Role
from letta_async.testing._state import Store, new_id
from letta_async.testing._turn_errors import broken_in_the_middle, empty_response, provider_failed, rejected
from letta_async.testing._turn_input import Input, decide_calls, input_of
from letta_async.testing.stored import steps
from letta_async.testing.stored import tools as stored_tools

__all__ = ["Turn", "Usage"]

_WORDS: Final = re.compile(r"\s*\S+\s*$|\s*\S+")
"""What stands for tokens: words, each with the space before it."""
_PIECE: Final = 12
"""Length of the pieces that arguments come in."""


@attrs.define
class Usage:
    """Number of tokens and steps of a turn."""

    prompt: int = 0
    completion: int = 0
    cached: int | None = None
    reasoning: int | None = None
    context: int | None = None
    steps: int = 0

    def add(self, reply: Reply, prompt: Sequence[Mapping[str, Any]]) -> tuple[int, int, int, int]:
        """Count a call of the model; return its tokens: in the prompt, in the completion, cached, and of reasoning."""
        said = [reply.text, reply.reasoning, *(f"{call.name} {call.arguments}" for call in reply.calls)]
        counted = (len(json.dumps(prompt).split()), sum(len(text.split()) for text in said), 0, 0)
        prompted, completed, cached, reasoning = (*reply.usage, *counted[len(reply.usage) :])
        self.prompt += prompted
        self.completion += completed
        self.cached = (self.cached or 0) + cached
        self.reasoning = (self.reasoning or 0) + reasoning
        self.context = prompted + completed
        self.steps += 1
        return prompted, completed, cached, reasoning

    def as_dict(self, *, tokens: bool) -> dict[str, Any]:
        """Return the statistics; of a stream of tokens the server knows nothing about writes to the cache."""
        return {
            "message_type": "usage_statistics",
            "completion_tokens": self.completion,
            "prompt_tokens": self.prompt,
            "total_tokens": self.prompt + self.completion,
            "step_count": self.steps,
            "run_ids": None,
            "cached_input_tokens": self.cached,
            "cache_write_tokens": None if tokens or not self.steps else 0,
            "reasoning_tokens": self.reasoning,
            "context_tokens": self.context,
        }


@attrs.define(eq=False, kw_only=True)
class Turn:
    """A turn under way. Its run tells whether it was cancelled."""

    store: Store
    run_id: str
    agent_id: str
    conversation_id: str | None
    inputs: list[Mapping[str, Any]]
    handle: str
    client_tools: frozenset[str] = frozenset()
    max_steps: int = 50
    tokens: bool = False
    """Whether messages come in pieces."""
    types: frozenset[str] | None = None
    """Types of messages to return; `None`: all."""
    of_agent: bool = True
    """Whether it was begun by a call of the agents, which names a pending approval."""
    usage: Usage = attrs.field(factory=Usage, init=False)
    stop_reason: str | None = attrs.field(default=None, init=False)
    _system: list[Message] = attrs.field(factory=list[Message], init=False)
    """The system message as the turn found it: a recompile meanwhile does not reach its model."""

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the messages of the turn, whole or in pieces; `stop_reason` and `usage` tell the rest afterwards.

        Raises:
            TurnError: The turn fails.

        """
        context = self.context()
        self._system = context[:1]
        begun = input_of(context, self.inputs, of_agent=self.of_agent)
        waiting = begun.messages
        for number in range(self.max_steps):
            run = self.store.runs.get(self.run_id)
            if run is None or run.status == "cancelled":
                self.stop_reason = "cancelled"
                return
            if number == 0 and begun.decision is not None:
                step = self._decided(begun)
            else:
                step = self._step(waiting, final=number == self.max_steps - 1)
                waiting = []
            async for event in step:
                if self.types is None or event["message_type"] in self.types:
                    yield event
            if self.stop_reason is not None:
                return
        self.stop_reason = "max_steps" if self.max_steps > 0 else "end_turn"

    # --- what it is about --------------------------------------------------------------------------------------------

    def context(self) -> list[Message]:
        """Return the messages that the model gets, the oldest first."""
        agent = self.store.agents.get(self.agent_id)
        if agent is None:
            raise rejected(f"Agent with ID {self.agent_id} not found")
        conversation = self._conversation()
        ids = agent.message_ids if conversation is None else conversation.message_ids
        if agent.fields.get("message_buffer_autoclear"):
            ids = ids[:1]
        return [self.store.messages[each] for each in ids if each in self.store.messages]

    def _conversation(self) -> Conversation | None:
        return None if self.conversation_id is None else self.store.conversations[self.conversation_id]

    def _row(self, role: Role, text: str = "", **fields: Any) -> Message:
        fields.setdefault("run_id", self.run_id)
        return Message(
            id=fields.pop("id", None) or new_id("message"),
            sequence=0,
            created_at=self.store.clock(),
            agent_id=self.agent_id,
            conversation_id=self.conversation_id,
            role=role,
            text=text,
            **fields,
        )

    def _keep(self, *rows: Message) -> list[Message]:
        """Store messages at the end of the context, and write them to the file."""
        store = self.store
        kept = [store.put(attrs.evolve(row, sequence=store.next(), created_at=store.clock())) for row in rows]
        added = tuple(row.id for row in kept)
        conversation = self._conversation()
        if conversation is not None:
            store.put(attrs.evolve(conversation, message_ids=(*conversation.message_ids, *added)))
        else:
            agent = store.agents[self.agent_id]
            store.put(attrs.evolve(agent, message_ids=(*agent.message_ids, *added), updated_at=store.clock()))
        store.live.save()
        return kept

    # --- steps --------------------------------------------------------------------------------------------------------

    async def _decided(self, begun: Input) -> AsyncIterator[dict[str, Any]]:
        """Go on after an approval: with what the client's tools returned, what the server's do, and denials."""
        request = self.context()[-1]
        outcome = decide_calls(request, begun.decision or {})
        before = self.context()[-2:-1]
        allowed = before[0].calls if before and before[0].step_id == request.step_id and before[0].calls else ()
        if not (outcome.approved or outcome.returns):
            self.stop_reason = "invalid_tool_call"
            return
        ran = [self._ran(call, approved=True) for call in (*outcome.approved, *allowed)]
        name = outcome.approved[0]["name"] if outcome.approved else None
        answer = self._row("approval", decision=begun.decision)
        returns = self._row("tool", returns=(*outcome.returns, *ran), name=name, step_id=request.step_id)
        _, kept = self._keep(answer, returns)
        if ran or not self.tokens:  # of the client's own returns a stream of tokens says nothing
            for event in messages_of(kept):
                yield event

    async def _step(self, messages: list[Mapping[str, Any]], *, final: bool) -> AsyncIterator[dict[str, Any]]:
        step_id, live = f"step-{uuid.uuid4()}", self.store.live
        added = [self._row(step_id=step_id, **each) for each in messages]
        prompt = chat([*self._system, *self.context()[1:], *added])
        if live.models is not None and self.handle == _facts.LLM_HANDLE and self.handle not in live.models:
            raise provider_failed(Failure(status=None, message=""))
        reply, rule = live.model.answer(prompt)
        message_id = new_id("message")
        if self.tokens:
            async for event in self._pieces(reply, rule, message_id, step_id):
                yield event
        else:
            await self._generated(reply, rule)
        tokens = self.usage.add(reply, prompt)
        rows = self._replied(reply, message_id, step_id, added)
        steps.add(self.store, step_id, run_id=self.run_id, handle=self.handle, tokens=tokens, reason=self.stop_reason)
        for row in rows:
            if row.role == "tool" or not self.tokens:
                for event in messages_of(row, with_text=False):
                    yield event
        if self.stop_reason is None and final:
            self.stop_reason = "max_steps"

    def _replied(self, reply: Reply, message_id: str, step_id: str, added: list[Message]) -> list[Message]:
        """Store what the model replied, and what tools returned; return the messages that the client gets."""
        parallel = self.store.agents[self.agent_id].llm_config.get("parallel_tool_calls")
        calls = [
            {"name": call.name, "arguments": call.arguments, "tool_call_id": call.id}
            for call in (reply.calls if parallel else reply.calls[:1])
        ]
        said = {"text": reply.text, "reasoning": reply.reasoning, "step_id": step_id}
        requested = tuple(call for call in calls if self._requires_approval(call["name"]))
        if requested:
            allowed = tuple(call for call in calls if call not in requested)
            first = [self._row("assistant", id=message_id, calls=allowed, **said)] if allowed else []
            about: dict[str, Any] = {"step_id": step_id} if allowed else said
            request = self._row("approval", id=_before(message_id), calls=requested, **about)
            self.stop_reason = "requires_approval"
            return self._keep(*added, *first, request)[len(added) :]
        if calls:
            ran = tuple(self._ran(call) for call in calls)
            shown = tuple({**call, "arguments": json.dumps(_arguments(call["arguments"]))} for call in calls)
            assistant = self._row("assistant", id=message_id, calls=shown, **said)
            tool = self._row("tool", returns=ran, name=calls[0]["name"], step_id=step_id)
            return self._keep(*added, assistant, tool)[len(added) :]
        self.stop_reason = "max_tokens_exceeded" if reply.finish == "length" else "end_turn"
        if not (reply.text or reply.reasoning):
            self._keep(*added)
            return []
        return self._keep(*added, self._row("assistant", id=message_id, **said))[len(added) :]

    # --- tokens -------------------------------------------------------------------------------------------------------

    async def _generated(self, reply: Reply, rule: Rule | None) -> None:
        """Wait as long as the reply takes; fail as the model does."""
        await self._sleep(reply.wait)
        if reply.failure is not None:
            raise provider_failed(reply.failure)
        if not (reply.text or reply.calls or reply.reasoning):
            raise empty_response(self.store.agents[self.agent_id].llm_config["model"])
        for number, _ in enumerate(_tokens(reply)):
            await self._paced(reply, rule, number)

    async def _pieces(
        self, reply: Reply, rule: Rule | None, message_id: str, step_id: str
    ) -> AsyncIterator[dict[str, Any]]:
        await self._sleep(reply.wait)
        failure = reply.failure
        if failure is not None and not failure.after:
            raise provider_failed(failure)
        index = {kind: place for place, kind in enumerate(dict.fromkeys(kind for kind, _ in _tokens(reply)))}
        requested = {call.id for call in reply.calls if self._requires_approval(call.name)}
        for number, (kind, fields) in enumerate(_tokens(reply)):
            if failure is not None and number == failure.after:
                break
            await self._paced(reply, rule, number)
            made = {"date": date_of(self.store.clock()), "run_id": self.run_id, "step_id": step_id}
            if kind == "tool_call_message" and fields["tool_call"]["tool_call_id"] in requested:
                shown_id = _before(message_id)
                call = {"name": None, "arguments": None, **fields["tool_call"]}
                shown = {"tool_call": call, "tool_calls": call}
                yield part("approval_request_message", shown_id, shown, otid=shown_id, **made)
            else:
                yield part(kind, message_id, fields, otid=otid_of(message_id, index[kind]), **made)
        if failure is not None:
            raise broken_in_the_middle(failure)

    async def _paced(self, reply: Reply, rule: Rule | None, number: int) -> None:
        if rule is not None and number == reply.hold:
            await rule.held()
        elif number:
            await self._sleep(reply.delay)

    async def _sleep(self, seconds: float) -> None:
        if not seconds:
            return
        clock = self.store.clock
        if isinstance(clock, SimulatedClock):
            clock.advance(seconds)
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(seconds)

    # --- tools --------------------------------------------------------------------------------------------------------

    def _requires_approval(self, name: str) -> bool:
        tool = self.store.live.model.tools.get(name)
        if name in self.client_tools or (tool is not None and tool.requires_approval):
            return True
        rules: list[Mapping[str, Any]] = self.store.agents[self.agent_id].fields.get("tool_rules", [])
        return any(rule["type"] == "requires_approval" and rule["tool_name"] == name for rule in rules)

    def _stored_tools(self) -> list[str]:
        """Return the names of the agent's stored tools, which only a function of `model.tool` runs."""
        rows = (stored_tools.find(self.store, tool_id) for tool_id in self.store.agents[self.agent_id].tool_ids)
        return [f"{row.fields['name']}" for row in rows if row is not None]

    def _ran(self, call: Mapping[str, Any], *, approved: bool = False) -> dict[str, Any]:
        """Run a tool of the server and return what it returned; a name that is no tool's is an error of the model."""
        name, tools = call["name"], self.store.live.model.tools
        shown: dict[str, Any] = {"tool_call_id": call["tool_call_id"], "status": "error"}
        tool = tools.get(name)
        stored = self._stored_tools() if tool is None else []
        if name in stored:
            words = "The embedded server does not run the source code of tools. Write what it returns:"
            return {**shown, "tool_return": f'{words} server.model.tool("{name}", ...)', "stdout": [], "stderr": []}
        if tool is None and not approved:
            valid = [*tools, *stored, *sorted(self.client_tools)]
            return {**shown, "tool_return": f"[ToolConstraintError] Cannot call {name}, valid tools include: {valid}."}
        shown |= {"stdout": [], "stderr": []}
        if tool is None:
            return {**shown, "tool_return": f"Tool {name} not found"}
        if isinstance(tool.run, str):
            return {**shown, "tool_return": tool.run, "status": "success"}
        try:
            returned = tool.run(**_arguments(call["arguments"]))
        except Exception as error:
            return {**shown, "tool_return": f"Error executing function {name}: {type(error).__name__}: {error}"}
        text = returned if isinstance(returned, str) else str(returned)
        return {**shown, "tool_return": text, "status": "success"}


def _tokens(reply: Reply) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is streamed of a reply, a token each, with the type of its message."""
    for word in _WORDS.findall(reply.reasoning):
        yield "reasoning_message", {"source": "reasoner_model", "reasoning": word, "signature": None}
    for word in _WORDS.findall(reply.text):
        yield "assistant_message", {"content": word}
    for call in reply.calls:
        named = {"name": call.name, "tool_call_id": call.id}
        yield "tool_call_message", {"tool_call": named, "tool_calls": named}
        for start in range(0, len(call.arguments), _PIECE):
            piece = {"arguments": call.arguments[start : start + _PIECE], "tool_call_id": call.id}
            yield "tool_call_message", {"tool_call": piece, "tool_calls": piece}


def _arguments(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if is_object(value) else {}


def _before(message_id: str) -> str:
    """Return the ID of a request for an approval: the one before the ID of the message that would be the reply's."""
    return f"message-{uuid.UUID(int=uuid.UUID(message_id.removeprefix('message-')).int - 1)}"
