"""The tool that installs the official clients: what can be told without installing one."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.foreign import __main__ as tool
from tools.foreign import clients
from tools.foreign.clients import NODE, PYTHON, SOURCE, Client, Failure

HERE = Path(clients.__file__).parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(clients, "_FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def client() -> Client:
    return Client("some", ("package.json",), (), ((sys.executable, "-c", "open('made', 'w')"),), (sys.executable,))


def test_all_clients_are_of_one_version() -> None:
    pins = "".join((HERE / pin).read_text() for pin in (*PYTHON.pins, *SOURCE.pins))
    versions = re.findall(r"^letta-client==(\S+)", pins, re.MULTILINE)
    versions += re.findall(r'letta-client": "([^"]+)"', (HERE / "package.json").read_text())
    assert versions == ["1.12.1"] * 3


@pytest.mark.parametrize("pin", [*PYTHON.pins, *SOURCE.pins, *NODE.pins])
def test_a_pin_names_no_registry(pin: str) -> None:
    assert "://" not in (HERE / pin).read_text()


def test_a_client_is_installed_once_and_again_when_its_pins_change(client: Client, folder: Path) -> None:
    assert not client.ready
    client.install()
    assert client.ready
    assert sorted(path.name for path in client.folder.iterdir()) == ["made", "package.json", "stamp"]
    assert not replace(client, pins=("package-lock.json",)).ready


def test_a_step_that_fails_leaves_the_client_not_ready(client: Client) -> None:
    failing = replace(client, steps=((sys.executable, "-c", "raise SystemExit('no room')"),))
    with pytest.raises(Failure, match="no room"):
        failing.install()
    assert not failing.ready


def test_a_program_is_run_without_the_callers_environment(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTA_API_KEY", "secret")
    client.install()
    program = tmp_path / "program.py"
    program.write_text("import os, sys; print(sys.argv[1:], 'LETTA_API_KEY' in os.environ)")
    assert client.run_program(program, "a", "b c") == "['a', 'b c'] False\n"


def test_without_node_its_client_is_left_out_with_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert NODE.missing == "node, npm"
    assert not NODE.ready
    monkeypatch.setattr(tool, "PYTHON", NODE)
    monkeypatch.setattr(tool, "SOURCE", NODE)
    assert tool.main() == 0
    assert "the node client is left out: not found on the PATH: node, npm" in capsys.readouterr().err
