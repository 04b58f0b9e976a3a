"""Picture for documents that send one."""

from __future__ import annotations

from typing import Final

__all__ = ["PICTURE"]

PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
"""A PNG file of one pixel."""
