"""Programs before and after the codemod, as the tests of it compare them."""

from __future__ import annotations

from textwrap import dedent

from letta_async.cli.migration.source import Source
from letta_async.cli.migration.source_migration import Migrated, migrate

__all__ = ["migrated", "notes_of"]


def run_codemod(program: str, *uploads: str) -> Migrated:
    return migrate(Source.decode(dedent(program).lstrip("\n").encode()), uploads)


def migrated(program: str, *uploads: str) -> str:
    """Return a program after the codemod, which has to find nothing more in it."""
    once = run_codemod(program, *uploads)
    assert migrate(once.source, uploads).source == once.source
    compile(once.source.text, "migrated", "exec")
    return once.source.text


def notes_of(program: str, *uploads: str) -> list[str]:
    """Return the notes about a program, each as `line: words`."""
    return [f"{note.line}: {note.words}" for note in run_codemod(program, *uploads).notes]
