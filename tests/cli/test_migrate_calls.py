"""Codemod: methods and keywords of what is certainly a client, and notes about what may be one."""

from __future__ import annotations

from operator import attrgetter

import libcst as cst
import pytest

from letta_async import Letta
from letta_async.cli.migration.findings import Findings
from letta_async.cli.migration.own_surface import find_home, has_path, parameters
from letta_async.cli.migration.renames import CONSTRUCTOR_KEYWORDS, KEYWORDS, METHODS, NAMES, POSITIONAL
from letta_async.cli.migration.source import Source
from letta_async.cli.migration.source_migration import find_uploads
from letta_async.cli.migration.tree import Tree
from tests.cli.migrating import migrated, notes_of

HEAD = "from letta_async import Letta, AsyncLetta\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c.agents.modify(a, name='x')", "c.agents.update(a, name='x')"),
        ("c.blocks.modify(block_id=b)", "c.blocks.update(block_id=b)"),
        ("c.agents.messages.create_stream(agent_id=a)", "c.agents.messages.stream(agent_id=a)"),
        (
            "c.agents.core_memory.retrieve_block(agent_id=a, block_label=b)",
            "c.agents.blocks.retrieve(agent_id=a, block_label=b)",
        ),
        (
            "c.agents.core_memory.modify_block(a, b, value=v)",
            "c.agents.blocks.update(agent_id=a, block_label=b, value=v)",
        ),
        ("c.agents.blocks.retrieve(a, block_label=b)", "c.agents.blocks.retrieve(agent_id=a, block_label=b)"),
        ("c.agents.blocks.attach(a, b)", "c.agents.blocks.attach(agent_id=a, block_id=b)"),
        ("c.agents.blocks.attach(b, agent_id=a)", "c.agents.blocks.attach(b, agent_id=a)"),
        ("c.sources.files.upload(source_id=s, file=f)", "c.folders.files.upload(folder_id=s, file=f)"),
        ("c.sources.list()", "c.folders.list()"),
        ("c.models.list_llms()", "c.models.list()"),
        ("c.models.list_embedding_models()", "c.models.embeddings.list()"),
        ("c.runs.stream(r)", "c.runs.messages.stream(r)"),
        (
            "m = c.agents.core_memory; m.retrieve_block(a, b)",
            "m = c.agents.blocks; m.retrieve(agent_id=a, block_label=b)",
        ),
        ("f = c.agents.modify", "f = c.agents.update"),
        ("(c\n .agents  # these\n .modify(a))", "(c\n .agents  # these\n .update(a))"),
        ("f'é{c.agents.modify(a)}'", "f'é{c.agents.update(a)}'"),
        ("c.with_options(timeout=1).agents.modify(a)", "c.with_options(timeout=1).agents.update(a)"),
        ("Letta(token=t).agents.modify(a)", "Letta(api_key=t).agents.update(a)"),
    ],
)
def test_earlier_names_become_those_of_today(old: str, new: str) -> None:
    assert migrated(f"{HEAD}c = Letta()\n{old}\n") == f"{HEAD}c = Letta()\n{new}\n"
    assert notes_of(f"{HEAD}c = Letta()\n{old}\n") == []


