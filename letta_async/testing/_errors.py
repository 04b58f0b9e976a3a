"""Refusals: exceptions that handlers raise, with the status and body of the real server's response.

Refusal(status, body, headers)
├── invalid_argument    400   a value that the server's own validation refuses
├── no_record           404   a row that is not in the database; the text contains the server's actor
├── not_found           404   other texts
├── conflict            409
├── invalid_request     422   the text of a Python list, one dictionary per problem
├── database_error      500   values that PostgreSQL refuses: NUL characters, negative limits, integers over 32 bits
└── unknown_error       500   an exception that the server does not handle
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from letta_async.testing import _facts

__all__ = [
    "Problem",
    "Refusal",
    "conflict",
    "database_error",
    "duplicate",
    "invalid_argument",
    "invalid_request",
    "llm_error",
    "no_record",
    "not_found",
    "unknown_error",
    "uuid_pattern",
]


class Refusal(Exception):
    """Exception that becomes the response to a request: an error or a redirect."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers: dict[str, str] = dict(headers or {})


@attrs.frozen
class Problem:
    """Entry of a 422: a problem with a value."""

    type: str
    loc: tuple[str | int, ...]
    msg: str
    input: Any
    ctx: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the dictionary whose `repr` the server sends."""
        entry: dict[str, Any] = {"type": self.type, "loc": self.loc, "msg": self.msg, "input": self.input}
        if self.ctx is not None:
            entry["ctx"] = dict(self.ctx)
        return entry


def uuid_pattern(prefix: str) -> str:
    """Return the pattern of an ID: the prefix, a hyphen and a version 4 UUID in lower case."""
    return f"^{prefix}-[0-9a-f]{{8}}-[0-9a-f]{{4}}-4[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}$"


_ID_PARAMETER: Final = re.compile(r"(agent|archive|block|group|identity|message|passage|tool)_id")
_EXAMPLE: Final = "123e4567-e89b-42d3-8456-426614174000"
_ID_TYPES: Final = {"string_pattern_mismatch", "string_too_short", "string_too_long"}


def _reword_id_problem(problem: Problem) -> tuple[Problem, str | None]:
    """Return the problem of a malformed ID in the path in the server's words, with an example of a valid ID."""
    if len(problem.loc) != 2 or problem.loc[0] != "path" or problem.type not in _ID_TYPES:
        return problem, None
    matched = _ID_PARAMETER.fullmatch(str(problem.loc[1]))
    if matched is None:
        return problem, None
    prefix = matched[1]
    return (
        attrs.evolve(
            problem,
            type="string_pattern_mismatch",
            msg=f"String should match pattern '{prefix}-{{uuid4}}'",
            ctx={"pattern": uuid_pattern(prefix)},
        ),
        f"{prefix}-{_EXAMPLE}",
    )


def invalid_request(problems: Sequence[Problem]) -> Refusal:
    """Return a 422: path, query or body have the wrong form."""
    reworded = [_reword_id_problem(problem) for problem in problems]
    examples = sorted({example for _, example in reworded if example is not None})
    body: dict[str, Any] = {"trace_id": "", "detail": repr([problem.as_dict() for problem, _ in reworded])}
    if examples:
        body["examples"] = examples
    return Refusal(422, body)


def invalid_argument(message: str) -> Refusal:
    """Return a 400: a value has the right form, but the server's own validation refuses it."""
    return Refusal(400, {"detail": f"INVALID_ARGUMENT: {message}"})


def not_found(message: str) -> Refusal:
    """Return a 404 with this text."""
    return Refusal(404, {"detail": message})


_ACTOR_CREATED_AT: Final = repr(datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC))


def no_record(kind: str, identifier: str, *, even_deleted: bool = True) -> Refusal:
    """Return a 404 for a missing row, with the conditions of the server's query, which contain its actor.

    Args:
        kind: Class of the row, such as `Agent`.
        identifier: ID that was not found.
        even_deleted: The query includes deleted rows; if false, the text says so. Default: `True`.

    """
    actor = (
        f"id='{_facts.USER_ID}' organization_id='{_facts.ORGANIZATION_ID}' name='default_user' "
        f"created_at={_ACTOR_CREATED_AT} updated_at={_ACTOR_CREATED_AT} is_deleted=False"
    )
    conditions = f"id='{[identifier]}', access level in ['read'] for actor='{actor}'"
    return not_found(f"{kind} not found with {conditions}{'' if even_deleted else ', is_deleted=False'}")


def conflict(message: str) -> Refusal:
    """Return a 409: the current state does not allow the request."""
    return Refusal(409, {"detail": f"CONFLICT: {message}"})


def duplicate(kind: str, constraint: str, key: str) -> Refusal:
    """Return a 409: another row has the value. A retry cannot succeed. The server's text continues with the SQL."""
    reason = f'duplicate key value violates unique constraint "{constraint}"\nDETAIL:  Key {key} already exists.'
    origin = "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.UniqueViolationError'>"
    sentence = f"A unique constraint was violated for {kind}. Check your input for duplicates"
    return Refusal(409, {"detail": f"{sentence}: {origin}: {reason}"})


def database_error() -> Refusal:
    """Return the 500 of a value that the database refuses."""
    return Refusal(500, {"detail": "A database error occurred."})


def unknown_error() -> Refusal:
    """Return the 500 of an exception that the server does not handle."""
    return Refusal(500, {"detail": "An unknown error occurred"})


def llm_error() -> Refusal:
    """Return the 500 of a call that needs a model, of which this server has none."""
    return Refusal(
        500,
        {
            "error": {
                "type": "llm_error",
                "message": "An error occurred with the LLM request.",
                "detail": "INTERNAL_SERVER_ERROR: Failed to connect to OpenAI: Connection error.",
            }
        },
    )
