"""Limits on requests in flight, estimated from the latency and failures of responses, or fixed."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

import attrs

__all__ = ["AdaptiveLimit", "ConfiguredLimit", "Limit", "OverloadLimit"]

_START: Final = 2.0
_START_WITHOUT_LATENCY: Final = 32.0
"""Initial limit for requests whose latency is ignored: a response can take a minute, and so can a round."""
_LEAST_SAMPLES: Final = 5
_MOST_SAMPLES: Final = 64
"""Bounds of the number of responses in a round, which is that of the limit."""
_TOLERANCE: Final = 1.5
"""Maximum latency that does not indicate a queue, as a multiple of the latency at rest."""
_SLACK: Final = 0.005
"""Increase of latency that never indicates a queue, in seconds; the client's own loop and noise cause as much."""
_LEAST_QUEUE: Final = 3.0
"""Minimum number of requests beyond the server's capacity, which queue there so that it never idles."""
_MUCH_SLOWER: Final = 2.0
"""Slowness of responses that ends a round early."""
_BUSY: Final = 0.8
"""Share of a round's time in which the client's own thread was busy, above which slowness is the client's."""
_REST_EVERY: Final = 10.0
_REST_LATENCIES: Final = 100.0
"""Interval between measurements of the latency at rest, in seconds and in such latencies; the longer one applies."""
_CEILING_HOLDS: Final = 30.0
"""Time after an overload in which growth near that limit is slow, in seconds."""
_NEAR: Final = 0.85
"""Share of the limit at the last overload above which growth is slow; up to it, growth is fast."""
_CAREFUL: Final = 0.1
"""Slow growth of the limit, per round."""


class Limit:
    """Base class of limits on the number of requests in flight."""

    value: int

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Update the limit after a response.

        Args:
            kind: Kind of the request; only the latencies of one kind are compared.
            sent: Time when the request was sent, in seconds of a monotonic clock.
            now: Current time on that clock.
            in_flight: Number of requests in flight, including this one.

        """

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Update the limit after a sign of overload; the parameters are those of `answered`."""

    def grow_in_silence(self, since: float, now: float) -> bool:
        """Grow if no response arrived for a while; return whether it grew.

        Args:
            since: Beginning of the while, in seconds of a monotonic clock.
            now: Current time on that clock.

        """
        return False

    def out_of_file_descriptors(self, now: float, in_flight: int) -> None:
        """Update the limit after a lack of file descriptors in this process, which is also reported as an overload."""


