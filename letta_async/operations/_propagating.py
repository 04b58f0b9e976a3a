"""Parameter of edits that reach conversations only when these are recompiled."""

from __future__ import annotations

from collections.abc import Iterable

from letta_async._schema.unset import UNSET
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import InClient, parameters

__all__ = ["PropagatingEdit"]


@parameters
class PropagatingEdit:
    """Parameter of an edit of a block or of an agent."""

    propagate: InClient[bool] = UNSET
    """Then bring the conversations that show it up to date, as `client.propagate` does; raise a `PropagationError` if
    one could not be. Default: `False`."""

    def raw_problems(self) -> Iterable[ArgumentProblem]:
        """Return the problem of `propagate`, which has no single response that could be returned raw."""
        if self.propagate is True:
            return [ArgumentProblem("propagate", "has no single response; call it without with_raw_response")]
        return ()
