"""`aioresponses`, adapted to the installed aiohttp."""

from __future__ import annotations

import inspect
from typing import Any

from aiohttp import ClientResponse
from aioresponses import aioresponses

__all__ = ["MockedResponse", "aioresponses"]


class _Writer:
    output_size = 0


class MockedResponse(ClientResponse):
    """Response of aioresponses 0.7.9, with the `stream_writer` that aiohttp requires since 3.14."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "stream_writer" in inspect.signature(ClientResponse).parameters:
            kwargs.setdefault("stream_writer", _Writer())
        super().__init__(*args, **kwargs)
