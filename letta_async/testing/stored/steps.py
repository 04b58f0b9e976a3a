"""Steps of runs: one per call of the model that succeeded."""

from __future__ import annotations

from typing import Any, Final

from letta_async.operations import runs, steps
from letta_async.testing import _facts, _models
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, no_record
from letta_async.testing._message_wire import messages_of
from letta_async.testing._messages import cut
from letta_async.testing._route import Route, route_of
from letta_async.testing._rows import Run, StoredRow
from letta_async.testing._state import Store
from letta_async.testing.stored.collection import Collection

__all__ = ["ROUTES", "add"]

_TOKENS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


def add(
    store: Store,
    step_id: str,
    *,
    run_id: str,
    handle: str,
    tokens: tuple[int, int, int, int],
    reason: str | None,
) -> None:
    """Store a step of a run, unless the run is gone.

    Args:
        store: Store of the server.
        step_id: ID of the step.
        run_id: ID of the run.
        handle: Handle of the model.
        tokens: Numbers of tokens: in the prompt, in the completion, cached, and of reasoning.
        reason: Reason for the end of the turn, if it ended with the step.

    """
    run = store.runs.get(run_id)
    if run is None:
        return
    config = _models.llm_config_of(handle)
    prompt, completion, cached, reasoning = tokens
    fields = {
        "run_id": run_id,
        "agent_id": run.agent_id,
        "provider_name": config["provider_name"],
        "model": config["model"],
        "model_handle": handle,
        "model_endpoint": config["model_endpoint"],
        "context_window_limit": config["context_window"],
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_read_tokens": 0, "cache_creation_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
        "stop_reason": reason,
    }
    STEPS.add(store, {**fields, "id": step_id})
    store.live.save()


# --- steps ------------------------------------------------------------------------------------------------------------


def _shown(_store: Store, row: StoredRow) -> dict[str, Any]:
    return {"id": row.id, **row.fields}


def _list(_store: Store, _call: Call) -> Any:
    """Fail as Letta 0.16.8 does on every such call."""
    detail = "Argument order does not match type typing.Optional[str]; is False of type <class 'bool'>"
    raise Refusal(400, {"detail": detail})


def _list_messages(store: Store, call: Call) -> Any:
    """List the messages of a step, the oldest first unless asked otherwise."""
    row, query = store.rows.get(call.path["step_id"]), call.query
    held = None if row is None else store.held.get(row.fields["agent_id"])
    rows = [store.messages[each] for each in (held.message_ids if held else ()) if each in store.messages]
    order, limit = query["order"] or "asc", query["limit"]
    cursors = {"order": order, "limit": 100 if limit is None else limit, "after": query["after"]}
    mine = [each for each in rows if row is not None and each.step_id == row.id]
    kept = cut(store, mine, {**cursors, "before": query["before"]}, agent_id=None)
    messages = [message for each in kept for message in messages_of(each, text_is_reasoning=True)]
    return messages if order == "asc" else messages[::-1]


def _give_feedback(store: Store, call: Call) -> Any:
    """Store feedback; tags that are left out, null or empty keep the earlier ones."""
    row = STEPS.existing(store, call.path["step_id"])
    tags = call.body["tags"] or row.fields["tags"]
    return _shown(store, STEPS.change(store, row, {"feedback": call.body["feedback"], "tags": tags}))


def _retrieve_metrics(store: Store, call: Call) -> Any:
    """Return the metrics of a step, without durations."""
    step_id = call.path["step_id"]
    row = store.rows.get(step_id)
    if row is None:
        raise no_record("StepMetrics", step_id)
    durations = dict.fromkeys(("step_start_ns", "llm_request_start_ns", "llm_request_ns", "tool_execution_ns"))
    hosted = dict.fromkeys(("base_template_id", "template_id", "project_id"))
    ids = {name: row.fields[name] for name in ("organization_id", "provider_id", "run_id", "agent_id")}
    return {"id": row.id, **ids, **durations, "step_ns": None, **hosted}