@attrs.define(eq=False)
class ConfiguredLimit(Limit):
    """Fixed limit, which is only lowered for a while after a lack of file descriptors."""

    value: int
    _given: int = attrs.field(init=False, default=0)
    _lowered: float | None = attrs.field(init=False, default=None)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Update the limit after a response; see `Limit.answered`."""
        if self._lowered is not None and now - self._lowered >= _CEILING_HOLDS:
            self.value, self._lowered = self._given, None

    def out_of_file_descriptors(self, now: float, in_flight: int) -> None:
        """Lower the limit after a lack of file descriptors; see `Limit.out_of_file_descriptors`."""
        if self._lowered is None:
            self._given = self.value
        self.value, self._lowered = max(1, min(self.value, in_flight - 1)), now


@attrs.define(eq=False)
class OverloadLimit(Limit):
    """Adaptive limit that ignores latency, for requests whose latency depends on a model rather than on the load.

    The limit doubles with each round of responses, as long as it is used up and no overload occurs. An overload halves
    it, once for all requests that were in flight together. It then grows fast to near its last value, and slowly there
    until it exceeds that value or enough time has passed, similarly to CUBIC.
    """

    maximum: int
    _start: float = attrs.field(default=_START_WITHOUT_LATENCY, kw_only=True)
    _estimate: float = attrs.field(init=False)
    _growing_fast: bool = attrs.field(default=True, init=False)
    _round_full: bool = attrs.field(default=False, init=False)
    _answers: int = attrs.field(default=0, init=False)
    _enough: int = attrs.field(init=False)
    """Number of responses that end the round."""
    _ceiling: float | None = attrs.field(default=None, init=False)
    _ceiling_seen: float = attrs.field(default=0.0, init=False)
    value: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._set_estimate(self._start)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Update the limit after a response; see `Limit.answered`."""
        if sent < self._ceiling_seen:
            return  # sent before the limit was halved
        self._round_full = self._round_full or in_flight >= self.value
        self._answers += 1
        if self._answers >= self._enough:
            self._begin_round(now, self._grown_estimate(now) if self._round_full else self._estimate)

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Halve the limit after an overload; see `Limit.overloaded`."""
        if self._ceiling is not None and sent < self._ceiling_seen:
            return  # a consequence of the limit that was already halved
        self._ceiling, self._ceiling_seen = float(min(in_flight, self.value)), now
        self._growing_fast = False
        self._begin_round(now, self._ceiling / 2)

    def _grown_estimate(self, now: float) -> float:
        estimate, ceiling = self._estimate, self._ceiling
        if ceiling is None or now - self._ceiling_seen >= _CEILING_HOLDS or estimate > ceiling:
            return estimate * 2 if self._growing_fast else estimate + max(_LEAST_QUEUE, estimate**0.5)
        near = _NEAR * ceiling
        return estimate + _CAREFUL if estimate >= near else min(near, estimate + max(1.0, (near - estimate) / 2))

    def _begin_round(self, now: float, estimate: float) -> None:
        del now
        self._set_estimate(estimate)
        self._round_full = False
        self._answers = 0

    def _set_estimate(self, estimate: float) -> None:
        self._estimate = min(max(estimate, 1.0), float(self.maximum))
        self.value = int(self._estimate)
        self._enough = min(max(self.value, _LEAST_SAMPLES), _MOST_SAMPLES)


@attrs.define(eq=False)
class _LatenciesOfKind:
    """Latencies of one kind of request."""

    rest: float | None = None
    """Median latency at rest, in seconds; `None` before it is measured."""
    samples: list[float] = attrs.field(factory=list[float])
    """Latencies in the current round, in seconds."""


@attrs.define(eq=False)
class AdaptiveLimit(OverloadLimit):
    """Adaptive limit that estimates the server's capacity from latencies, in rounds.

    A round consists of about as many responses as the limit, all to requests sent within it. At its end, the median
    latency is compared with the latency at rest, which was measured with few requests in flight. While the latency is
    about the same, the limit grows: it doubles at first, then it increases by a few. Latency that is higher by some
    factor indicates a queue in the server: its capacity is the limit divided by that factor, and the new limit is that
    and a few more. Medians are compared because single slow responses are not significant. Overload has the same effect
    as on an `OverloadLimit`. If the client's own thread was busy during most of the round, and the server was never
    overloaded, the responses waited for the client, and their latency is ignored.

    Gradient limiters and TCP Vegas work in the same way; measuring the latency at rest again from time to time, so that
    slow drift does not distort it, is taken from BBR.
    """

    _worked: Callable[[], float] = time.thread_time
    """Function that returns the processor time of the thread in seconds."""
    _start: float = attrs.field(default=_START, kw_only=True)
    _round_began: float = attrs.field(default=0.0, init=False)
    _round_worked: float = attrs.field(default=0.0, init=False)
    _kinds: dict[Hashable, _LatenciesOfKind] = attrs.field(factory=dict[Hashable, _LatenciesOfKind], init=False)
    _resting_from: float | None = attrs.field(default=None, init=False)
    """Estimate to return to after a rest; `None` outside one."""
    _rested: float | None = attrs.field(default=None, init=False)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Update the limit after a response; see `Limit.answered`."""
        if sent < self._round_began:
            return
        self._round_full = self._round_full or in_flight >= self.value
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = _LatenciesOfKind()
        known.samples.append(now - sent)
        self._answers += 1
        if self._answers >= self._enough or (self._answers == _LEAST_SAMPLES and self._slowness() > _MUCH_SLOWER):
            self._end_round(now)

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Halve the limit after an overload, and end a rest; see `Limit.overloaded`."""
        super().overloaded(sent, now, in_flight)
        if self._ceiling_seen == now:
            self._resting_from = None

    def _end_round(self, now: float) -> None:
        slowness = self._slowness()
        if slowness > 1:
            self._growing_fast = False
            busy = self._worked() - self._round_worked > _BUSY * (now - self._round_began)
            if busy and self._ceiling is None:
                slowness = 1.0
        if self._resting_from is not None:
            if slowness > _MUCH_SLOWER and self.value > _START:
                self._begin_round(now, max(_START, self._estimate / 4))  # latencies were still too high for a rest
                return
            self._learn_latencies_at_rest(replace=True)
            self._rested = now
            self._begin_round(now, self._resting_from)
            self._resting_from = None
            return
        self._learn_latencies_at_rest(replace=False)
        if self._rested is None:
            self._rested = now
        if slowness > 1:
            if now - self._rested > max(_REST_EVERY, _REST_LATENCIES * self._latency_at_rest()):
                self._resting_from = self._estimate
                self._begin_round(now, max(_START, self._estimate / 4))
                return
            queue = max(_LEAST_QUEUE, self._estimate**0.5)
            self._begin_round(now, min(self._estimate, self._estimate / slowness + queue))
        elif not self._round_full:
            self._begin_round(now, self._estimate)  # the caller sent too few requests to learn from
        else:
            self._begin_round(now, self._grown_estimate(now))

    def _latency_at_rest(self) -> float:
        """Return the longest latency at rest of the kinds in this round, in seconds."""
        return max(kind.rest for kind in self._kinds.values() if kind.rest is not None and kind.samples)

    def _slowness(self) -> float:
        """Return the factor by which the round's latency exceeds the tolerated one; 1 if it does not."""
        ratios = [
            (_median(kind.samples) / (kind.rest * _TOLERANCE + _SLACK), len(kind.samples))
            for kind in self._kinds.values()
            if kind.rest is not None and kind.samples
        ]
        count = sum(weight for _, weight in ratios)
        return max(1.0, sum(ratio * weight for ratio, weight in ratios) / count) if count else 1.0

    def _learn_latencies_at_rest(self, *, replace: bool) -> None:
        """Store the round's latencies as those at rest, if they are lower or `replace` is set."""
        for kind in self._kinds.values():
            if kind.samples:
                median = _median(kind.samples)
                kind.rest = median if replace or kind.rest is None else min(kind.rest, median)

    def _begin_round(self, now: float, estimate: float) -> None:
        super()._begin_round(now, estimate)
        self._round_began = now
        self._round_worked = self._worked()
        for kind in self._kinds.values():
            kind.samples.clear()


def _median(latencies: list[float]) -> float:
    """Return the median; `statistics` has it too, but takes longer to import than any other module used here."""
    ordered = sorted(latencies)
    middle, odd = divmod(len(ordered), 2)
    return ordered[middle] if odd else (ordered[middle - 1] + ordered[middle]) / 2
