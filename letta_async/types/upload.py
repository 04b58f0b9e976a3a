"""Files to upload."""

from __future__ import annotations

import os
from typing import IO, TypeAlias

__all__ = ["FileInput"]

_Content: TypeAlias = str | os.PathLike[str] | bytes | bytearray | IO[bytes]
FileInput: TypeAlias = _Content | tuple[str, _Content]
"""A file to upload: its path, its bytes, a file open for reading bytes, or a tuple of a name and one of these.

It is sent piece by piece, whatever its size. After a failure it is sent again only if it can be read again: a path,
bytes, or an open file that is seekable, which starts again where it stood.
"""
