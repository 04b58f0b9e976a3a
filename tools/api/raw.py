"""Write the methods for paths without a method of their own: one per HTTP method."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from letta_async._http.request import REPEATABLE

from .annotations import Rendering
from .declarations import OPTION_NAMES, OPTION_PARAMETERS
from .docstrings import OPTIONS, RAISES, fill, retries, section

__all__ = ["RAW_METHODS", "raw_methods"]

RAW_METHODS: Final = ("get", "post", "put", "patch", "delete")
_OPTIONS: Final = "options: Mapping[str, object] | None = None"
_BODY: Final = "JSON value to send. Default: no body."
_ARGUMENTS: Final = OPTIONS | {
    "extra_query": "Query parameters of this request.",
    "extra_body": "Members to add to `body`, or to replace in it.",
    "**misspelt": "No other argument is accepted; the `TypeError` says which parameter is meant.",
}
_RAISES: Final = RAISES | {"APIResponseValidationError": "The response is not JSON, or not a `cast_to`."}


def raw_methods(rendering: Rendering, *, waits: bool) -> Iterator[str]:
    """Write the methods of a client; with `waits`, of the sync one."""
    rendering.need("collections.abc", "Mapping")
    rendering.need("letta_async._schema.unset", "UNSET", "Unset")
    rendering.need("letta_async.config", "Timeout")
    rendering.need("letta_async.resources._http_verbs", "NoArguments")
    rendering.need("typing", "Any", "Unpack")
    for name in RAW_METHODS:
        yield _method(name, waits=waits)


def _method(name: str, *, waits: bool) -> str:
    takes_body = name != "get"
    body = ["body: object = UNSET"] if takes_body else []
    parameters = ["self", "path: str", "*", *body, "cast_to: Any = object", _OPTIONS, *OPTION_PARAMETERS]
    signature = ", ".join([*parameters, "**misspelt: Unpack[NoArguments]"])
    text = textwrap.indent(
        f'"""{_docstring(name, takes_body=takes_body)}\n\n"""', " " * 8, lambda line: bool(line.strip())
    )
    if waits:
        named = [*(["body"] if takes_body else []), "cast_to", "options", *OPTION_NAMES]
        given = ", ".join([*(f"{each}={each}" for each in named), "**misspelt"])
        statement = f"return self._wait(self._core.{name}, path, {given})"
    else:
        given = ", ".join(["path", "body" if takes_body else "UNSET", "cast_to", "options", *OPTION_NAMES, "misspelt"])
        statement = f'return await self._request("{name.upper()}", {given})'
    return f"    {'' if waits else 'async '}def {name}({signature}) -> Any:\n{text}\n        {statement}"


def _docstring(name: str, *, takes_body: bool) -> str:
    arguments = {
        "path": "Path below the base URL, such as `/v1/agents/`, without a query.",
        **({"body": _BODY} if takes_body else {}),
        "cast_to": "Type of the result: `object` for any JSON value, `str`, `dict` or `list` for exactly that, a class "
        "of this package such as `Block`, or `list[Block]`. Default: `object`.",
        "options": "The parameters below as the official client takes them: a mapping with `headers`, `params`, "
        "`extra_json` and `timeout`. Default: none.",
        **_ARGUMENTS,
    }
    blocks = [
        f"Send a `{name.upper()}` request to a path that has no method of its own.",
        retries(repeatable=name.upper() in REPEATABLE),
        section("Args", arguments.items()),
        "Returns:\n" + fill("The decoded response, converted to `cast_to`.", "    "),
        section("Raises", _RAISES.items()),
    ]
    return "\n\n".join(blocks)
