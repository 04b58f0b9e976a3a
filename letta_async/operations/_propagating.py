"""Parameter of edits that reach conversations only when these are recompiled."""

from __future__ import annotations

from collections.abc import Iterable

from letta_async._schema.unset import UNSET
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import InClient, parameters
from letta_async.types.propagation import PropagateOptions

__all__ = ["PropagatingEdit"]


@parameters
class PropagatingEdit:
    """Parameter of an edit of a block or of an agent. The methods made from it have overloads."""

    propagate: InClient[bool | PropagateOptions] = UNSET
    """Then bring the conversations that show it up to date, as `client.propagate` does: `True`, or a `PropagateOptions`
    with its parameters, such as `dry_run` and `journal`. Default: `False`."""

    def raw_problems(self) -> Iterable[ArgumentProblem]:
        """Return the problem of `propagate`, which has no single response that could be returned raw."""
        if self.propagate is not UNSET and self.propagate is not False:
            return [ArgumentProblem("propagate", "has no single response; call it without with_raw_response")]
        return ()
