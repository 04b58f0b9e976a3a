"""Generator of `docs/faults.md` from the table: `python -m tests.faults.document`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Final

from letta_async.errors import APIError

from .fault import RIGHT_ANSWER, Again, Fault
from .promises import CONNECTIONS, PROGRAM
from .table import FAULTS

__all__ = ["PATH", "document"]

PATH: Final = Path(__file__).parents[2] / "docs" / "faults.md"

_INTRODUCTION: Final = """\
# When the network or the server fails

What a client meets on its way to a server, what you see of it, and whether the call is tried again. Each line is a
test that runs against `AsyncLetta` and `Letta`, and this page is written from them: `python -m tests.faults.document`.

**Tried again** says which calls: *yes* those that can be done twice without harm (`recompile`, and every `get`, `put`
and `delete`), *every call* also the others, since the server cannot have acted on them. There are two retries unless
`max_retries` or `retry` say otherwise, and fewer when the [budget](#many-calls-at-once) or the `deadline` runs out.
You see what the last try met; `error.attempts` has them all.

After each of these no task, connection or slot is held, no secret is in a message, log or traceback, and the next call
on the client works.
"""

_SECTIONS: Final = {
    "Reaching the server": range(1, 8),
    "The beginning of the answer": range(8, 18),
    "The body of the answer": range(18, 29),
    "Redirects": range(31, 34),
    "TLS": range(34, 36),
    "Proxies": range(36, 37),
    "Refusals": range(37, 43),
}


def document() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for title, rows in _SECTIONS.items():
        faults = [fault for fault in FAULTS if fault.row in rows]
        lines = [_line(list(alike)) for _, alike in groupby(faults, lambda fault: (fault.row, fault.sees, fault.again))]
        parts.append(_table(title, "What happens | What you see | Tried again", lines))
    for title, promises in (("Many calls at once", CONNECTIONS), ("Your own program", PROGRAM)):
        parts.append(_table(title, "What happens | What you see", [f"{p.happens} | {p.sees}" for p in promises]))
    return "\n".join(parts)


def _table(title: str, head: str, lines: list[str]) -> str:
    rule = "|".join("---" for _ in head.split("|"))
    return "\n".join([f"## {title}", "", f"| {head} |", f"|{rule}|", *(f"| {line} |" for line in lines), ""])


def _line(alike: list[Fault]) -> str:
    first, *others = dict.fromkeys(fault.happens for fault in alike)
    happens = "; ".join([first, *(words[0].lower() + words[1:] for words in others)])
    return f"{happens} | {_sees(alike[0].sees)} | {_again(alike[0])}"


def _sees(sees: type[APIError] | str) -> str:
    return sees if isinstance(sees, str) else f"`{sees.__name__}`"


def _again(fault: Fault) -> str:
    if fault.sees == RIGHT_ANSWER:
        return ""
    words = {Again.NO: "no", Again.REPEATABLE: "yes", Again.ALL: "every call"}[fault.again]
    return f"{words}, once" if fault.tries == 2 else words


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
