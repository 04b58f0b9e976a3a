"""Which targets of a batch had an outcome already: some 11 bytes of memory for each, however many."""

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
_OBJECTS: Final = 1024
"""What an outcome takes beside its texts, counted as characters."""
_DIGEST: Final = struct.Struct("=HQH")
_SHARDS: Final = 1024
_STATUSES: Final = ("skipped", "recompiled", "compiled", "unchanged")
_STATUS: Final = len(_STATUSES) - 1
"""The bits of a digest that give way to the status."""


def _digest(key: bytes) -> bytes:
    return blake2b(key, digest_size=_DIGEST.size).digest()


class FinishedTargets:
    """Remember which keys are done, and the latest outcomes as they were.

    Of each key that is done, 88 bits of a BLAKE2b digest are kept, with the status beside them. To take one key for
    another would lose work, and would need two of one digest: among a million keys with a chance of 1.6e-15, among a
    billion 1.6e-9. The digests are sorted, in shards so small that to insert one takes a microsecond. A failure is
    remembered only among the latest: later, its target is tried again.
    """

    def __init__(self, digest: Callable[[bytes], bytes] = _digest) -> None:
        self._digest = digest
        self._shards: defaultdict[int, tuple[array[int], array[int]]] = defaultdict(lambda: (array("Q"), array("H")))
        self._recent: OrderedDict[str, Outcome] = OrderedDict()
        self._recent_chars = 0

    def add(self, key: str, outcome: Outcome | None) -> None:
        """Remember an outcome; `None` for one that the journal tells of."""
        if outcome is not None:
            self._keep(key, outcome)
            if outcome.status == "failed":
                return
        highs, lows, high, low, place = self._locate(key)
        low |= 0 if outcome is None else _STATUSES.index(outcome.status)
        if place < len(highs) and highs[place] == high:
            lows[place] = low
        else:
            highs.insert(place, high)
            lows.insert(place, low)

    def find(self, key: str) -> Outcome | None:
        """Return the outcome of a key; of one long done only the status is known."""
        if key in self._recent:
            return self._recent[key]
        highs, lows, high, _, place = self._locate(key)
        if place == len(highs) or highs[place] != high:
            return None
        return Outcome(target="", status=_STATUSES[lows[place] & _STATUS])

    def _locate(self, key: str) -> tuple[array[int], array[int], int, int, int]:
        """Find the shard of a key, the halves of its digest, and where they are in the shard, or belong."""
        shard, high, low = _DIGEST.unpack(self._digest(key.encode("utf-8", "surrogatepass")))
        highs, lows = self._shards[shard % _SHARDS]
        low &= ~_STATUS
        place = bisect_left(highs, high)
        while place < len(highs) and highs[place] == high and lows[place] & ~_STATUS != low:
            place += 1
        return highs, lows, high, low, place

    def _keep(self, key: str, outcome: Outcome) -> None:
        self._recent[key] = outcome
        self._recent_chars += _chars(key, outcome)
        while self._recent_chars > _RECENT_CHARS:
            self._recent_chars -= _chars(*self._recent.popitem(last=False))


def _chars(key: str, outcome: Outcome) -> int:
    body = repr(outcome.error.body) if isinstance(outcome.error, APIError) else ""
    return _OBJECTS + len(key) + len(outcome.prompt or "") + len(body)
