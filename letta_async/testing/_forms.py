"""Parser of bodies in the format `multipart/form-data`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Final

import attrs

__all__ = ["FormPart", "parse_form"]

_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')


@attrs.frozen
class FormPart:
    """Part of a form: a field or a file."""

    filename: str | None
    """Name of the file; `None` for a field."""
    media_type: str | None
    content: bytes


def parse_form(content_type: str, body: bytes) -> Mapping[str, FormPart]:
    """Return the parts of a form by their names; none if the body is no form."""
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        return {}
    return dict(_parts(b"\r\n--" + boundary.encode(errors="replace"), b"\r\n" + body))


def _parts(delimiter: bytes, body: bytes) -> Iterator[tuple[str, FormPart]]:
    for part in body.split(delimiter)[1:]:
        head, found, content = part.partition(b"\r\n\r\n")
        headers = dict(_headers(head.decode(errors="replace")))
        parameters = dict(_PARAMETER.findall(headers.get("content-disposition", "")))
        if found and "name" in parameters:
            yield parameters["name"], FormPart(parameters.get("filename"), headers.get("content-type"), content)


def _headers(head: str) -> Iterator[tuple[str, str]]:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()