@pytest.mark.parametrize(
    "program",
    [
        "c = Letta()\nc.agents.modify(a)",
        "import letta_client as lc\nc = lc.Letta()\nc.agents.modify(a)",
        "c: Letta\nc.agents.modify(a)",
        "c: 'Letta | None' = make()\nc.agents.modify(a)",
        "c = None\ndef f():\n    global c\n    c = Letta()\n    c.agents.modify(a)",
        "def f(c: Letta): c.agents.modify(a)",
        "def f(c: Optional[Letta] = None): c.agents.modify(a)",
        "def f(c: Annotated[AsyncLetta, Depends(get)]): c.agents.modify(a)",
        "def f(c: typing.Union[Letta, AsyncLetta]): c.agents.modify(a)",
        "with Letta() as c: c.agents.modify(a)",
        "async def f():\n    async with AsyncLetta() as c: await c.agents.modify(a)",
        "(c := Letta()).agents.modify(a)",
        "c: object = Letta()\nc.agents.modify(a)",
        "if (c := Letta()): c.agents.modify(a)",
        "c = x and None if y else Letta()\nd = Letta() if y else None\nd.agents.modify(a)",
        "def f(c: Letta | None):\n    d = c or Letta()\n    d.agents.modify(a)",
        "def get() -> Letta: ...\nget().agents.modify(a)\nc = get()\nc.agents.modify(a)",
        "class A:\n    def __init__(self): self.c = Letta()\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    def __init__(self, c: Letta): self.c = c\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    def g(self):\n        with Letta() as self.c: pass\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    c = Letta()\n    def f(self): return (self.c, [self.c.agents.modify(a)])",
        "class A:\n    c: Letta\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    c = None\n    def g(self): self.c = Letta()\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    @property\n    def c(self) -> Letta: ...\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    def c(self) -> Letta: ...\n    def f(self): self.c().agents.modify(a)",
        "class B:\n    c: Letta\nclass A(B):\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    def __init__(self): self.agents = Letta().agents\n    def f(self): self.agents.modify(a)",
        "c = Letta()\ndef f():\n    async def g(): return [c.agents.modify(x) for x in y]",
    ],
)
def test_a_client_is_known_by(program: str) -> None:
    new = migrated(f"{HEAD}{program}\n")
    assert ".modify(" not in new
    assert ".update(" in new


@pytest.mark.parametrize(
    "program",
    [
        "from app import c\nc.agents.modify(a)",
        "def f(c): c.agents.modify(a)",
        "def f(c: 'no type'): c.agents.modify(a)",
        "c = Letta()\nc = other()\nc.agents.modify(a)",
        "c = Letta()\ndef f(c): c.agents.modify(a)",
        "c, d = Letta(), 1\nc.agents.modify(a)",
        "for c in [Letta()]: c.agents.modify(a)",
        "def get(): return Letta()\nget().agents.modify(a)",
        "async def get() -> Letta: ...\nget().agents.modify(a)",
        "class A:\n    def __init__(self, c): self.c = c\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    c = Letta()\n    def h(self): self.c = fake()\n    def f(self): self.c.agents.modify(a)",
        "class A:\n    c = Letta()\n    def h(self): self.c, d = e\n    def f(self): self.c.agents.modify(a)",
        "def f(c: dict[str, Letta]): c.agents.modify(a)",
        "class B(dict): ...\nclass A(B):\n    def f(self): self.c.agents.modify(a)",
        "class A(dict):\n    def f(self): self.c.agents.modify(a)",
        "c = 1\nc.agents.modify(a)",
        "def f():\n    from app import c\n    c.agents.modify(a)",
        "c = c\nc.agents.modify(a)",
        "Letta = fake\nc = Letta()\nc.agents.modify(a)",
    ],
)
def test_what_only_may_be_a_client_is_noted_and_stays(program: str) -> None:
    program = f"{HEAD}{program}\n"
    assert migrated(program) == program
    line = next(number for number, line in enumerate(program.split("\n"), 1) if "modify" in line)
    assert notes_of(program) == [f"{line}: agents.modify, of what may be a client: in letta_async it is agents.update"]


def test_what_is_no_client_is_left_alone() -> None:
    program = f"{HEAD}db.modify(a)\nrepo.blocks.list()\nself.store.sources.update(x)\n"
    assert migrated(program) == program
    assert notes_of(program) == []


