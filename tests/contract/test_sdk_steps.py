"""Contract tests of the client for steps, and for what runs take."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from letta_async import (
    AsyncLetta,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    ReasoningMessage,
    RunMetrics,
    Step,
    StepMetrics,
    UserMessage,
)
from tests.contract.conftest import REAL, TALKING
from tests.contract.wire import UNKNOWN, Http

NO_RUN, NO_STEP = f"run-{UNKNOWN}", f"step-{UNKNOWN}"


@pytest.fixture
async def run_id(sdk: AsyncLetta, talker: str) -> str:
    """Return the ID of a run with one step."""
    response = await sdk.agents.messages.create(talker, input="hello")
    message: Any = response.messages[0]
    return str(message.run_id)


@pytest.fixture
async def step(sdk: AsyncLetta, run_id: str) -> Step:
    """Return a step."""
    (step,) = [each async for each in sdk.runs.steps.list(run_id)]
    return step


async def test_a_run_has_a_step_per_call_of_the_model(sdk: AsyncLetta, run_id: str, talker: str) -> None:
    (step,) = [each async for each in sdk.runs.steps.list(run_id, limit=1, order="asc")]
    assert type(step) is Step
    assert not step.extra_fields
    assert (step.run_id, step.agent_id, step.status, step.stop_reason) == (run_id, talker, "success", "end_turn")
    assert (step.model_handle, step.model, step.provider_name) == (TALKING, TALKING.partition("/")[2], "openai")
    assert (step.api_model_handle, step.api_model_endpoint) == (TALKING, step.model_endpoint)
    assert step.prompt_tokens is not None
    assert step.completion_tokens == 2
    assert step.total_tokens == step.prompt_tokens + 2
    assert step.completion_tokens_details == {"reasoning_tokens": 0}
    assert (step.feedback, step.tags, step.messages) == (None, [], [])
    assert await sdk.steps.retrieve(step.id) == step
    usage = await sdk.runs.usage.retrieve(run_id)
    assert not usage.extra_fields
    assert (usage.prompt_tokens, usage.completion_tokens) == (step.prompt_tokens, 2)
    assert usage.total_tokens == step.total_tokens


async def test_several_steps_are_listed_in_order(sdk: AsyncLetta, careful: str) -> None:
    first = await sdk.agents.messages.create(careful, input='!{"calls": [{"name": "ask_me", "arguments": {"q": "x"}}]}')
    message: Any = first.messages[0]
    run_id = message.run_id
    newest = [each.id async for each in sdk.runs.steps.list(run_id)]
    oldest = [each.id async for each in sdk.runs.steps.list(run_id, order="asc")]
    assert newest == oldest[::-1]
    assert newest


async def test_feedback_is_stored(sdk: AsyncLetta, step: Step) -> None:
    changed = await sdk.steps.feedback.create(step.id, feedback="positive", tags=["a"])
    assert changed == attrs.evolve(step, feedback="positive", tags=["a"])
    changed = await sdk.steps.feedback.create(step.id, feedback=None, tags=[])
    assert changed == attrs.evolve(step, feedback=None, tags=["a"])


async def test_the_messages_of_a_step(sdk: AsyncLetta, step: Step) -> None:
    messages: list[Any] = [each async for each in sdk.steps.messages.list(step.id)]
    assert [type(message) for message in messages] == [UserMessage, ReasoningMessage]
    assert messages[0].content == "hello"
    assert {message.step_id for message in messages} == {step.id}
    newest = [each.id async for each in sdk.steps.messages.list(step.id, order="desc", limit=1)]
    assert newest == [message.id for message in messages][::-1]


async def test_metrics_and_traces(sdk: AsyncLetta, run_id: str, step: Step, talker: str, http: Http) -> None:
    of_run = await sdk.runs.metrics.retrieve(run_id)
    assert type(of_run) is RunMetrics
    assert not of_run.extra_fields
    assert (of_run.id, of_run.agent_id, of_run.num_steps) == (run_id, talker, 1)
    assert of_run.run_ns is not None
    # The server writes them in two tasks, at the beginning and at the end of a step; the first alone knows the run.
    await http.get_until(f"/v1/steps/{step.id}/metrics", lambda metrics: metrics.get("run_id") is not None)
    of_step = await sdk.steps.metrics.retrieve(step.id)
    assert type(of_step) is StepMetrics
    assert not of_step.extra_fields
    assert (of_step.id, of_step.run_id, of_step.agent_id) == (step.id, run_id, talker)
    trace = await sdk.steps.trace.retrieve(step.id)
    if REAL:
        assert trace is not None
        assert not trace.extra_fields
        assert trace.step_id == step.id
        assert trace.request_json is not None
        assert trace.request_json["model"] == step.model
    else:
        assert trace is None


async def test_what_the_server_cannot_do(sdk: AsyncLetta, base_url: str, run_id: str) -> None:
    with pytest.raises(BadRequestError, match="Argument order does not match type"):
        [each async for each in sdk.steps.list()]
    async with AsyncLetta(base_url=base_url, max_retries=0) as once:
        with pytest.raises(InternalServerError, match=r"501 .*ClickHouse"):
            await once.runs.trace.retrieve(run_id, limit=5)
        with pytest.raises(InternalServerError):
            await once.runs.delete(run_id)
    assert (await sdk.runs.retrieve(run_id)).id == run_id


async def test_what_does_not_exist(sdk: AsyncLetta) -> None:
    for missing in (sdk.steps.retrieve, sdk.steps.feedback.create, sdk.steps.metrics.retrieve):
        with pytest.raises(NotFoundError):
            await missing(NO_STEP)
    for missing_run in (sdk.runs.usage.retrieve, sdk.runs.metrics.retrieve):
        with pytest.raises(NotFoundError):
            await missing_run(NO_RUN)
    with pytest.raises(NotFoundError):
        [each async for each in sdk.runs.steps.list(NO_RUN)]
    assert await sdk.steps.trace.retrieve(NO_STEP) is None
    assert [each async for each in sdk.steps.messages.list(NO_STEP)] == []
