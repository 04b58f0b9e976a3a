"""Limit on calls in flight that run a model: it grows as long as more of them mean more responses per second."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Final

import attrs

from letta_async._http.limit import OverloadLimit

__all__ = ["ThroughputBasedLimit"]

_START: Final = 4.0
_START_IN_SILENCE: Final = 32.0
"""Value that the limit reaches without a single response, if the calls take long."""
_GAIN: Final = 0.5
"""Minimum share of a growth of the limit by which the throughput has to grow with it."""
_FACTOR: Final = 2.0
"""Growth of the limit per round."""
_HELD_ROUNDS: Final = 10
_HELD_SECONDS: Final = 30.0
"""Number of rounds, and seconds, until the next growth after one that did not help; what comes first."""


@attrs.define
class ThroughputBasedLimit(OverloadLimit):
    """Adaptive limit that compares throughput, and no latency, with that of the value before.

    How long a call takes depends on the model more than on the server, and so a long one says nothing. A server that
    has no capacity left says it by its throughput, which does not grow with the limit any more: then the limit returns
    to its value before, for a while. The throughput of a round is by Little's law the mean number of requests in flight
    divided by their mean latency, which does not depend on whether responses arrive evenly or all at once. Overload has
    the same effect as on an `OverloadLimit`.
    """

    _start: float = attrs.field(default=_START, kw_only=True)
    _round_began: float = attrs.field(default=0.0, init=False)
    _in_flight: int = attrs.field(default=0, init=False)
    _latency: float = attrs.field(default=0.0, init=False)
    """Sums over the responses of the round."""
    _before: tuple[float, float] | None = attrs.field(default=None, init=False)
    """Estimate and throughput before the last growth; `None` unless this round decides about it."""
    _held: int = attrs.field(default=0, init=False)
    """Number of rounds left until the limit may grow."""
    _held_until: float = attrs.field(default=-math.inf, init=False)
    _answered_at: float = attrs.field(default=-math.inf, init=False)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Update the limit after a response; see `Limit.answered`."""
        self._answered_at = now
        if sent < self._round_began:
            return
        self._round_full = self._round_full or in_flight >= self.value
        self._answers += 1
        self._in_flight += in_flight
        self._latency += now - sent
        if self._answers >= self._enough:
            self._end_round(now)

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Halve the limit after an overload; see `Limit.overloaded`."""
        self._answered_at = now
        super().overloaded(sent, now, in_flight)

    def grow_in_silence(self, since: float, now: float) -> bool:
        """Grow if no response arrived since a time, and return whether there is room for more."""
        if self._answered_at >= since or self._estimate >= _START_IN_SILENCE or self._ceiling is not None:
            return False
        self._begin_round(now, min(self._estimate * 2, _START_IN_SILENCE))
        return True

    def _end_round(self, now: float) -> None:
        throughput = self._in_flight / self._latency if self._latency > 0 else math.inf
        if self._before is not None:
            estimate, before = self._before
            if throughput < before * (1 + _GAIN * (self._estimate / estimate - 1)):
                self._held, self._held_until = _HELD_ROUNDS, now + _HELD_SECONDS
                self._begin_round(now, estimate)
                return
        self._held -= 1
        if not self._round_full or (self._held > 0 and now < self._held_until):
            self._begin_round(now, self._estimate)
            return
        before_growth = (self._estimate, throughput) if self._ceiling is None else None
        self._begin_round(now, self._grown_estimate(now) if self._ceiling is not None else self._estimate * _FACTOR)
        self._before = before_growth

    def _begin_round(self, now: float, estimate: float) -> None:
        super()._begin_round(now, estimate)
        self._round_began = now
        self._before = None
        self._in_flight, self._latency = 0, 0.0
