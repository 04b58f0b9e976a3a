"""The command `migrate`: files, folders, standard input, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from letta_async.cli.exits import Exit
from letta_async.cli.migration import files
from letta_async.cli.migration.source import Edit, Source
from tests.cli.processes import PROGRAM, run_here

OLD = "from letta_client import Letta\n"
NEW = "from letta_async import Letta\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (path := tmp_path / "program.py").write_text(OLD)
    return path


def write(path: Path, data: bytes | str = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_the_diff_is_shown_and_nothing_written(program: Path) -> None:
    done = run_here("migrate", str(program))
    name = program.as_posix().lstrip("/")
    assert done.stdout == f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-{OLD}+{NEW}"
    assert done.stderr == "1 to change, 0 to look at.\nNothing was written: --write does it.\n"
    assert (done.code, program.read_text()) == (Exit.DONE, OLD)


def test_with_write_files_are_changed_once(program: Path) -> None:
    done = run_here("migrate", str(program), "--write")
    assert (done.code, program.read_text(), done.stderr) == (Exit.DONE, NEW, "1 changed, 0 to look at.\n")
    assert [each.name for each in program.parent.iterdir()] == ["program.py"]
    again = run_here("migrate", str(program), "--write")
    assert (again.code, again.stdout, again.stderr) == (Exit.DONE, "", "0 changed, 0 to look at.\n")


def test_check_says_by_its_exit_code_whether_something_would_change(program: Path) -> None:
    assert run_here("migrate", str(program), "--check").code == Exit.UNFINISHED
    assert program.read_text() == OLD
    program.write_text(NEW)
    assert run_here("migrate", str(program), "--check").code == Exit.DONE


def test_a_patch_of_the_diff_does_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    old = b"import letta_client\r\nx = 1\r\n\r\nletta_client.Letta()"  # without a newline at its end
    path = write(tmp_path / "a" / "b.py", old)
    diff = run_here("migrate", ".").stdout
    subprocess.run(["git", "apply", "-p1", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    patched = path.read_bytes()
    path.write_bytes(old)
    run_here("migrate", ".", "--write")
    assert path.read_bytes() == patched == old.replace(b"letta_client", b"letta_async")


@pytest.mark.parametrize(
    "old",
    [
        b"\xef\xbb\xbfimport letta_client  # \xc3\xa9\n",
        b"# coding: latin-1\nimport letta_client  # \xe9\n",
        b"# coding: cp1252\r\nimport letta_client  # \x80\r\n",
        b"import letta_client\r\nx = '''a\r\nb'''\n\ty = 1\r\n".replace(b"\ty", b"y"),
        b"import letta_client\n\x0c\nif x:\n\ty =  1 ;\n",
        b"import letta_client # no newline",
        "x = '\N{GRINNING FACE}'; import letta_client\n".encode(),
    ],
)
def test_all_other_bytes_are_kept(tmp_path: Path, old: bytes) -> None:
    path = write(tmp_path / "p.py", old)
    assert run_here("migrate", str(path), "--write").code == Exit.DONE
    assert path.read_bytes() == old.replace(b"letta_client", b"letta_async")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"import letta_client\nprint 'x'\n", "line 2: "),
        (b"import letta_client  # \xff\n", "encoding"),
        (b"import letta_client; x.tools.add(f)\nprint 'x'\n", "line 2: "),
        (b"# coding: no-such\nimport letta_client\n", "unknown encoding"),
        (b"import letta_client\0\n", ""),
        (b"import letta_client\nx = " + b"(" * 9999 + b")" * 9999, "too many nested parentheses"),
        (b"import letta_client\nx = " + b"-" * 9999 + b"1", "nested too deeply"),
        (b"import letta_client\nx = 1" + b"+1" * 900, "nested too deeply"),
        (b"# coding: utf-7\nimport letta_client # +AGE-\n", "would not give the same bytes again"),
    ],
)
def test_what_cannot_be_read_is_reported_and_left(program: Path, data: bytes, words: str) -> None:
    path = write(program.parent / "broken.py", data)
    done = run_here("migrate", str(program.parent), "--write")
    assert done.code == Exit.UNCHECKED
    assert f"error: {path.as_posix()}: left as it is: " in done.stderr
    assert words in done.stderr
    assert "1 changed, 0 to look at, 1 that cannot be read." in done.stderr
    assert (path.read_bytes(), program.read_text()) == (data, NEW)


def test_what_is_not_concerned_is_not_parsed(program: Path) -> None:
    write(program.parent / "other.py", "print 'letta'")
    write(program.parent / "suspect.py", "# letta\nx.agents.modify(a)\n")
    done = run_here("migrate", str(program.parent), "--write")
    assert done.code == Exit.DONE
    assert "/suspect.py:2: agents.modify, of what may be a client" in done.stderr


def test_bytes_go_through_pipes_as_they_are() -> None:
    old = b"# coding: latin-1\r\nimport letta_client  # \xe9\r\n"
    done = subprocess.run([*PROGRAM, "migrate", "-", "--write"], input=old, capture_output=True, check=True)
    assert done.stdout == old.replace(b"letta_client", b"letta_async")


def test_notes_have_file_and_line(program: Path) -> None:
    program.write_text("import os\nfrom letta_client import Nope\n")
    assert (
        f"{program.as_posix()}:2: letta_async has no Nope (of letta_client)\n"
        in run_here("migrate", str(program)).stderr
    )


def test_folders_are_searched_but_for_what_others_wrote(tmp_path: Path) -> None:
    mine = [write(tmp_path / name) for name in ("a.py", "b/c.pyi", "b/.d/e.pyw")]
    others = ["venv/x.py", ".git/x.py", "node_modules/x.py", "b/site-packages/x.py", "mine/x.py", "notes.txt"]
    theirs = [write(tmp_path / name) for name in others]
    write(tmp_path / "mine" / "pyvenv.cfg", "")
    assert run_here("migrate", str(tmp_path), "--write").code == Exit.DONE
    assert {path.read_text() for path in mine} == {NEW}
    assert {path.read_text() for path in theirs} == {OLD}


def test_a_file_that_is_named_needs_no_suffix(tmp_path: Path) -> None:
    path = write(tmp_path / "script", f"#!/usr/bin/env python3\n{OLD}")
    run_here("migrate", str(path), str(path), "--write")
    assert path.read_text() == f"#!/usr/bin/env python3\n{NEW}"


def test_functions_that_another_file_uploads_are_left(tmp_path: Path) -> None:
    tool = write(tmp_path / "tools.py", "def f():\n    import letta_client\n")
    write(tmp_path / "main.py", "from tools import f\nclient.tools.upsert_from_function(func=f)  # letta_client\n")
    done = run_here("migrate", str(tmp_path), "--write")
    assert "import letta_client" in tool.read_text()
    assert f"{tool.as_posix()}:1: f is uploaded as a tool" in done.stderr


def test_a_module_with_the_same_name_is_not_mistaken_for_the_client(tmp_path: Path) -> None:
    own = write(tmp_path / "letta_client.py")
    user = write(tmp_path / "main.py")
    done = run_here("migrate", str(tmp_path), "--write")
    assert (own.read_text(), user.read_text()) == (NEW, OLD)
    assert "main.py:1: a module letta_client is beside it" in done.stderr


def test_requirements_and_notebooks_are_reported_only(tmp_path: Path) -> None:
    write(tmp_path / "requirements-dev.txt", "attrs\nletta-client[aiohttp]>=1  # x\n# letta-client\n")
    write(tmp_path / "pyproject.toml", 'dependencies = ["letta_client"]\n')
    write(
        tmp_path / "a.ipynb",
        '{"cells": [{"cell_type": "code", "source": ["x\\n", "import letta_client"]},'
        ' {"cell_type": "code", "source": "x"}]}',
    )
    write(tmp_path / "b.ipynb", "no JSON with letta_client")
    done = run_here("migrate", str(tmp_path), "--write")
    noted = [line.removeprefix(f"{tmp_path.as_posix()}/") for line in done.stderr.splitlines()]
    assert noted == [
        "a.ipynb:1: code cell 1 names letta_client: notebooks are not changed, see `jupyter nbconvert --to script`",
        "pyproject.toml:1: requires letta-client: letta-async takes its place where nothing imports it any more",
        "requirements-dev.txt:2: requires letta-client: letta-async takes its place where nothing imports it any more",
        "0 changed, 3 to look at.",
    ]


def test_a_program_on_standard_input() -> None:
    assert run_here("migrate", "-", "--write", stdin=OLD).stdout == NEW
    shown = run_here("migrate", "-", "--check", stdin=f"{OLD}import letta_client.nope\n")
    assert (shown.code, shown.stdout.split("\n")[0]) == (Exit.UNFINISHED, "--- a/<stdin>")
    assert shown.stderr == "<stdin>:2: letta_async has no module nope: say what of it is needed\n"
    broken = run_here("migrate", "-", "--write", stdin="letta_client(")
    assert (broken.code, broken.stdout) == (Exit.UNCHECKED, "")
    assert broken.stderr.startswith("error: <stdin>: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument 'PATH...'"),
        (["no-such-file"], "does not exist"),
        ([".", "--write", "--check"], "--check writes nothing"),
        (["-", "."], "- excludes other paths"),
    ],
)
def test_wrong_use_is_said_in_a_line(arguments: list[str], words: str) -> None:
    done = run_here("migrate", *arguments)
    assert (done.code, done.stdout) == (Exit.USAGE, "")
    assert words in done.stderr


def test_without_libcst_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    monkeypatch.setattr("letta_async.cli.migrating.find_spec", lambda _: None)
    done = run_here("migrate", str(program))
    assert (done.code, done.stderr) == (Exit.EXTRA, "error: migrate needs libcst: pip install 'letta-async[cli]'\n")


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
class TestPosix:
    def test_mode_and_links_are_kept(self, tmp_path: Path) -> None:
        real = write(tmp_path / "elsewhere" / "real.py")
        real.chmod(0o751)
        (link := tmp_path / "link.py").symlink_to(real)
        run_here("migrate", str(link), "--write")
        assert link.is_symlink()
        assert (real.read_text(), real.stat().st_mode & 0o777) == (NEW, 0o751)

    def test_links_that_lead_out_of_a_folder_are_not_followed(self, tmp_path: Path) -> None:
        outside = write(tmp_path / "outside.py")
        inside = write(tmp_path / "folder" / "inside.py")
        (tmp_path / "folder" / "out.py").symlink_to(outside)
        (tmp_path / "folder" / "within.py").symlink_to(inside)
        (tmp_path / "folder" / "up").symlink_to(tmp_path)
        run_here("migrate", str(tmp_path / "folder"), "--write")
        assert (outside.read_text(), inside.read_text()) == (OLD, NEW)

    @pytest.mark.parametrize("way", ["read-only", "changed", "full"])
    def test_a_file_that_cannot_be_written_is_reported_and_whole(
        self, program: Path, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        check, access = files._check_unchanged, os.access
        if way == "read-only":
            monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
        elif way == "full":
            monkeypatch.setattr(os, "fsync", full)
        else:
            monkeypatch.setattr(files, "_check_unchanged", lambda path, _: check(path, b"something else"))
        done = run_here("migrate", str(program), "--write")
        assert (done.code, done.stdout, program.read_text()) == (Exit.UNFINISHED, "", OLD)
        assert f"error: {program.as_posix()}: cannot be written: " in done.stderr
        assert [each.name for each in program.parent.iterdir()] == ["program.py"]


@pytest.mark.parametrize("name", ["program.py", "requirements.txt"])
def test_a_file_that_cannot_be_opened_is_reported(program: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(program.parent / "requirements.txt", "letta-client")
    read = Path.open

    def refuse(self: Path, *args: object, **options: object) -> object:
        if self.name == name:
            raise PermissionError(13, "Permission denied")
        return read(self, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    done = run_here("migrate", str(program.parent))
    assert done.code == Exit.UNCHECKED
    assert f"/{name}: left as it is: Permission denied\n" in done.stderr


def test_on_a_terminal_the_diff_has_colours_and_no_control_characters(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text(f"{OLD}x = '\x1b[2J'\n")
    monkeypatch.setattr("tests.cli.processes.StringIO", Tty)
    shown = run_here("migrate", str(program)).stdout
    assert f"\x1b[32m+{NEW.rstrip()}\x1b[0m\n" in shown
    assert "\x1b[2J" not in shown


class Tty(StringIO):
    def isatty(self) -> bool:
        return True


def test_edits_that_overlap_are_a_fault() -> None:
    with pytest.raises(ValueError, match="overlap at byte 1"):
        Source("abc", "utf-8", b"").edited([Edit(0, 2, "x"), Edit(1, 3, "y")])