@pytest.mark.parametrize(
    ("call", "note"),
    [
        ("c.agents.nope(a)", "3: letta_async has no agents.nope"),
        ("c.agents.update(a, nope=1)", "3: agents.update has no parameter nope"),
        (
            "c.agents.list(request_options={})",
            "3: agents.list has no parameter request_options: "
            "use timeout=, extra_headers=, extra_query= or extra_body=",
        ),
        ("Letta(httpx_client=1)", "3: the client has no parameter httpx_client: use session=, proxy= or ssl_context="),
        ("Letta(**{'token': t})", "3: keywords of the client in ** were not changed: is token among them?"),
        ("Letta(**options)", None),
        (
            "c.agents.core_memory.retrieve(agent_id=a)",
            "3: letta_async has no agents.core_memory.retrieve: agents.blocks.list(agent_id) lists the blocks",
        ),
        (
            "c.agents.with_raw_response.list(name='x'); c.with_streaming_response.agents.lost()",
            "3: letta_async has no with_streaming_response.agents.lost",
        ),
        (
            "c.agents.blocks.attach(*both)",
            "3: agents.blocks.attach: were there two positional arguments, agent_id and block_id? "
            "Now only block_id is one",
        ),
    ],
)
def test_what_has_no_counterpart_is_noted(call: str, note: str | None) -> None:
    program = f"{HEAD}c = Letta()\n{call}\n"
    assert notes_of(program) == ([] if note is None else [note])
    assert migrated(program) == program


@pytest.mark.parametrize(
    "upload",
    [
        "c.tools.upsert_from_function(func=tool)",
        "unknown.tools.create_from_function(tool)",
        "c.tools.add(tool=tool())",
        "c.tools.create(source_code=inspect.getsource(tool))",
    ],
)
@pytest.mark.parametrize("kind", ["def tool():", "class tool:\n  def run(self):"])
def test_what_is_uploaded_as_a_tool_stays(upload: str, kind: str) -> None:
    body = "\n    import letta_client\n    from letta_client import Letta\n    Letta(token=t).agents.modify(a)\n"
    program = f"from letta_client import Letta\nc = Letta()\n{kind}{body}{upload}\n"
    assert migrated(program) == program.replace("from letta_client", "from letta_async", 1)
    assert "3: tool is uploaded as a tool and runs on the server, with letta_client: left as it is" in notes_of(program)


def test_only_names_that_are_passed_are_uploaded() -> None:
    program = "import letta_client\nx.tools.upsert_from_function(func=lambda: 1)\nx.tools.add()\n"
    assert migrated(program) == program.replace("letta_client", "letta_async")
    assert find_uploads(
        Source.decode(b"from .a import b\nfrom c import d\nx.tools.add(b)\nx.tools.add(tool=d())\n")
    ) == {
        "b",
        "d",
    }


def test_what_another_program_uploads_stays() -> None:
    program = "def tool():\n    import letta_client\ndef other():\n    import letta_client\n"
    assert migrated(program, "tool") == "def tool():\n    import letta_client\ndef other():\n    import letta_async\n"


def test_a_name_may_become_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letta_async.cli.migration.calls.has_path", lambda _: True)
    program = f"{HEAD}c = Letta()\nc . health . check ( )\nx = c.health.check\n"
    assert migrated(program) == f"{HEAD}c = Letta()\nc . health ( )\nx = c.health\n"


def test_a_name_may_become_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letta_async.cli.migration.calls.has_path", lambda _: True)
    program = f"{HEAD}c = Letta()\nc.sources.get_file_metadata(s, f)\nc.embedding_models.list()\n"
    new = f"{HEAD}c = Letta()\nc.folders.files.retrieve(folder_id=s, file_id=f)\nc.models.embeddings.list()\n"
    assert migrated(program) == new


def test_the_tables_name_what_this_package_has() -> None:
    """A table may name what does not exist yet, but then the codemod must not use it, see `has_path`."""
    for path, names in POSITIONAL.items():
        assert (known := parameters(path)) is None or {*names} <= known
    for path in filter(has_path, METHODS.values()):
        assert callable(attrgetter(path)(Letta))
    for old, new in NAMES.items():
        assert find_home("letta_client", [old]).missing == frozenset(), new
    assert {*CONSTRUCTOR_KEYWORDS.values()} <= (parameters("") or set())
    assert all(old != new for table in KEYWORDS.values() for old, new in table.items())


def test_nothing_is_found_within_what_is_uploaded() -> None:
    tree = Tree("def f():\n    x.y\n")
    found = Findings(tree, {tree.module.body[0]: "f"})
    node = next(tree.nodes(cst.Attribute))
    found.note(node, "words")
    found.replace(node, "z")
    found.insert(node, "z")
    found.remove(node.value, node.attr)
    assert (found.is_uploaded(node), found.edits, found.notes) == (True, set(), set())
