"""Time that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["SimulatedClock", "system_clock"]

_BEGINNING: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


def system_clock() -> datetime:
    """Tell the machine's time."""
    return datetime.now(UTC)


class SimulatedClock:
    """A clock for `EmbeddedServer(clock=…)`, by which the times in prompts and answers can be foretold.

    Args:
        now: The time to begin with, aware of its timezone. Default: noon of 1 January 2026, UTC.

    Raises:
        ValueError: `now` does not say in which timezone it is.

    """

    def __init__(self, now: datetime = _BEGINNING) -> None:
        if now.utcoffset() is None:
            raise ValueError(f"{now} does not say in which timezone it is; add tzinfo=UTC, say")
        self._now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self._now

    def __repr__(self) -> str:
        return f"SimulatedClock({self._now.isoformat()})"

    def advance(self, by: timedelta | float) -> datetime:
        """Let time pass, so much or so many seconds; give the time that it is then."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)
        return self._now
