"""Words that a class puts into the descriptions of the parameters which it inherits."""

from __future__ import annotations

import re
from typing import Any

from letta_async.operations._listing import IdListing

__all__ = ["completed", "plural"]


def completed(text: str, cls: type[Any]) -> str:
    """Return a description with the words of a class in place of their names in braces.

    Raises:
        AttributeError: The class lacks the word.

    """
    if not issubclass(cls, IdListing):
        return text
    words = {
        "item": cls.item,
        "items": plural(cls.item),
        "default_limit": f"{cls.default_limit}",
        "default_order": cls.default_order,
    }
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), text)


def plural(noun: str) -> str:
    """Return the plural of a noun, by the rules that the API's nouns follow."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
