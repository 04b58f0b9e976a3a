"""Benchmarks of the client's speed, memory and stability beside its peers; `python -m benchmarks` runs all.

Each module measures one subject, can be run by itself (`python -m benchmarks.throughput`), and has a `--short` form.
`calls` has the peers, `turns` the method by which they are compared, `check` the bounds that continuous integration
checks. JSON is parsed by the standard library, as it is without the extra `speed`; only `decoding` also measures what
the extra does.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from letta_async._schema import json_parsing

__all__ = ["has_speed", "with_speed"]

_installed: Final[Any] = json_parsing.fast_decode


def _not_installed() -> None:
    return None


def has_speed() -> bool:
    """Return whether the extra `speed` is installed."""
    return _installed() is not None


@contextmanager
def with_speed() -> Generator[None, None, None]:
    """Parse JSON as with the extra in the block."""
    json_parsing.fast_decode = _installed
    try:
        yield
    finally:
        _leave_out_speed()


def _leave_out_speed() -> None:
    parsing: Any = json_parsing
    parsing.fast_decode = _not_installed


_leave_out_speed()
