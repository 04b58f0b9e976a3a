"""`ApiError`, under the path that programs import it from which were written for letta-client before 1.0."""

from letta_async.errors import APIStatusError as ApiError

__all__ = ["ApiError"]
