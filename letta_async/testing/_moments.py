"""Reading a time as the server does: ISO 8601, or seconds since 1970 as a number or as its text, or milliseconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from letta_async.testing._context import ValidationContext

__all__ = ["read_moment"]

_DATE: Final = r"(\d{4})-(\d{2})-(\d{2})"
_TIME: Final = r"(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
_MOMENT: Final = re.compile(rf"{_DATE}(?:[Tt _]{_TIME}(?:([Zz])|([+-])(\d{{2}}):?(\d{{2}}))?)?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,18})(\.\d*)?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_SECONDS: Final = 20_000_000_000
"""Numbers beyond this are milliseconds."""


def read_moment(value: Any, here: ValidationContext) -> Any:
    """Read a time, or note what it is not."""
    if here.refuse_half_pair(value):
        return value
    if isinstance(value, str):
        found = _MOMENT.fullmatch(value)
        moment = None if found is None else _from_parts(found)
        if moment is not None:
            return moment
        if _NUMBER.fullmatch(value) is not None:
            return _from_number(value, float(value), here)
        return _refuse_text(value, here)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value, value, here)
    here.refuse("datetime_type", "Input should be a valid datetime", value)
    return value


def _from_parts(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction, _, sign, hours, minutes = found.groups()[6:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    if int(minutes or 0) > 59:
        return None
    try:
        zone = timezone(offset) if sign else UTC
        return datetime(year, month, day, hour, minute, second, int((fraction or "0")[:6].ljust(6, "0")), zone)
    except ValueError:
        return None


def _from_number(value: object, number: float, here: ValidationContext) -> Any:
    if math.isnan(number):
        why = "NaN values not permitted"
    else:
        seconds = number / 1000 if abs(number) > _LARGEST_SECONDS else number
        if math.isfinite(seconds):
            try:
                return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
            except OverflowError:
                pass
        why = f"dates {'after 9999' if number > 0 else 'before 0000'} are not supported as unix timestamps"
    here.refuse("datetime_parsing", f"Input should be a valid datetime, {why}", value, error=why)
    return value


def _refuse_text(value: str, here: ValidationContext) -> str:
    if value.startswith("0000-") and _MOMENT.fullmatch(value.replace("0000", "2000", 1)) is not None:
        why = "year 0 is out of range"
        here.refuse("datetime_parsing", f"Input should be a valid datetime, {why}", value, error=why)
    else:
        why = _what_is_no_date(value)
        msg = f"Input should be a valid datetime or date, {why}"
        here.refuse("datetime_from_date_parsing", msg, value, error=why)
    return value


def _what_is_no_date(text: str) -> str:
    """Name the first thing that keeps a text from being a date; a wrong time is but too many characters."""
    if len(text.encode(errors="replace")) < 10:
        return "input is too short"
    for start, end, name in ((0, 4, "year"), (5, 7, "month"), (8, 10, "day")):
        if start and text[start - 1] != "-":
            return "invalid date separator, expected `-`"
        if re.fullmatch(r"[0-9]+", text[start:end]) is None:
            return f"invalid character in {name}"
    if not 1 <= int(text[5:7]) <= 12:
        return "month value is outside expected range of 1-12"
    try:
        datetime(int(text[:4]) or 2000, int(text[5:7]), int(text[8:10]), tzinfo=UTC)
    except ValueError:
        return "day value is outside expected range"
    return "unexpected extra characters at the end of the input"
