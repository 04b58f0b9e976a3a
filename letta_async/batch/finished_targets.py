"""Compact set of the targets that a batch has finished, with their status: about 11 bytes of memory per target."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from letta_async.batch.outcome import Outcome
from letta_async.errors import APIError

__all__ = ["FinishedTargets"]

_RECENT_CHARS: Final = 4 * 1024 * 1024
"""Number of characters of outcomes that are kept whole."""
_OBJECTS: Final = 1024
"""Memory of an outcome besides its texts, counted as characters."""
_DIGEST: Final = struct.Struct("=HQH")
_SHARDS: Final = 1024
_STATUSES: Final = ("skipped", "recompiled", "compiled", "unchanged")
_STATUS: Final = len(_STATUSES) - 1
"""Mask of the bits of a digest that hold the status instead."""


def _digest(key: bytes) -> bytes:
    return blake2b(key, digest_size=_DIGEST.size).digest()


class FinishedTargets:
    """Map from the keys of finished targets to their outcomes: whole for the latest, only the status for older ones.

    For each finished key, 88 bits of a BLAKE2b digest are kept, together with the status. Two keys with equal digests
    would lose work; the probability is 1.6e-15 among a million keys, and 1.6e-9 among a billion. The digests are
    sorted, in shards so small that an insertion takes a microsecond. A target that failed or was busy is kept only
    among the latest outcomes: later, it is processed again.
    """

    def __init__(self, digest: Callable[[bytes], bytes] = _digest) -> None:
        self._digest = digest
        self._shards: defaultdict[int, tuple[array[int], array[int]]] = defaultdict(lambda: (array("Q"), array("H")))
        self._recent: OrderedDict[str, Outcome] = OrderedDict()
        self._recent_chars = 0

    def add(self, key: str, outcome: Outcome | None) -> None:
        """Store the outcome of a key; `None` stands for a target that the journal records as done."""
        if outcome is not None:
            self._add_recent(key, outcome)
            if not outcome.ok:
                return
        highs, lows, high, low, place = self._locate(key)
        low |= 0 if outcome is None else _STATUSES.index(outcome.status)
        if place < len(highs) and highs[place] == high:
            lows[place] = low
        else:
            highs.insert(place, high)
            lows.insert(place, low)

    def find(self, key: str) -> Outcome | None:
        """Return the outcome of a key, with only its status if it is not among the latest; `None` for a new key."""
        if key in self._recent:
            return self._recent[key]
        highs, lows, high, _, place = self._locate(key)
        if place == len(highs) or highs[place] != high:
            return None
        return Outcome(target="", status=_STATUSES[lows[place] & _STATUS])

    def _locate(self, key: str) -> tuple[array[int], array[int], int, int, int]:
        """Return the shard of a key, the two parts of its digest, and their index in the shard, present or not."""
        shard, high, low = _DIGEST.unpack(self._digest(key.encode("utf-8", "surrogatepass")))
        highs, lows = self._shards[shard % _SHARDS]
        low &= ~_STATUS
        place = bisect_left(highs, high)
        while place < len(highs) and highs[place] == high and lows[place] & ~_STATUS != low:
            place += 1
        return highs, lows, high, low, place

    def _add_recent(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome whole, and evict the oldest ones beyond the limit."""
        self._recent[key] = outcome
        self._recent_chars += _size_in_chars(key, outcome)
        while self._recent_chars > _RECENT_CHARS:
            self._recent_chars -= _size_in_chars(*self._recent.popitem(last=False))


def _size_in_chars(key: str, outcome: Outcome) -> int:
    body = repr(outcome.error.body) if isinstance(outcome.error, APIError) else ""
    return _OBJECTS + len(key) + len(outcome.prompt or "") + len(outcome.diff or "") + len(body)
