"""Limits on requests in flight, estimated from the latency and failures of responses, or fixed."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

import attrs

__all__ = ["AdaptiveLimit", "FixedLimit", "Limit", "OverloadLimit"]

_START: Final = 2.0
_START_WITHOUT_LATENCY: Final = 32.0
"""Where a limit begins that learns from overload alone: an answer can take a minute, and so can a round."""
_LEAST_SAMPLES: Final = 5
_MOST_SAMPLES: Final = 64
"""A round ends after as many answers as the limit, within these bounds."""
_TOLERANCE: Final = 1.5
"""How much slower than at rest answers may be before that counts as a queue."""
_SLACK: Final = 0.005
"""How much slower in seconds never counts as a queue: it is the client's own loop, or noise."""
_LEAST_QUEUE: Final = 3.0
"""How many requests beyond the server's capacity are kept waiting there, so that it never idles."""
_MUCH_SLOWER: Final = 2.0
"""How much slower answers must be for a round to end before its time."""
_BUSY: Final = 0.8
"""From which share of a round's time on that the client's own thread worked, it is the client that is slow."""
_REST_EVERY: Final = 10.0
_REST_LATENCIES: Final = 100.0
"""How often the latency at rest is measured anew: in seconds, and in such latencies, whichever is longer."""
_CEILING_HOLDS: Final = 30.0
"""How long the memory of where the server was overloaded makes growth careful, in seconds."""
_NEAR: Final = 0.85
"""From which share of that on growth is careful; up to there it is quick, since so much the server took."""
_CAREFUL: Final = 0.1
"""How much the limit grows by then, a round."""


class Limit:
    """Maximum number of requests in flight: fixed, unless a subclass learns it."""

    value: int

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Take note of an answer.

        Args:
            kind: What was asked; only answers to the same question are compared.
            sent: When the request was sent, in seconds of a monotonic clock.
            now: The time on that clock.
            in_flight: How many requests were in flight, this one included.

        """

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Take note that the server had too much to do, as with `answered`."""

    def exhausted(self, now: float, in_flight: int) -> None:
        """Take note that this program has no file descriptor for so many, as with `answered`; also an overload."""


@attrs.define
class FixedLimit(Limit):
    """Always the same number, but fewer for a while where file descriptors run out."""

    value: int
    _given: int = attrs.field(init=False, default=0)
    _lowered: float | None = attrs.field(init=False, default=None)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Take note of an answer; see `Limit.answered`."""
        if self._lowered is not None and now - self._lowered >= _CEILING_HOLDS:
            self.value, self._lowered = self._given, None

    def exhausted(self, now: float, in_flight: int) -> None:
        """Take note of a lack of descriptors; see `Limit.exhausted`."""
        if self._lowered is None:
            self._given = self.value
        self.value, self._lowered = max(1, min(self.value, in_flight - 1)), now


@attrs.define
class OverloadLimit(Limit):
    """Learn from overload alone: for requests whose latency says nothing about the server, as where a model answers.

    The limit grows twofold for each round of answers, as long as it is made use of and no overload comes. An overload
    halves the limit, once for all requests that were under way together; the limit comes near where it was soon, and is
    careful there until it got further or that was long ago, as CUBIC is.
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
        self._become(self._start)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Take note of an answer; see `Limit.answered`."""
        if sent < self._ceiling_seen:
            return  # sent before the limit was halved
        self._round_full = self._round_full or in_flight >= self.value
        self._answers += 1
        if self._answers >= self._enough:
            self._begin_round(now, self._grown(now) if self._round_full else self._estimate)

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Take note of an overload; see `Limit.answered`."""
        if self._ceiling is not None and sent < self._ceiling_seen:
            return  # a consequence of the limit that was already halved
        self._ceiling, self._ceiling_seen = float(min(in_flight, self.value)), now
        self._growing_fast = False
        self._begin_round(now, self._ceiling / 2)

    def _grown(self, now: float) -> float:
        estimate, ceiling = self._estimate, self._ceiling
        if ceiling is None or now - self._ceiling_seen >= _CEILING_HOLDS or estimate > ceiling:
            return estimate * 2 if self._growing_fast else estimate + max(_LEAST_QUEUE, estimate**0.5)
        near = _NEAR * ceiling
        return estimate + _CAREFUL if estimate >= near else min(near, estimate + max(1.0, (near - estimate) / 2))

    def _begin_round(self, now: float, estimate: float) -> None:
        del now
        self._become(estimate)
        self._round_full = False
        self._answers = 0

    def _become(self, estimate: float) -> None:
        self._estimate = min(max(estimate, 1.0), float(self.maximum))
        self.value = int(self._estimate)
        self._enough = min(max(self.value, _LEAST_SAMPLES), _MOST_SAMPLES)


