"""Tests of the pytest plugin in separate runs of pytest, with the settings of users' projects."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "test_staleness.py"

ASYNC_TEST = """
import pytest

@pytest.fixture
def order():
    return []

{fixture}
async def conversation(async_letta_client):
    agent = await async_letta_client.agents.create(model="letta/letta-free")
    made = await async_letta_client.conversations.create(agent_id=agent.id)
    yield made.id
    await async_letta_client.conversations.delete(made.id)

{mark}
async def test_it(async_letta_client, letta_server, conversation):
    assert "AGENT_ID" in await async_letta_client.conversations.recompile(conversation)
    assert letta_server.requests[-1].path.endswith("/recompile")
"""
ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def run(folder: Path, *options: str, python: Path | None = None, **files: str) -> str:
    """Run pytest as in a project with these files, warnings as errors; return its output.

    With the Python of another environment, the installed plugin is used; otherwise it is named on the command line.
    """
    pytest_ = (
        [sys.executable, "-m", "pytest", "-p", "pytest_letta_async"] if python is None else [python, "-m", "pytest"]
    )
    for name, content in files.items():
        (folder / f"{name}.py").write_text(dedent(content), encoding="utf-8")
    done = subprocess.run(
        [*pytest_, "-rA", "-W", "error", "-p", "no:cacheprovider", "-p", "no:schemathesis", *options],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "LETTA"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout


def asyncio_mode(mode: str) -> list[str]:
    return ["-o", f"asyncio_mode={mode}", "-o", "asyncio_default_fixture_loop_scope=function"]


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_the_async_client_works_with_pytest_asyncio(tmp_path: Path, mode: str) -> None:
    marked = {"fixture": "@pytest_asyncio.fixture", "mark": "@pytest.mark.asyncio"}
    plain = {"fixture": "@pytest.fixture", "mark": ""}
    test = ASYNC_TEST.format(**(marked if mode == "strict" else plain))
    said = run(tmp_path, *asyncio_mode(mode), test_async=f"import pytest_asyncio\n{test}")
    assert "1 passed" in said, said


@pytest.mark.parametrize("options", [("-p", "no:asyncio"), asyncio_mode("strict")], ids=["alone", "beside asyncio"])
def test_the_async_client_works_with_anyio(tmp_path: Path, options: list[str]) -> None:
    pytest.importorskip("anyio")
    test = ASYNC_TEST.format(fixture="@pytest.fixture", mark="@pytest.mark.anyio")
    said = run(tmp_path, *options, test_async=test + ANYIO)
    assert "1 passed" in said, said


def test_without_a_plugin_for_async_tests_it_says_what_is_missing(tmp_path: Path) -> None:
    said = run(tmp_path, "-p", "no:asyncio", "-p", "no:anyio", test_sync="def test_it(async_letta_client): pass")
    assert "1 error" in said, said
    assert "async_letta_client is for async tests, which pytest-asyncio or anyio runs" in said


def test_a_server_of_ones_own_takes_the_place_of_the_plugins(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        *asyncio_mode("strict"),
        conftest="""
            import pytest
            from letta_async.testing import EmbeddedServer, SimulatedClock

            @pytest.fixture
            def letta_server():
                with EmbeddedServer(password="secret", clock=SimulatedClock()) as server:
                    yield server
        """,
        test_own="""
            import pytest

            def test_sync(letta_client, letta_server):
                agent = letta_client.agents.create(model="letta/letta-free")
                assert agent.created_at == letta_server.clock()
                assert letta_server.requests[0].headers["authorization"] == "Bearer ***"

            @pytest.mark.asyncio
            async def test_async(async_letta_client):
                assert (await async_letta_client.get("/v1/agents/")) == []
        """,
    )
    assert "2 passed" in said, said


def test_each_test_has_a_server_to_itself(tmp_path: Path) -> None:
    test = """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(letta_client, number):
            assert letta_client.get("/v1/agents/") == []
            letta_client.agents.create(model="letta/letta-free")
    """
    said = run(tmp_path, *asyncio_mode("strict"), test_own=test)
    assert "3 passed" in said, said


def test_who_does_not_ask_for_it_does_not_pay_for_it(tmp_path: Path) -> None:
    test = """
        import sys

        def test_it():
            assert "pytest_letta_async" in sys.modules
            assert not {"letta_async", "aiohttp", "attrs", "cattrs", "tenacity"}.intersection(sys.modules)
    """
    said = run(tmp_path, *asyncio_mode("strict"), test_other=test)
    assert "1 passed" in said, said


def test_the_documented_file_is_the_example() -> None:
    document = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    assert f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```" in document


@pytest.mark.timeout(300)
def test_the_example_runs_in_a_fresh_environment_with_the_built_wheels(tmp_path: Path) -> None:
    pytest.importorskip("build", reason="wheels are built where the extra `dev` is installed")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    for folder in (ROOT, ROOT / "parts" / "testing"):
        subprocess.run([*build, str(folder)], check=True, capture_output=True, text=True)
    wheels = map(str, tmp_path.glob("*.whl"))
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wheels, "pytest", "pytest-asyncio"]
    subprocess.run([python, *install], check=True, capture_output=True, text=True)
    project = tmp_path / "project"
    project.mkdir()
    said = run(project, *asyncio_mode("strict"), python=python, test_staleness=EXAMPLE.read_text(encoding="utf-8"))
    assert "4 passed" in said, said
    assert "letta-async-testing-" in said, "the plugin is not named in the head of the run"
