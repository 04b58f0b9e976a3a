"""Plan of a recompile, and the question whether to carry it out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from letta_async.batch.staleness import RecompileCost
from letta_async.cli.error_messages import Refusal, one_line
from letta_async.cli.report import Row, say

__all__ = ["Plan", "ask_yes_or_no", "can_be_asked", "conversations_in_words", "cost_in_words"]

_NAMED: Final = 10
"""Maximum number of stale conversations that a plan names."""


@attrs.frozen
class Plan:
    """Result of the check before a recompile: which conversations are stale."""

    rows: Sequence[Row]
    only_stale: bool

    def targets(self) -> list[str]:
        """Return the IDs of the conversations to recompile."""
        return [row.conversation_id for row in self.rows if row.status == "stale" or not self.only_stale]

    def left_out(self) -> list[Row]:
        """Return the rows of conversations that are not recompiled: current ones, and those whose check failed."""
        rows = [row for row in self.rows if row.status != "stale"] if self.only_stale else []
        return [attrs.evolve(row, status="unchanged") if row.status == "current" else row for row in rows]

    def lines(self, *, named: int = _NAMED) -> Iterable[str]:
        """Yield the lines that describe the plan.

        Args:
            named: Maximum number of stale, and of failed, conversations that are named. Default: 10.

        """
        stale, current, failed = (self._rows_with(status) for status in ("stale", "current", "failed"))
        counts = f"{len(stale)} stale, {len(current)} current"
        failures = f", {len(failed)} failed" if failed else ""
        yield f"{conversations_in_words(len(self.rows))}: {counts}{failures}.{self._cost()}"
        yield from (f"  {row.conversation_id}  {row.detail()}" for row in stale[:named])
        if len(stale) > named > 0:
            yield f"  and {len(stale) - named} more"
        yield from (f"  {row.conversation_id}  failed: {one_line(row.error)}" for row in failed[:named] if row.error)

    def _cost(self) -> str:
        planned = [row for row in self.rows if row.status == "stale" or not (self.only_stale or row.error)]
        return cost_in_words([row.cost for row in planned], "stale " if self.only_stale else "")

    def question(self) -> str:
        """Return the question whether to recompile."""
        count = len(self.targets())
        if self.only_stale:
            return f"Recompile {conversations_in_words(count, 'stale ')}?"
        current = len(self._rows_with("current"))
        hint = f" (with --only-stale, {current} current would be left alone)" if current else ""
        return f"Recompile {conversations_in_words(count)}{hint}?"

    def _rows_with(self, status: str) -> list[Row]:
        return [row for row in self.rows if row.status == status]


def conversations_in_words(count: int, kind: str = "") -> str:
    """Return a number of conversations in words, such as `1 stale conversation`."""
    return f"{count} {kind}conversation{'' if count == 1 else 's'}"


def cost_in_words(costs: Sequence[RecompileCost | None], kind: str = "") -> str:
    """Return a sentence with what recompiling conversations costs, after a space; empty if there are none.

    Args:
        costs: The costs; `None` stands for one that is unknown.
        kind: What the conversations are, such as `stale `. Default: empty.

    """
    if not costs:
        return ""
    known = [each.total_tokens for each in costs if each is not None]
    tokens = f"{'at least ' if len(known) < len(costs) else 'about '}{sum(known):,} tokens"
    return f" Recompiling {conversations_in_words(len(costs), kind)} makes models read {tokens} again (estimated)."


def can_be_asked() -> bool:
    """Return whether standard input is a terminal, so that a question can be answered.

    Raises:
        Refusal: Standard input is a terminal, but the question could not be seen: standard error is none.

    """
    if not sys.stdin.isatty():
        return False
    if not sys.stderr.isatty():
        raise Refusal("standard error is no terminal, so that nothing can be asked there: add --yes")
    return True


def ask_yes_or_no(question: str) -> bool:
    """Ask a question on standard error; return whether the answer is `y` or `yes`."""
    say(f"{question} [y/N] ", end="")
    try:
        answer = sys.stdin.readline()
    except OSError:  # a terminal that is gone
        answer = ""
    if not answer.endswith("\n"):
        say("")
    return answer.strip().lower() in ("y", "yes")
