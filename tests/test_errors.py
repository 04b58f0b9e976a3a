"""The tree of errors: what catches what, and that every error travels whole."""

from __future__ import annotations

import copy
import inspect
import pickle
import traceback
from importlib import import_module

import attrs
import httpx
import pytest

from letta_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    ClientClosedError,
    ClusterError,
    Fault,
    InternalServerError,
    InvalidArgumentError,
    InvalidRequestError,
    JournalError,
    LettaError,
    NotFoundError,
    UnprocessableEntityError,
    errors,
)

MADE = [
    LettaError("text"),
    InvalidArgumentError([Fault("a.b", "is wrong"), Fault("c", "is wrong too")]),
    ClientClosedError("text"),
    JournalError("text"),
    ClusterError("text"),
    APIError("text", request_method="POST", request_path="/x", body={"a": 1}),
    APIConnectionError("text"),
    APITimeoutError("text", request_method="GET"),
    APIResponseValidationError("text", status_code=200, headers={"A": "1"}, body="x"),
    InvalidRequestError([Fault("a.b", "x")]),
    APIStatusError("text", status_code=418, headers={"A": "1"}, detail=[1], retry_after=3.0),
    InternalServerError("text", status_code=500, headers={}),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_every_error_travels_whole(error: LettaError) -> None:
    error.add_note("a note")
    if isinstance(error, APIError):
        error.attempts = (Attempt("first", 0.1, 1.5), Attempt("second", 0.2))
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert (str(twin), twin.args, twin.__dict__) == (str(error), error.args, error.__dict__)


def test_the_tree_is_drawn_as_it_is() -> None:
    classes = {name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, LettaError)}
    drawn = {
        line.split("──")[-1].split("(")[0].split()[0] for line in (errors.__doc__ or "").splitlines() if "─" in line
    }
    assert drawn | {"LettaError"} == {name for name in classes if not name.startswith("_")}
    assert set(errors.__all__) == drawn | {
        "LettaError",
        "Attempt",
        "ArgumentProblem",
        "ErrorRequest",
        "ErrorResponse",
        "Fault",
    }


def test_an_invalid_argument_is_a_value_error_that_lists_its_faults() -> None:
    error = InvalidArgumentError([Fault("a.b", "is wrong")])
    assert str(error) == "a.b: is wrong"
    several = InvalidArgumentError([Fault("a", "x"), Fault("b", "y")])
    assert str(several) == "2 invalid arguments:\n  a: x\n  b: y"
    assert issubclass(InvalidArgumentError, ValueError)


def test_an_invalid_argument_of_a_call_is_what_the_server_would_have_answered() -> None:
    error = InvalidRequestError([Fault("a.b", "x"), Fault("c", "y")])
    assert isinstance(error, InvalidArgumentError)
    assert isinstance(error, UnprocessableEntityError)
    assert (str(error), error.message) == (str(InvalidArgumentError(error.faults)), str(error))
    assert (error.status_code, error.attempts, error.request, dict(error.headers)) == (422, (), None, {})
    problems = [{"type": "value_error", "loc": ["a.b"], "msg": "x"}, {"type": "value_error", "loc": ["c"], "msg": "y"}]
    assert (error.detail, error.response.status_code, error.response.json()) == (problems, 422, {"detail": problems})


def test_an_invalid_argument_is_made_of_its_message_alone_where_json_carried_it() -> None:
    error = InvalidArgumentError("a.b: is wrong")
    assert (str(error), error.faults) == ("a.b: is wrong", ())
    assert str(pickle.loads(pickle.dumps(error))) == "a.b: is wrong"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (APIError("broken", httpx.Request("POST", "http://x/v1/agents/?a=1"), body=None), "broken"),
        (APIConnectionError(request=httpx.Request("POST", "http://x/v1/agents/")), "Connection error."),
        (APITimeoutError(request=httpx.Request("POST", "http://x/v1/agents/")), "Request timed out."),
    ],
)
def test_an_error_is_made_as_one_of_the_official_client(error: APIError, text: str) -> None:
    assert (str(error), error.message) == (text, text)
    assert (error.request_method, error.request_path) == ("POST", "/v1/agents/")


@pytest.mark.parametrize("module", ["letta_async.core", "letta_async.core.api_error"])
def test_an_error_with_a_status_is_also_where_it_was_before(module: str) -> None:
    assert import_module(module).ApiError is APIStatusError


def test_every_class_of_a_status_is_a_status_error() -> None:
    assert all(issubclass(cls, APIStatusError) for cls in errors.STATUS_ERRORS.values())
    assert issubclass(APITimeoutError, APIConnectionError)
    assert not issubclass(APIConnectionError, APIStatusError)


def test_an_error_tells_its_history() -> None:
    error = APIConnectionError("no answer")
    assert str(error) == "no answer"
    error.attempts = (Attempt("a", 0.1, 1.5), Attempt("b", 0.1))
    assert str(error) == "no answer (after 2 attempts in 1.7 s)"
    assert attrs.asdict(error.attempts[0]) == {"error": "a", "seconds": 0.1, "waited": 1.5}
    error.attempts = (Attempt("a", 15.0, 0.5), Attempt("b", 15.0, 0.5), Attempt("c", 15.0))
    assert str(error) == "no answer (after 3 attempts in 46 s)"
    error.attempts = error.attempts[:1]
    assert str(error) == "no answer"


class OwnError(NotFoundError):
    """Error of a program."""


def test_an_error_of_a_program_is_described_where_its_base_is() -> None:
    assert OwnError.docs == NotFoundError.docs
    assert NotFoundError.docs != APIStatusError.docs


def test_a_traceback_ends_with_the_address_of_the_description_and_the_text_is_without_it() -> None:
    error = NotFoundError("no such agent", status_code=404)
    *_, last = traceback.format_exception(error)
    assert last == f"When this happens and what to do: {error.docs}\n"
    assert str(error) == "no such agent"


def test_an_error_that_is_caught_has_no_notes_made() -> None:
    with pytest.raises(APIError) as raised:
        raise NotFoundError("no such agent", status_code=404)
    error = raised.value
    assert f"{error} {error!r}" == "no such agent NotFoundError('no such agent')"
    assert "__notes__" not in vars(error)
    error.add_note("while the fleet was listed")
    assert error.__notes__[1:] == ["while the fleet was listed"]
