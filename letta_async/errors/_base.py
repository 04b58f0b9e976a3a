"""Base class of all errors that the package raises, and the place where each of them is described."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from letta_async.errors._details import restore

__all__ = ["DOCUMENTATION", "LettaError"]

DOCUMENTATION: Final = "https://letta-async.readthedocs.io/en/stable/"
"""Address of the documentation of the latest release: the one place that decides it.

A test holds `[project.urls]` of each `pyproject.toml` to it; `docs/conf.py` imports it."""


def _section(name: str) -> str:
    """Return the address of a class' section; the fragment is what Sphinx and GitHub make of a heading."""
    return f"{DOCUMENTATION}reference/errors.html#{name.lower()}"


class LettaError(Exception):
    """Base class of all errors that the package raises; catch it to catch them all."""

    docs: ClassVar[str] = _section("LettaError")
    """Address of the section of the documentation that says when this error happens and what to do. A subclass outside
    this package has that of its base. Tracebacks end with it, as a note; `str` of the error does not have it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("letta_async.") and not cls.__name__.startswith("_"):
            cls.docs = _section(cls.__name__)

    if not TYPE_CHECKING:  # which know it as the list that it is

        @cached_property
        def __notes__(self) -> list[str]:
            # Made when a traceback is printed or a note is added, so that an error that is caught costs nothing.
            return [self._reference]

    @property
    def _reference(self) -> str:
        return f"When this happens and what to do: {self.docs}"

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        if state.get("__notes__") == [self._reference]:
            del state["__notes__"]  # it is made again, where it is needed
        return restore, (type(self), self.args, state)
