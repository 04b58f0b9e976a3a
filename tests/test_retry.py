"""Retries: which failures, after how long, and how many for all calls together."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from letta_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    ClientClosedError,
    InvalidArgumentError,
    RetryPolicy,
)
from letta_async._http.error_response import status_error
from letta_async.retry import RetryBudget, is_overload
from tests.ids import AGENT, CONVERSATION

POLICY = RetryPolicy()


def status(code: int, detail: str = "no", **headers: str) -> APIStatusError:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return status_error("POST", "/x", code, fields, f'{{"detail": "{detail}"}}'.encode())


def connection(*, transient: bool = True, unprocessed: bool = False, exhausted: bool = False) -> APIConnectionError:
    error = APIConnectionError("no")
    error.transient, error.unprocessed, error.exhausted = transient, unprocessed, exhausted
    return error


def retried(error: BaseException, retries: int = 0, repeatable: bool = True, policy: RetryPolicy = POLICY) -> bool:
    return policy.should_retry(error, retries=retries, repeatable=repeatable)


@pytest.mark.parametrize("code", [408, 425, 429, *range(500, 600)])
def test_statuses_that_may_pass_are_tried_again(code: int) -> None:
    assert retried(status(code)) is (code not in (501, 505))
    assert not retried(status(code), repeatable=False)


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 405, 410, 418, 422, 501, 505, 600, 999])
def test_other_statuses_are_not(code: int) -> None:
    assert not retried(status(code))


@pytest.mark.parametrize(
    ("detail", "passes"),
    [
        ("CONFLICT: conversation is locked", True),
        ("CONFLICT: the conversation is busy", True),
        ("deadlock detected", True),
        ("Cannot send a new message: another request is currently being processed for this conversation", True),
        ("CONFLICT: pending approval", False),
        ("waiting for approval, the conversation is busy", False),
        ("No active runs to cancel", False),
        ("unique constraint violated while locked", False),
        ("Conflict with another request; please try again", True),
        ("foreign key violated in progress", False),
        ("CONFLICT", False),
        ("no entry in the country", False),
        ("unlockable", False),
    ],
)
def test_a_conflict_is_tried_again_only_where_it_can_pass(detail: str, passes: bool) -> None:
    assert retried(status(409, detail)) is passes


SQL = (
    "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.{kind}'>: {reason}\n"
    "[SQL: UPDATE block SET value=$1::VARCHAR]\n[parameters: ('the door is locked, please retry while busy',)]"
)
"""What the server adds; a value in it says nothing about the conflict."""
DUPLICATE = SQL.format(kind="UniqueViolationError", reason='duplicate key value violates unique constraint "one"')
DANGLING = SQL.format(kind="ForeignKeyViolationError", reason='insert on table "two" violates foreign key constraint')

OF_THE_SERVER: dict[str, bool] = {
    f"CONFLICT: Block with id 'block-{AGENT[6:]}' was updated by another transaction. Please retry your request.": True,
    f"CONFLICT: Agent with id '{AGENT}' was updated by another transaction. Please retry your request.": True,
    f"CONFLICT: Cannot send a new message: Another request (run_id=run-{AGENT[6:]}) is currently being processed for "
    "this conversation. Please wait for it to complete.": True,
    "CONFLICT: Cannot send a new message: Another request is currently being processed for this conversation. Please "
    "wait for the current request to complete.": True,
    "CONFLICT: Cannot modify memory: Another operation is currently in progress for this agent's memory. Please wait "
    "for the current operation to complete.": True,
    "The resource is currently locked by another operation. Please retry shortly.": True,
    "A database deadlock was detected. Please retry your request.": True,
    "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. Please approve or deny the "
    "pending request before continuing.": False,
    "CONFLICT: No active runs to cancel": False,
    f"CONFLICT: No active runs to cancel for agent {AGENT}": False,
    f"CONFLICT: No active runs to cancel for conversation {CONVERSATION}": False,
    f"A unique constraint was violated for Block. Check your input for duplicates: {DUPLICATE}": False,
    "A unique constraint was violated for Identity. An identity with identifier_key='busy, retry', project_id='None', "
    "and organization_id='org-1' already exists.": False,
    "A foreign key constraint was violated for Agent. Check your input for missing or invalid references: "
    f"{DANGLING}": False,
    DUPLICATE: False,
    DANGLING: False,
}
"""Each text that Letta 0.16.8 answers with a 409 (its `rest_api/app.py`, `errors.py`, `orm/sqlalchemy_base.py`), and
whether the conflict passes by itself."""


@pytest.mark.parametrize(("detail", "passes"), OF_THE_SERVER.items())
def test_a_conflict_in_the_servers_own_words_is_tried_again_where_it_passes(detail: str, passes: bool) -> None:
    for body in (detail, {"code": "CODE", "message": detail, "pending_request_id": "busy"}):
        error = status_error("POST", "/x", 409, {}, json.dumps({"detail": body}).encode())
        assert retried(error) is passes
        assert not retried(error, repeatable=False)


def test_a_conflict_that_names_a_time_passes() -> None:
    assert retried(status(409, Retry_After="1"))


def test_the_server_is_obeyed_when_it_says_whether_to_retry() -> None:
    assert not retried(status(503, x_should_retry="false"))
    assert retried(status(400, x_should_retry="true"))
    assert retried(status(503, x_should_retry="perhaps"))


def test_connections_are_tried_again_where_that_may_help() -> None:
    assert retried(connection())
    assert retried(APITimeoutError("no"))
    assert not retried(connection(transient=False))


def test_a_lack_of_descriptors_is_waited_for_whatever_the_policy_and_for_nothing() -> None:
    lack = connection(exhausted=True, unprocessed=True)
    for policy in (RetryPolicy(max_retries=0), POLICY, RetryPolicy(max_retries=100)):
        assert retried(lack, retries=5, policy=policy, repeatable=False)
        assert not retried(lack, retries=6, policy=policy)
    assert RetryBudget(tokens=0).withdraw(lack) == 0
    assert RetryBudget(tokens=0).withdraw(connection()) is None


def test_a_call_that_is_not_safe_to_repeat_is_tried_again_only_if_it_cannot_have_been_processed() -> None:
    assert not retried(connection(), repeatable=False)
    assert not retried(APITimeoutError("no"), repeatable=False)
    assert retried(connection(unprocessed=True), repeatable=False)
    assert not retried(status(500), repeatable=False)
    assert not retried(status(503), repeatable=False)
    assert not retried(status(502, Retry_After="1"), repeatable=False)
    for code in (409, 425, 429, 503, 529):
        assert retried(status(code, Retry_After="1"), repeatable=False)


@pytest.mark.parametrize(
    "error",
    [
        ClientClosedError("no"),
        InvalidArgumentError([]),
        APIResponseValidationError("no", status_code=200, headers={}),
        KeyError("programming"),
        TimeoutError(),
        KeyboardInterrupt(),
    ],
)
def test_everything_else_is_not_tried_again(error: BaseException) -> None:
    assert not retried(error)


def test_the_number_of_retries_is_bounded() -> None:
    assert [retried(status(503), retries=n) for n in range(4)] == [True, True, False, False]
    assert not retried(status(503), policy=RetryPolicy(max_retries=0))


class Highest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        assert a == 0
        return b


def test_waits_grow_to_their_bound_and_are_drawn_from_nothing_up() -> None:
    waits = [POLICY.delay(status(500), retries=n, rng=Highest()) for n in range(7)]
    assert waits == [0.5, 1, 2, 4, 8, 8, 8]
    assert POLICY.delay(None, retries=10**6, rng=Highest()) == 8


def test_retry_after_is_never_cut_short() -> None:
    for seconds in (0.25, 1.0, 59.0):
        waits = [
            POLICY.delay(status(503, Retry_After=str(seconds)), retries=0, rng=random.Random(n)) for n in range(50)
        ]
        assert all(seconds <= wait <= seconds + 1 for wait in waits)
        assert len(set(waits)) > 1


@pytest.mark.parametrize(("asked", "longest"), [("0", 0.05), ("4", 4.45), ("9.5", 10.5), ("60", 61)])
def test_a_retry_after_is_waited_for_a_tenth_longer_at_most_and_a_second(asked: str, longest: float) -> None:
    waited = POLICY.delay(status(503, Retry_After=asked), retries=0, rng=Highest())
    assert waited == pytest.approx(longest)


def test_a_retry_after_beyond_the_bound_is_not_waited_for() -> None:
    assert retried(status(503, Retry_After="60"))
    assert not retried(status(503, Retry_After="61"))
    assert retried(status(503, Retry_After="61"), policy=RetryPolicy(max_retry_after=100))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_retries", -1),
        ("max_retries", 1.0),
        ("max_retries", True),
        ("initial_delay", -0.1),
        ("initial_delay", False),
        ("max_delay", "1"),
        ("max_delay", 1e9),
        ("max_retry_after", float("nan")),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(field: str, value: Any) -> None:
    wanted = "a whole number" if field == "max_retries" else "a number of seconds"
    with pytest.raises(InvalidArgumentError) as caught:
        RetryPolicy(**{field: value})
    assert str(caught.value) == f"retry.{field}: {value!r} is not {wanted} from 0"


@pytest.mark.parametrize(
    ("error", "overload"),
    [
        *[(status(code), True) for code in (429, 503, 504, 522, 524, 529)],
        *[(status(code), False) for code in (400, 409, 500, 501, 502, 520, 521, 523, 525, 526, 530)],
        (status(500, "An unknown error occurred"), True),
        (status(500, "A database error occurred: too many clients"), True),
        (status(502, "An unknown error occurred"), False),
        (connection(), True),
        (connection(transient=False), False),
        (APIResponseValidationError("no", status_code=503, headers={}), False),
    ],
)
def test_what_says_that_the_server_has_too_much_to_do(error: APIError, overload: bool) -> None:
    assert is_overload(error) is overload


def test_the_budget_runs_out_and_fills_up_again() -> None:
    budget = RetryBudget()
    paid = [budget.withdraw(status(500)) for _ in range(40)]
    assert paid == [14] * 35 + [None] * 5
    assert [budget.withdraw(status(code)) for code in (503, 529, 429)] == [5, 5, None]
    budget.refund(14)
    budget.refund(0)
    assert budget.tokens == 14 + 1
    for _ in range(1000):
        budget.refund(0)
    assert budget.tokens == budget.capacity == 500
