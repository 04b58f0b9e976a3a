"""Refusals: what a handler raises, with the status and the body that the real server answers.

Refusal(status, body, headers)
├── invalid_argument    400   a value that the server's own checks refuse
├── no_record           404   a row that is not in the database; its text carries the server's actor
├── not_found           404   other texts
├── conflict            409
├── invalid_request     422   the text of a Python list, one dictionary a problem
├── database_error      500   what PostgreSQL refuses: NUL characters, negative limits, integers over 32 bits
└── unknown_error       500   what nobody caught
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
    """An answer that is not a success."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


@attrs.frozen
class Problem:
    """One entry of a 422: what is wrong with one value."""

    type: str
    loc: tuple[str | int, ...]
    msg: str
    input: Any
    ctx: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the dictionary whose text the server sends."""
        entry: dict[str, Any] = {"type": self.type, "loc": self.loc, "msg": self.msg, "input": self.input}
        if self.ctx is not None:
            entry["ctx"] = dict(self.ctx)
        return entry


def uuid_pattern(prefix: str) -> str:
    """Give the pattern of an id: the prefix, a hyphen and a version 4 UUID in lower case."""
    return f"^{prefix}-[0-9a-f]{{8}}-[0-9a-f]{{4}}-4[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}$"


_ID_PARAMETER: Final = re.compile(r"(agent|block|message)_id")
_EXAMPLE: Final = "123e4567-e89b-42d3-8456-426614174000"
_ID_TYPES: Final = {"string_pattern_mismatch", "string_too_short", "string_too_long"}


def _simplified(problem: Problem) -> tuple[Problem, str | None]:
    """Reword a malformed id in the path as the server does; give an example of a good one with it."""
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
    """Refuse a request whose path, query or body has the wrong form: 422."""
    reworded = [_simplified(problem) for problem in problems]
    examples = sorted({example for _, example in reworded if example is not None})
    body: dict[str, Any] = {"trace_id": "", "detail": repr([problem.as_dict() for problem, _ in reworded])}
    if examples:
        body["examples"] = examples
    return Refusal(422, body)


def invalid_argument(message: str) -> Refusal:
    """Refuse a value of the right form that the server's own checks do not take: 400."""
    return Refusal(400, {"detail": f"INVALID_ARGUMENT: {message}"})


def not_found(message: str) -> Refusal:
    """Refuse for want of something: 404 with this text."""
    return Refusal(404, {"detail": message})


_BORN: Final = repr(datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC))


def no_record(kind: str, identifier: str, *, even_deleted: bool = True) -> Refusal:
    """Refuse for want of a row: 404 with the conditions that it was looked for by, the server's own actor among them.

    `even_deleted` is false where the server looks only among rows that were not deleted, and says so.
    """
    actor = (
        f"id='{_facts.USER_ID}' organization_id='{_facts.ORGANIZATION_ID}' name='default_user' "
        f"created_at={_BORN} updated_at={_BORN} is_deleted=False"
    )
    conditions = f"id='{[identifier]}', access level in ['read'] for actor='{actor}'"
    return not_found(f"{kind} not found with {conditions}{'' if even_deleted else ', is_deleted=False'}")


def conflict(message: str) -> Refusal:
    """Refuse because of the state that something is in: 409."""
    return Refusal(409, {"detail": f"CONFLICT: {message}"})


def duplicate(kind: str, constraint: str, key: str) -> Refusal:
    """Refuse what a row already has: 409, which no second try gets past. The server goes on with the SQL it tried."""
    reason = f'duplicate key value violates unique constraint "{constraint}"\nDETAIL:  Key {key} already exists.'
    origin = "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.UniqueViolationError'>"
    sentence = f"A unique constraint was violated for {kind}. Check your input for duplicates"
    return Refusal(409, {"detail": f"{sentence}: {origin}: {reason}"})


def database_error() -> Refusal:
    """Refuse what the database would: 500."""
    return Refusal(500, {"detail": "A database error occurred."})


def unknown_error() -> Refusal:
    """Fail as the server does where it has no handler for what went wrong: 500."""
    return Refusal(500, {"detail": "An unknown error occurred"})


def llm_error() -> Refusal:
    """Fail as a call does that needs a model where there is none: 500."""
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
