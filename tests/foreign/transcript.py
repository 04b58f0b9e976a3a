"""What two tellings of a story can be compared by: each line of the transcript, without what differs every time."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Final

__all__ = ["comparable"]

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID: Final = re.compile(rf"(?:([a-z]+)-)?{_UUID}|(?:call)_[0-9a-f]{{24}}")
_TIMES: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"  # in an object
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [AP]M(?= [A-Z]+[+-]\d{4})"  # in a prompt: the zone stays
    r"|datetime\.datetime\([^()]*(?:\([^()]*\))?\)"  # in the text of a 404
)
_HASH: Final = re.compile(r'(?<="tool_hash": ")[0-9a-f]{12}')
"""What the real server tells versions of a tool by."""
_ENDPOINT: Final = re.compile(r"(?<=http://127\.0\.0\.1):\d+(?=/v1)")
"""Where the model provider of a real server is."""
_SQL: Final = re.compile(r"(?<= already exists\.)\n\[SQL: .*", re.DOTALL)
"""What the real server adds to a conflict: the statement that it tried, and a link to an explanation."""


def comparable(output: str) -> list[str]:
    """Return the lines of a transcript with sorted keys, and with ids numbered in the order in which they appear."""
    numbers: dict[str, str] = {}
    counts: Counter[str] = Counter()

    def number(found: re.Match[str]) -> str:
        if found[0] not in numbers:
            kind = "call" if found[0].startswith("call_") else found[1] or "uuid"
            counts[kind] += 1
            numbers[found[0]] = f"{kind}-{counts[kind]}"
        return numbers[found[0]]

    lines: list[str] = []
    for line in output.splitlines():
        told = _plain(json.loads(line))
        text = json.dumps({"step": told.pop("step"), **told}, ensure_ascii=False)
        lines.append(_ID.sub(number, _TIMES.sub("<time>", _HASH.sub("<hash>", _ENDPOINT.sub("", text)))))
    return lines


def _plain(value: Any) -> Any:
    """Sort the keys, leave the SQL and vectors out, and write 1.0 as 1: JavaScript knows no difference."""
    if isinstance(value, dict):
        fields = {name: _plain(value[name]) for name in sorted(value)}
        if "archive_id" in fields or "timestamp" in fields:
            # A passage. The embedded server embeds nothing, and the real one has its tags in any order.
            fields |= {"embedding": None, "tags": fields["tags"] and sorted(fields["tags"])}
        return fields
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return _SQL.sub("", value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
