"""Read compaction settings from a file or from the command line itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from letta_async._schema.json_values import is_object
from letta_async._schema.validation import check
from letta_async._utils.text_files import UnreadableTextError, read_text
from letta_async.cli.failing import Refusal
from letta_async.operations.conversations import Recompile

__all__ = ["read_settings"]


def read_settings(text: str) -> Mapping[str, Any]:
    """Read `--settings`: JSON when it begins with a brace, else the name of a file with JSON in it.

    Raises:
        Refusal: there is no such file, or no JSON object in it.
        InvalidArgumentError: a field is wrong; every fault is named.

    """
    where = "--settings"
    if not text.lstrip().startswith("{"):
        where = f"--settings: {text!r}"
        try:
            text = read_text(text)
        except UnreadableTextError as error:
            raise Refusal(f"{where} cannot be read: {error}") from None
    try:
        settings = json.loads(text, object_pairs_hook=_without_twins)
    except _TwinsError as error:
        raise Refusal(f"{where}: the field {error.args[0]!r} is there twice") from None
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{where}: not JSON that can be read: {error}") from None
    if not is_object(settings):
        raise Refusal(f'{where}: expected a JSON object, such as {{"mode": "all"}}')
    check(Recompile, {"conversation_id": "default", "compaction_settings": settings})
    return settings


class _TwinsError(Exception):
    """A field is there twice, of which JSON's readers silently take one."""


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise _TwinsError(name)
        made[name] = value
    return made
