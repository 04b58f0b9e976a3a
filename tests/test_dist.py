"""Wheels and source distribution of the package and its parts: nothing is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from letta_async.operations._tree import COMPOSED, TREE
from tools.part_sources import part_folders, write_tree

ROOT = Path(__file__).parents[1]
BYTES = 1024
"""How much of the wheel a call may take, with its declaration and its methods on both clients."""
PARTS = [part.name for part in part_folders(ROOT)]
UNSHIPPED = (".ci/", ".github/")


def build(source: Path, *targets: str, into: Path) -> None:
    chosen = [word for target in targets for word in ("--target", target)]
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into), *chosen]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def build_wheels(tree: Path, *, into: Path) -> None:
    for folder in (tree, *(tree / "parts" / part for part in PARTS)):
        build(folder, "wheel", into=into)


class Wheel:
    """Wheel that was built."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.path = path
        self.installs = [name for name in self.files if ".dist-info/" not in name]
        self.metadata: Message = BytesParser().parsebytes(self.about("METADATA"))
        self.needs = [Requirement(line) for line in self.metadata.get_all("Requires-Dist", [])]

    def about(self, name: str) -> bytes:
        """Return the content of a file in `.dist-info`; empty if there is none."""
        return next((self.files[each] for each in self.files if each.endswith(f".dist-info/{name}")), b"")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build everything from the tree, and the wheels again from the source distribution, in the folder `again`."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, "sdist", into=folder)
    build_wheels(ROOT, into=folder)
    (unpacked,) = unpack(next(folder.glob("*.tar.gz")), folder / "unpacked")
    build_wheels(unpacked, into=folder / "again")
    for part in part_folders(unpacked):
        write_tree(part, folder / "trees" / part.name)
        build(folder / "trees" / part.name, "sdist", into=folder / "parts")
    for source in sorted((folder / "parts").glob("*.tar.gz")):
        (tree,) = unpack(source, folder / "parts" / source.name.partition("-")[0])
        build(tree, "wheel", into=folder / "parts")
    return folder


def unpack(source: Path, folder: Path) -> list[Path]:
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    return list(folder.iterdir())


@pytest.fixture(scope="module")
def package(built: Path) -> Wheel:
    return Wheel(next(built.glob("letta_async-*.whl")))


@pytest.fixture(scope="module")
def parts(built: Path) -> dict[str, Wheel]:
    return {part: Wheel(next(built.glob(f"letta_async_{part}-*.whl"))) for part in PARTS}


def test_a_call_takes_little_of_the_wheel(package: Wheel) -> None:
    assert package.path.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(package.path) as archive:
        taken = [
            entry.compress_size
            for entry in archive.infolist()
            if re.fullmatch(r"letta_async/(operations|resources)/[a-z]\w*\.py", entry.filename)
        ]
    assert sum(taken) <= BYTES * (len(TREE) + len(COMPOSED))


def test_the_page_of_a_package_index_has_no_link_that_only_a_repository_has(package: Wheel) -> None:
    page = str(package.metadata.get_payload())
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert not [link for link in links if not link.startswith("https://")]
    (documentation,) = [url for url in package.metadata.get_all("Project-URL", []) if url.startswith("Documentation, ")]
    base = documentation.removeprefix("Documentation, ")
    for link in [link for link in links if link.startswith(base)]:
        name = link.removeprefix(base).partition("#")[0] or "index.html"
        assert [path for suffix in ("md", "html") if (path := ROOT / "docs" / name.replace("html", suffix)).exists()], (
            link
        )
    assert f"]({base}how-to/keep-conversations-current.html)" in page


def test_the_badges_are_true(package: Wheel) -> None:
    badges = re.findall(r"img\.shields\.io/badge/(\S+)-\w+\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    versions = [
        line.split()[-1] for line in package.metadata.get_all("Classifier", []) if re.search(r"Python :: 3\.", line)
    ]
    licence = package.metadata["License-Expression"].replace("-", "--")
    assert badges[:2] == [f"Python-{'%20%7C%20'.join(versions)}", f"licence-{licence}"]
    assert "Typing :: Typed" in package.metadata.get_all("Classifier", [])