def _retrieve_trace(_store: Store, _call: Call) -> Any:
    """Return no trace: none is recorded."""
    return None


STEPS: Final = Collection(
    name="steps",
    prefix="step",
    kind="Step",
    operations=(steps.RetrieveStep,),
    defaults={
        "origin": None,
        "organization_id": _facts.ORGANIZATION_ID,
        "provider_id": None,
        "run_id": None,
        "agent_id": None,
        "provider_name": None,
        "provider_category": "base",
        "model": None,
        "model_handle": None,
        "model_endpoint": None,
        "context_window_limit": None,
        "completion_tokens": 0,
        "prompt_tokens": 0,
        "total_tokens": 0,
        "cached_input_tokens": None,
        "cache_write_tokens": None,
        "reasoning_tokens": None,
        "completion_tokens_details": None,
        "prompt_tokens_details": None,
        "stop_reason": None,
        "tags": [],
        "tid": None,
        "trace_id": None,
        "request_id": None,
        "messages": [],
        "feedback": None,
        "project_id": None,
        "error_type": None,
        "error_data": None,
        "status": "success",
    },
    show=_shown,
)


# --- runs -------------------------------------------------------------------------------------------------------------


def _run(store: Store, call: Call) -> Run:
    run = store.runs.get(call.path["run_id"])
    if run is None:
        raise no_record("Run", call.path["run_id"])
    return run


def _of_run(store: Store, run: Run) -> list[StoredRow]:
    return [row for row in STEPS.rows(store) if row.fields["run_id"] == run.id]


def _list_of_run(store: Store, call: Call) -> Any:
    """List the steps of a run, the newest first unless asked otherwise."""
    return [_shown(store, row) for row in STEPS.page(store, _of_run(store, _run(store, call)), call)]


def _retrieve_usage(store: Store, call: Call) -> Any:
    """Return the sums of the tokens of a run's steps."""
    rows = _of_run(store, _run(store, call))
    sums = {name: sum(row.fields[name] for row in rows) for name in _TOKENS}
    return {**sums, "prompt_tokens_details": None, "completion_tokens_details": None}


def _retrieve_metrics_of_run(store: Store, call: Call) -> Any:
    """Return the duration of a run that has ended."""
    run = store.runs.get(call.path["run_id"])
    if run is None or run.completed_at is None:
        raise no_record("RunMetrics", call.path["run_id"])
    return {
        "id": run.id,
        "organization_id": _facts.ORGANIZATION_ID,
        "agent_id": run.agent_id,
        "project_id": None,
        "run_start_ns": int(run.created_at.timestamp() * 1e9),
        "run_ns": int((run.completed_at - run.created_at).total_seconds() * 1e9),
        "num_steps": len(_of_run(store, run)),
        "tools_used": None,
        "template_id": None,
        "base_template_id": None,
    }


def _retrieve_trace_of_run(_store: Store, _call: Call) -> Any:
    """Fail as a server without ClickHouse does."""
    detail = "OTEL traces require ClickHouse. Set LETTA_CLICKHOUSE_ENDPOINT and configure ClickHouse connection."
    raise Refusal(501, {"detail": detail})


def _delete_run(_store: Store, _call: Call) -> Any:
    """Fail as Letta 0.16.8 does on every such call."""
    raise Refusal(500, {"detail": "An unknown error occurred"})


ROUTES: Final[tuple[Route, ...]] = (
    route_of(steps.ListSteps, _list),
    *STEPS.routes,
    route_of(steps.GiveStepFeedback, _give_feedback),
    route_of(steps.ListStepMessages, _list_messages),
    route_of(steps.RetrieveStepMetrics, _retrieve_metrics),
    route_of(steps.RetrieveStepTrace, _retrieve_trace),
    route_of(steps.ListRunSteps, _list_of_run),
    route_of(runs.RetrieveRunUsage, _retrieve_usage),
    route_of(runs.RetrieveRunMetrics, _retrieve_metrics_of_run),
    route_of(runs.RetrieveRunTrace, _retrieve_trace_of_run),
    route_of(runs.DeleteRun, _delete_run),
)
