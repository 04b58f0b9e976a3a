"""Reader of times, as lenient as the server's: ISO 8601, or seconds or milliseconds since 1970, as number or text."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from letta_async.testing._context import ValidationContext

__all__ = ["read_datetime"]

_DATE: Final = r"(\d{4})-(\d{2})-(\d{2})"
_TIME: Final = r"(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
_MOMENT: Final = re.compile(rf"{_DATE}(?:[Tt _]{_TIME}(?:([Zz])|([+-])(\d{{2}}):?(\d{{2}}))?)?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,18})(\.\d*)?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_SECONDS: Final = 20_000_000_000
"""Maximum absolute value of a number of seconds; greater ones are milliseconds."""


def read_datetime(value: Any, context: ValidationContext) -> Any:
    """Return a JSON value as a time, or add a problem to the context."""
    if context.refuse_surrogate(value):
        return value
    if isinstance(value, str):
        found = _MOMENT.fullmatch(value)
        moment = None if found is None else _from_parts(found)
        if moment is not None:
            return moment
        if _NUMBER.fullmatch(value) is not None:
            return _from_number(value, float(value), context)
        return _refuse_text(value, context)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value, value, context)
    context.refuse("datetime_type", "Input should be a valid datetime", value)
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


def _from_number(value: object, number: float, context: ValidationContext) -> Any:
    if math.isnan(number):
        why = "NaN values not permitted"
    else:
        seconds = number / 1000 if abs(number) > _MAX_SECONDS else number
        if math.isfinite(seconds):
            try:
                return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
            except OverflowError:
                pass
        why = f"dates {'after 9999' if number > 0 else 'before 0000'} are not supported as unix timestamps"
    context.refuse("datetime_parsing", f"Input should be a valid datetime, {why}", value, error=why)
    return value


def _refuse_text(value: str, context: ValidationContext) -> str:
    if value.startswith("0000-") and _MOMENT.fullmatch(value.replace("0000", "2000", 1)) is not None:
        why = "year 0 is out of range"
        context.refuse("datetime_parsing", f"Input should be a valid datetime, {why}", value, error=why)
    else:
        why = _date_problem(value)
        msg = f"Input should be a valid datetime or date, {why}"
        context.refuse("datetime_from_date_parsing", msg, value, error=why)
    return value


def _date_problem(text: str) -> str:
    """Return the first reason why a text is not a date; an invalid time counts as extra characters."""
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
