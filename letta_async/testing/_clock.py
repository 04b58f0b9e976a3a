"""Clocks of the server: the machine's, and a simulated one that tests advance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["SimulatedClock", "system_clock"]

_DEFAULT_START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


def system_clock() -> datetime:
    """Return the machine's time, in UTC."""
    return datetime.now(UTC)


class SimulatedClock:
    """Clock for `EmbeddedServer(clock=…)` that moves only when advanced, so that times in responses are predictable.

    Args:
        now: Initial time, with a timezone. Default: noon of 1 January 2026, UTC.

    Raises:
        ValueError: `now` has no timezone.

    """

    def __init__(self, now: datetime = _DEFAULT_START) -> None:
        if now.utcoffset() is None:
            raise ValueError(f"{now} does not say in which timezone it is; add tzinfo=UTC, say")
        self._now = now

    def __call__(self) -> datetime:
        """Return the current simulated time."""
        return self._now

    def __repr__(self) -> str:
        return f"SimulatedClock({self._now.isoformat()})"

    def advance(self, by: timedelta | float) -> datetime:
        """Advance the clock by a duration or a number of seconds, and return the new time."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)
        return self._now
