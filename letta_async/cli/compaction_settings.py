"""Parser of `--settings`: compaction settings from a file or from the command line itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from letta_async._schema.json_values import is_object
from letta_async._schema.validation import check
from letta_async._utils.text_files import UnreadableTextError, read_text
from letta_async.cli.error_messages import Refusal
from letta_async.operations.conversations import Recompile

__all__ = ["read_compaction_settings"]


def read_compaction_settings(text: str) -> Mapping[str, Any]:
    """Parse the value of `--settings`: JSON if it begins with a brace, else the name of a file with JSON.

    Raises:
        Refusal: The file cannot be read, or the text is not a JSON object.
        InvalidArgumentError: A field is wrong; every problem is named.

    """
    where = "--settings"
    if not text.lstrip().startswith("{"):
        where = f"--settings: {text!r}"
        try:
            text = read_text(text)
        except UnreadableTextError as error:
            raise Refusal(f"{where} cannot be read: {error}") from None
    try:
        settings = json.loads(text, object_pairs_hook=_to_unique_fields)
    except _DuplicateFieldError as error:
        raise Refusal(f"{where}: the field {error.args[0]!r} is there twice") from None
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{where}: not JSON that can be read: {error}") from None
    if not is_object(settings):
        raise Refusal(f'{where}: expected a JSON object, such as {{"mode": "all"}}')
    check(Recompile, {"conversation_id": "default", "compaction_settings": settings})
    return settings


class _DuplicateFieldError(Exception):
    """A JSON object has a field twice; `json` would silently use the last one."""


def _to_unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise _DuplicateFieldError(name)
        made[name] = value
    return made
