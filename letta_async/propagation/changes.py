"""Changes to propagate: their validation, and what an agent's prompt shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from letta_async._schema.json_values import show
from letta_async._schema.validation import check
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.operations.agent_blocks import UpdateAgentBlock
from letta_async.operations.agents import UpdateAgent
from letta_async.operations.blocks import UpdateBlock

__all__ = ["Change", "checked_changes", "edited_fields", "own_id"]

Change = UpdateBlock | UpdateAgentBlock | UpdateAgent
"""Edit of a block or of an agent; without a field to change, no edit, but what was edited before is propagated."""


def edited_fields(change: Change) -> dict[str, Any]:
    """Return the fields that a change edits, by name; empty for one that only propagates."""
    others = {*own_id(change), "propagate"}
    return {name: value for name, value in change.given().items() if name not in others}


def own_id(change: Change) -> dict[str, Any]:
    """Return the parameters that say what a change edits, which are those of its path."""
    return {name: value for name, value in change.given().items() if f"{{{name}}}" in change.http.path}


def checked_changes(changes: object) -> Sequence[Change]:
    """Return the changes, each validated.

    Raises:
        InvalidArgumentError: They are not a list of changes, or some are invalid; the error lists all problems.

    """
    if isinstance(changes, Change):
        raise InvalidArgumentError([ArgumentProblem("changes", "is a single change; put it in a list")])
    if isinstance(changes, str | bytes) or not isinstance(changes, Iterable):
        raise InvalidArgumentError([ArgumentProblem("changes", f"{show(changes)} is not an iterable of changes")])
    given: list[object] = list(cast("Iterable[object]", changes))
    found: list[Change] = []
    problems: list[ArgumentProblem] = [] if given else [ArgumentProblem("changes", "is empty")]
    for index, change in enumerate(given):
        problems += _problems(index, change, found)
    if problems:
        raise InvalidArgumentError(problems)
    return found


def _problems(index: int, change: object, found: list[Change]) -> Iterator[ArgumentProblem]:
    """Yield the problems of a change; append it to `found` if there are none."""
    place = f"changes[{index}]"
    if not isinstance(change, Change):
        yield ArgumentProblem(
            place, f"{show(change)} is neither an UpdateBlock, an UpdateAgentBlock nor an UpdateAgent"
        )
        return
    try:
        found.append(check(type(change), change.given()))
    except InvalidArgumentError as error:
        for problem in error.faults:
            yield ArgumentProblem(f"{place}.{problem.path}", problem.problem)