def test_the_wheels_have_everything_once_and_nothing_else(package: Wheel, parts: dict[str, Wheel]) -> None:
    there = {ROOT / "pytest_letta_async.py"}
    there |= {path for path in (ROOT / "letta_async").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    shipped = [name for wheel in (package, *parts.values()) for name in wheel.installs]
    assert sorted(shipped) == sorted(path.relative_to(ROOT).as_posix() for path in there)
    assert "letta_async/py.typed" in package.installs


def test_a_part_has_its_folder_and_the_package_has_none_of_it(package: Wheel, parts: dict[str, Wheel]) -> None:
    assert PARTS == ["dask", "otel", "testing"]
    for part, wheel in parts.items():
        beside = {"pytest_letta_async.py"} if part == "testing" else set[str]()
        folder = f"letta_async/{part}/"
        assert {name for name in wheel.installs if not name.startswith(folder)} == beside
        assert not [name for name in package.installs if name.startswith(folder)]


def test_a_part_needs_the_package_in_its_own_version(package: Wheel, parts: dict[str, Wheel]) -> None:
    version = package.metadata["Version"]
    for wheel in parts.values():
        assert wheel.metadata["Version"] == version
        assert [str(each) for each in wheel.needs if each.name == "letta-async"] == [f"letta-async=={version}"]


def test_the_extra_of_a_part_is_the_part_in_any_version(package: Wheel, parts: dict[str, Wheel]) -> None:
    for part in parts:
        (needed,) = [each for each in package.needs if str(each.marker) == f'extra == "{part}"']
        assert needed.name == f"letta-async-{part}"
        assert needed.specifier.contains(package.metadata["Version"])
        assert needed.specifier.prereleases, "pip refuses the extra of a pre-release"


def test_the_parts_say_of_themselves_what_the_package_does(package: Wheel, parts: dict[str, Wheel]) -> None:
    def said(wheel: Wheel) -> list[str]:
        fields = [wheel.metadata[name] for name in ("License-Expression", "Requires-Python")]
        shared = ("Development Status", "Operating System", "Programming Language", "Typing")
        return fields + [line for line in wheel.metadata.get_all("Classifier", []) if line.startswith(shared)]

    assert {part: said(wheel) for part, wheel in parts.items()} == dict.fromkeys(parts, said(package))


def test_pytest_finds_the_plugin_in_the_part_for_tests_alone(package: Wheel, parts: dict[str, Wheel]) -> None:
    assert b"[pytest11]\nletta_async = pytest_letta_async\n" in parts["testing"].about("entry_points.txt")
    assert b"pytest11" not in package.about("entry_points.txt")


def test_opentelemetry_finds_the_instrumentor_in_its_part_alone(package: Wheel, parts: dict[str, Wheel]) -> None:
    entry = b"[opentelemetry_instrumentor]\nletta_async = letta_async.otel.instrumentor:LettaInstrumentor\n"
    assert entry in parts["otel"].about("entry_points.txt")
    assert b"opentelemetry" not in package.about("entry_points.txt")


def test_the_licence_is_included(package: Wheel, parts: dict[str, Wheel]) -> None:
    for wheel in (package, *parts.values()):
        assert (wheel.metadata["License-Expression"], wheel.metadata["License-File"]) == ("Apache-2.0", "LICENSE")
        assert wheel.about("licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_it_needs_four_packages_and_nothing_else(package: Wheel) -> None:
    needed = [each.name for each in package.needs if each.marker is None]
    assert needed == ["aiohttp", "attrs", "cattrs", "tenacity"]


def test_the_part_for_tests_needs_nothing_else(parts: dict[str, Wheel]) -> None:
    assert [each.name for each in parts["testing"].needs] == ["letta-async"]


def test_the_source_distribution_builds_the_same_wheels(built: Path, package: Wheel, parts: dict[str, Wheel]) -> None:
    for wheel in (package, *parts.values()):
        assert Wheel(built / "again" / wheel.path.name).files == wheel.files


def test_the_source_distribution_of_a_part_builds_the_same_wheel(built: Path, parts: dict[str, Wheel]) -> None:
    for wheel in parts.values():
        assert Wheel(built / "parts" / wheel.path.name).files == wheel.files


def test_the_source_distribution_of_a_part_has_its_licence_and_nothing_of_the_others(built: Path) -> None:
    for part in PARTS:
        (tree,) = (built / "parts" / f"letta_async_{part}").iterdir()
        shipped = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
        beside = {"LICENSE", "PKG-INFO", "pyproject.toml", "same_version.py", "letta_async/_version.py"}
        beside |= {"pytest_letta_async.py"} if part == "testing" else set()
        assert {name for name in shipped if not name.startswith(f"letta_async/{part}/")} <= beside
        assert (tree / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a repository knows what belongs to it")
def test_the_source_distribution_has_what_is_under_version_control(built: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    tracked = {name for name in listed if not name.startswith(UNSHIPPED) and (ROOT / name).exists()}
    (unpacked,) = (built / "unpacked").iterdir()
    shipped = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert tracked - shipped == set()
