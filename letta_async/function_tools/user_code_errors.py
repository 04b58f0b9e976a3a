"""Exceptions of a program's own code, which runs where its functions and classes are examined."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["describe_exception", "examining"]


@contextmanager
def examining(place: str) -> Generator[None, None, None]:
    """Raise any exception of annotations, properties and wrappers as an `InvalidArgumentError` with it as the cause.

    Args:
        place: Path of the argument that is examined.

    """
    try:
        yield
    except InvalidArgumentError:
        raise
    except Exception as error:
        words = f"cannot be examined, its own code raises {describe_exception(error)}"
        raise InvalidArgumentError([ArgumentProblem(place, words)]) from error


def describe_exception(error: Exception) -> str:
    """Return the type and text of an exception, or its type alone if its text cannot be made."""
    try:
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    except Exception:
        return type(error).__name__
