"""Run the Python blocks of a page as the cells of a notebook: within a running loop, with `await` at their top."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from sybil import Example
from sybil.parsers.markdown import CodeBlockParser

__all__ = ["NotebookParser"]


class NotebookParser(CodeBlockParser):
    """Parse `python` blocks as cells."""

    def __init__(self) -> None:
        super().__init__(language="python", evaluator=_evaluate)


def _evaluate(example: Example) -> None:
    lines = "\n" * (example.line + example.parsed.line_offset)
    code = compile(
        lines + str(example.parsed), str(example.path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )

    async def cell() -> None:
        result: Any = eval(code, example.namespace)
        if inspect.iscoroutine(result):
            await result

    example.namespace["notebook_loop"].run_until_complete(cell())
