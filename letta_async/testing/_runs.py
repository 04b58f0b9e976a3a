"""The life of a run: it begins with a turn, its events go into a channel, and it ends, or is cancelled.

A turn goes on when its client leaves, as on the real server, in the background or not. What differs is that the events
of a background run are numbered, and kept for those who come later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from letta_async.testing._event_stream import CANCELLED, DONE, Deferred, EventStream, ping, read_events, write_event
from letta_async.testing._live import Channel
from letta_async.testing._rows import Message, Run
from letta_async.testing._state import Store, new_id
from letta_async.testing._turn_errors import TurnError
from letta_async.testing._turn_input import denial
from letta_async.testing._turns import Turn

__all__ = ["begin_run", "cancel_run", "in_background", "streamed", "whole"]

_Ended = Literal["completed", "failed", "cancelled"]
_DENIED: Final = "The user cancelled the request, so the tool call was denied."
_FAILED: Final = frozenset(
    {"error", "invalid_tool_call", "invalid_llm_response", "llm_api_error", "max_tokens_exceeded"}
)


def begin_run(store: Store, run_type: str, body: Mapping[str, Any], **fields: Any) -> Run:
    """Store a new run."""
    return store.put(
        Run(
            id=new_id("run"),
            sequence=store.next(),
            created_at=store.clock(),
            metadata={"run_type": run_type, **fields.pop("metadata", {})},
            request_config={
                "use_assistant_message": body["use_assistant_message"],
                "assistant_message_tool_name": body["assistant_message_tool_name"],
                "assistant_message_tool_kwarg": body["assistant_message_tool_kwarg"],
                "include_return_message_types": body["include_return_message_types"],
            },
            **fields,
        )
    )


def _status_of(reason: str) -> _Ended:
    return "failed" if reason in _FAILED else "cancelled" if reason == "cancelled" else "completed"


def _end_run(
    store: Store,
    run_id: str,
    status: _Ended,
    stop_reason: str | None,
    *,
    error: Any = None,
    lock: str | None = None,
) -> None:
    """Note how a run ended, on its agent too; whoever waits for its conversation can go on."""
    if lock is not None and store.live.locks.get(lock) == run_id:
        del store.live.locks[lock]
    store.live.cancelled.pop(run_id, None)
    run = store.runs.get(run_id)
    if run is None:  # deleted with its agent
        return
    metadata = run.metadata if error is None else {**run.metadata, "error": error}
    store.put(
        attrs.evolve(
            run,
            status=status,
            stop_reason=stop_reason or run.stop_reason,
            completed_at=run.completed_at or store.clock(),
            metadata=metadata,
        )
    )
    agent = store.agents.get(run.agent_id)
    if agent is not None and stop_reason is not None:
        store.put(attrs.evolve(agent, fields={**agent.fields, "last_stop_reason": stop_reason}))
    store.live.save()


# --- whole ----------------------------------------------------------------------------------------------------------


def whole(store: Store, turn: Turn, *, tracked: bool = True, lock: str | None = None) -> Deferred:
    """Begin a turn whose response is one object.

    `tracked` is false where the server forgets to note how the run ended.
    """
    return Deferred(asyncio.shield(store.live.start(_whole(store, turn, tracked=tracked, lock=lock))))


async def _whole(store: Store, turn: Turn, *, tracked: bool, lock: str | None) -> dict[str, Any]:
    try:
        messages = [event async for event in turn.events()]
    except TurnError as error:
        if tracked:
            _end_run(store, turn.run_id, "failed", None, error=error.detail, lock=lock)
        raise error.refusal() from None
    finally:
        if lock is not None:
            store.live.locks.pop(lock, None)
    if tracked:
        reason = turn.stop_reason or "end_turn"
        _end_run(store, turn.run_id, _status_of(reason), reason)
    return {
        "messages": messages,
        "stop_reason": {"message_type": "stop_reason", "stop_reason": turn.stop_reason},
        "usage": turn.usage.as_dict(tokens=False),
        "logprobs": None,
        "turns": None,
    }


def in_background(store: Store, turn: Turn) -> None:
    """Begin a turn that nobody waits for; its events are not kept."""
    store.live.start(_in_background(store, turn))


async def _in_background(store: Store, turn: Turn) -> None:
    try:
        async for _ in turn.events():
            pass
    except TurnError as error:
        _end_run(store, turn.run_id, "failed", "error", error=error.detail)
    else:
        run = store.runs.get(turn.run_id)
        if run is not None and run.status != "cancelled":
            reason = turn.stop_reason or "end_turn"
            _end_run(store, turn.run_id, _status_of(reason), reason)


# --- streamed -------------------------------------------------------------------------------------------------------


def streamed(store: Store, turn: Turn, *, background: bool, pings: bool, lock: str | None) -> EventStream:
    """Begin a turn whose response is an event stream."""
    run, live = store.runs[turn.run_id], store.live
    store.put(attrs.evolve(run, status="running"))
    if lock is not None:
        live.locks[lock] = run.id
    channel = Channel()
    if background:
        live.channels[run.id] = channel
    writer = _Writer(store, turn, channel, background=background, lock=lock)
    task = live.start(writer.run(pings=pings))
    live.cancelled[run.id] = lambda: writer.cancel(task)
    return EventStream(read_events(store, channel, run.id, pings=pings, numbered=background))


@attrs.define(eq=False)
class _Writer:
    """What writes the events of a turn into its channel."""

    store: Store
    turn: Turn
    channel: Channel
    background: bool = attrs.field(kw_only=True)
    lock: str | None = attrs.field(kw_only=True)

    def _put(self, event: Mapping[str, Any]) -> None:
        number = len(self.channel.events) + 1 if self.background else None
        self.channel.put(write_event(event, number))

    async def run(self, *, pings: bool) -> None:
        """Write all events; what goes wrong with the server itself ends the run as well."""
        turn, began = self.turn, False
        if pings:
            self._put(ping(self.store, turn.run_id))
        try:
            async for event in turn.events():
                self._put(event)
                began = True
        except TurnError as error:
            self._failed(error, began=began)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._failed(TurnError(500, None, detail=str(error) or repr(error)), began=began)
        else:
            reason = turn.stop_reason or "end_turn"
            self._put({"message_type": "stop_reason", "stop_reason": reason})
            self._put(turn.usage.as_dict(tokens=turn.tokens))
            self.channel.put(DONE)
            _end_run(
                self.store, turn.run_id, "cancelled" if reason == "cancelled" else "completed", reason, lock=self.lock
            )
        finally:
            self._close()

    def _failed(self, error: TurnError, *, began: bool) -> None:
        if error.in_the_middle:
            self._put({"message_type": "stop_reason", "stop_reason": "error"})
        self._put({"message_type": "stop_reason", "stop_reason": error.stop_reason})
        event = error.event(self.turn.run_id)
        if began:
            event |= {"error_type": "internal_error", "message": "An error occurred during agent execution."}
        self._put(event)
        if not (began or self.background):
            self.channel.put(DONE)
        status: _Ended = "completed" if began and not self.background else "failed"
        kept = None if status == "completed" else event
        _end_run(self.store, self.turn.run_id, status, error.stop_reason, error=kept, lock=self.lock)

    def cancel(self, task: asyncio.Task[Any]) -> None:
        """Write that the run was cancelled, and stop the turn: what it has not stored is lost."""
        self.channel.put(CANCELLED)
        if self.background:
            self.channel.put(DONE)
        task.cancel()
        self._close()

    def _close(self) -> None:
        self.channel.close()
        if self.lock is not None and self.store.live.locks.get(self.lock) == self.turn.run_id:
            del self.store.live.locks[self.lock]


# --- cancelled ------------------------------------------------------------------------------------------------------


def cancel_run(store: Store, run_id: str) -> str:
    """Cancel a run and return what is said about it; one that has ended stays as it is, unless it waits."""
    run = store.runs.get(run_id)
    if run is None:
        return "failed"
    if run.stop_reason is not None and run.stop_reason != "requires_approval":
        return "cancelled"
    stop = store.live.cancelled.get(run_id)
    _end_run(store, run_id, "cancelled", "cancelled")
    if stop is not None:
        stop()
    agent = store.agents[run.agent_id]
    last = store.messages.get(agent.message_ids[-1]) if agent.message_ids else None
    if last is not None and last.is_approval_request:
        _deny(store, run, last)
    return "cancelled"


def _deny(store: Store, run: Run, request: Message) -> None:
    """Deny what an agent waits for, so that the next message begins a turn."""
    agent = store.agents[run.agent_id]
    ids = [call["tool_call_id"] for call in request.calls]
    decision = {
        "approvals": [{"type": "approval", "tool_call_id": each, "approve": False, "reason": _DENIED} for each in ids],
        "approve": False,
        "approval_request_id": ids[0],
        "reason": _DENIED,
    }
    answer = store.add_message(agent, "approval", "", run_id=run.id, decision=decision)
    denials = tuple(denial(each, _DENIED) for each in ids)
    returns = store.add_message(agent, "tool", "", run_id=run.id, step_id=request.step_id, returns=denials)
    store.put(attrs.evolve(agent, message_ids=(*agent.message_ids, answer.id, returns.id)))