@attrs.define
class _Kind:
    """What is known of the answers to one question."""

    rest: float | None = None
    """Their median latency at rest, in seconds."""
    samples: list[float] = attrs.field(factory=list[float])
    """Their latencies in the present round."""


@attrs.define
class AdaptiveLimit(OverloadLimit):
    """Find how many requests the server takes at once, by rounds.

    A round lasts for about as many answers as the limit, all of them to requests sent within it. At its end the median
    latency is compared with that at rest, which was measured with few in flight. As long as answers are as fast, the
    limit grows: twofold at first, then by a few. When they are slower by some factor, the server has a queue: its
    capacity is the limit divided by that factor, and the limit becomes that and a few more. Medians, because one slow
    answer in a hundred says nothing about the others. Overload counts as it does for `OverloadLimit`. Where the
    client's own thread hardly rested during the round, slow answers say nothing about the server, as long as it was
    never overloaded: they waited for the client.

    This is how the gradient limiters and TCP Vegas do it; resting now and then, so that a slow drift is not taken for
    the server's nature, is from BBR.
    """

    _worked: Callable[[], float] = time.thread_time
    """Tells how many seconds of processor time the thread has taken."""
    _start: float = attrs.field(default=_START, kw_only=True)
    _round_began: float = attrs.field(default=0.0, init=False)
    _round_worked: float = attrs.field(default=0.0, init=False)
    _kinds: dict[Hashable, _Kind] = attrs.field(factory=dict[Hashable, _Kind], init=False)
    _resting_from: float | None = attrs.field(default=None, init=False)
    """The estimate to go back to after a rest."""
    _rested: float | None = attrs.field(default=None, init=False)

    def answered(self, kind: Hashable, sent: float, now: float, in_flight: int) -> None:
        """Take note of an answer; see `Limit.answered`."""
        if sent < self._round_began:
            return
        self._round_full = self._round_full or in_flight >= self.value
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = _Kind()
        known.samples.append(now - sent)
        self._answers += 1
        if self._answers >= self._enough or (self._answers == _LEAST_SAMPLES and self._slowness() > _MUCH_SLOWER):
            self._end_round(now)

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        """Take note of an overload, which also ends a rest; see `Limit.answered`."""
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
                self._begin_round(now, max(_START, self._estimate / 4))  # that was no rest yet
                return
            self._learn_rest(replace=True)
            self._rested = now
            self._begin_round(now, self._resting_from)
            self._resting_from = None
            return
        self._learn_rest(replace=False)
        if self._rested is None:
            self._rested = now
        if slowness > 1:
            if now - self._rested > max(_REST_EVERY, _REST_LATENCIES * self._rest()):
                self._resting_from = self._estimate
                self._begin_round(now, max(_START, self._estimate / 4))
                return
            queue = max(_LEAST_QUEUE, self._estimate**0.5)
            self._begin_round(now, min(self._estimate, self._estimate / slowness + queue))
        elif not self._round_full:
            self._begin_round(now, self._estimate)  # the caller has no more to send: nothing was learnt
        else:
            self._begin_round(now, self._grown(now))

    def _rest(self) -> float:
        """Return the longest latency at rest of what is being asked."""
        return max(kind.rest for kind in self._kinds.values() if kind.rest is not None and kind.samples)

    def _slowness(self) -> float:
        """Return by what factor the round's answers were slower than is put up with, 1 when they were not."""
        ratios = [
            (_median(kind.samples) / (kind.rest * _TOLERANCE + _SLACK), len(kind.samples))
            for kind in self._kinds.values()
            if kind.rest is not None and kind.samples
        ]
        count = sum(weight for _, weight in ratios)
        return max(1.0, sum(ratio * weight for ratio, weight in ratios) / count) if count else 1.0

    def _learn_rest(self, *, replace: bool) -> None:
        """Take the round's latencies as those at rest: where they are lower, or after a rest whatever they are."""
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
