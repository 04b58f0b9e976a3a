"""Codemod: imports, the names that they bind, and strings."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.cli.migrating import migrated, notes_of


def after(program: str) -> str:
    return dedent(program).lstrip("\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import letta_client", "import letta_async"),
        ("import os, letta_client, sys", "import os, letta_async, sys"),
        ("import letta_client as lc", "import letta_async as lc"),
        ("import letta_client.types as t", "import letta_async.types as t"),
        ("from letta_client import Letta", "from letta_async import Letta"),
        ("from letta_client import AsyncLetta as A, Letta", "from letta_async import AsyncLetta as A, Letta"),
        ("from  letta_client  import ( Letta , )  # why", "from  letta_async  import ( Letta , )  # why"),
        ("from letta_client.client import Letta", "from letta_async import Letta"),
        ("from letta_client.client import BaseTool, Letta", "from letta_async import BaseTool, Letta"),
        ("import letta_client.client", "import letta_async.client"),
        ("from letta_client._exceptions import APIError", "from letta_async import APIError"),
        ("from letta_client.core.api_error import ApiError", "from letta_async import APIStatusError as ApiError"),
        ("from letta_client import omit", "from letta_async import omit"),
        ("from letta_client import NOT_GIVEN as no", "from letta_async import NOT_GIVEN as no"),
        ("from letta_client.pagination import SyncArrayPage", "from letta_async.pagination import SyncArrayPage"),
        ("import letta_client\nx: letta_client.Client = 1", "import letta_async\nx: letta_async.Client = 1"),
        ("from letta_client import types", "from letta_async import types"),
    ],
)
def test_an_import_is_changed(old: str, new: str) -> None:
    assert migrated(old + "\n") == new + "\n"


@pytest.mark.parametrize(
    "program",
    [
        "from .letta_client import get\n",
        "from app.letta_client import get\n",
        "import letta_client_tools\n",
        "x.letta_client = f(letta_client=1)\n",
        "# import letta_client\n",
        "letta_client = connect()\nletta_client.run()\n",
        '"""Uses letta_client."""\n',
    ],
)
def test_what_is_no_import_of_the_client_stays(program: str) -> None:
    assert migrated(program) == program
    assert notes_of(program) == []


def test_what_is_read_from_the_module_follows_its_import() -> None:
    program = """
        import letta_client

        def f(error: Exception, c: letta_client.Letta = letta_client.Letta()) -> "letta_client.Letta | None":
            x: "list[letta_client.AgentState]" = [letta_client.NOT_GIVEN]
            if isinstance(error, letta_client . NotFoundError):
                return cast("letta_client.Letta", x)
    """
    assert migrated(program) == after("""
        import letta_async

        def f(error: Exception, c: letta_async.Letta = letta_async.Letta()) -> "letta_async.Letta | None":
            x: "list[letta_async.AgentState]" = [letta_async.NOT_GIVEN]
            if isinstance(error, letta_async . NotFoundError):
                return cast("letta_async.Letta", x)
    """)
    assert notes_of(program) == []


def test_an_import_that_may_fail_is_changed_with_what_replaces_it() -> None:
    program = """
        try:
            import letta_client
        except ImportError:
            letta_client = None
        if letta_client: letta_client.Letta()
    """
    assert migrated(program) == after(program).replace("letta_client", "letta_async")


@pytest.mark.parametrize(
    "program",
    [
        "import letta_client\nif x:\n    letta_client = fake()\nletta_client.Letta()\n",
        "import letta_client\nletta_async = letta_client.AsyncLetta()\n",
        "import letta_client\ndef f():\n    global letta_client\n    letta_client.Letta()\n",
        "import letta_client\ndef tool():\n    letta_client.Letta()\nc.tools.upsert_from_function(func=tool)\n",
    ],
)
def test_the_name_is_kept_where_it_stands_for_more(program: str) -> None:
    assert migrated(program) == program.replace("import letta_client", "import letta_async as letta_client")


def test_the_name_is_kept_with_a_submodule() -> None:
    program = "import letta_client.types\nletta_async = letta_client.types\n"
    new = "import letta_async.types, letta_async as letta_client\n"
    assert migrated(program) == new + program.partition("\n")[2]


@pytest.mark.parametrize(
    ("program", "note"),
    [
        ("from letta_client import Nope", "1: letta_async has no Nope (of letta_client)"),
        ("import letta_client as x\nx.Nope()", "2: letta_async has no Nope (of letta_client)"),
        ("import letta_client.nope", "1: letta_async has no module nope: say what of it is needed"),
        ("from letta_client import *", "1: import * of letta_client: name what is needed, then run this again"),
        (
            "from letta_client import RequestOptions",
            "1: letta_async has no RequestOptions (of letta_client): "
            "use the keywords timeout, extra_headers, extra_query and extra_body",
        ),
        (
            "import importlib\nimportlib.import_module('letta_client.types')",
            "2: letta_client is imported by a string: change it by hand",
        ),
        ("__import__('letta_client')", "1: letta_client is imported by a string: change it by hand"),
        ("patch('letta_client.Letta')", "1: a string names letta_client: change it if it means the module"),
        ("x = f'{y} letta_client'", "1: a string names letta_client: change it if it means the module"),
        (
            "x: Literal['letta_client'] = y",
            "1: a string names letta_client: change it if it means the module",
        ),
        (
            "c.tools.create(source_code='''\ndef f():\n    import letta_client\n''')",
            "1: code in a string imports letta_client: right for a tool, which runs on the server; otherwise change it",
        ),
    ],
)
def test_what_cannot_be_known_is_noted(program: str, note: str) -> None:
    assert notes_of(program + "\n") == [note]
    assert migrated(program + "\n").count("\n") == program.count("\n") + 1


def test_strings_are_never_changed_unless_they_are_annotations() -> None:
    program = "import letta_client\nx = 'letta_client.Letta'\n"
    assert migrated(program) == "import letta_async\nx = 'letta_client.Letta'\n"


def test_the_first_of_several_names_that_are_read_counts() -> None:
    program = "import letta_client as lc\nlc.Nope.a.b\nlc.AgentState.from_dict(x)\nlc.omit.x\n"
    assert migrated(program) == "import letta_async as lc\nlc.Nope.a.b\nlc.AgentState.from_dict(x)\nlc.omit.x\n"
    assert notes_of(program) == ["2: letta_async has no Nope (of letta_client)"]


def test_an_imported_class_is_no_module() -> None:
    program = "from letta_client import AgentState as A\nA.from_dict(x)\n"
    assert migrated(program) == "from letta_async import AgentState as A\nA.from_dict(x)\n"


def test_a_name_that_is_elsewhere_is_noted() -> None:
    program = "import letta_client.types as t\nt.APIError\n"
    assert notes_of(program) == ["2: letta_client.types.APIError is letta_async.APIError: import it from there"]


def test_a_string_annotation_of_a_name_that_is_kept_stays() -> None:
    program = "import letta_client as x\nimport letta_client\nletta_async = 1\ny: 'letta_client.Letta'\n"
    assert "y: 'letta_client.Letta'" in migrated(program)
