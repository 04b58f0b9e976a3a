"""`ApiError`, the earlier name of `APIStatusError`."""

from letta_async.errors import APIStatusError as ApiError

__all__ = ["ApiError"]
