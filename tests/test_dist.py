"""What is built of the package, and that nothing is missing from it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LARGEST_WHEEL = 250_000
UNSHIPPED = (".ci/", ".github/")


def build(source: Path, *targets: str, into: Path) -> None:
    chosen = [word for target in targets for word in ("--target", target)]
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into), *chosen]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from the tree, and the wheel once more from the source distribution, in a folder `again`."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, "sdist", "wheel", into=folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    build(unpacked, "wheel", into=folder / "again")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return BytesParser().parsebytes(wheel.read(path))


def test_the_wheel_is_small(built: Path) -> None:
    (path,) = built.glob("*.whl")
    assert path.name.endswith("-py3-none-any.whl")
    assert path.stat().st_size < LARGEST_WHEEL


def test_the_wheel_has_the_package_whole_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = {ROOT / "pytest_letta_async.py"}
    package |= {path for path in (ROOT / "letta_async").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert names == {path.relative_to(ROOT).as_posix() for path in package}
    assert "letta_async/py.typed" in names


def test_the_licence_is_included(wheel: zipfile.ZipFile, metadata: Message) -> None:
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert wheel.read(path) == (ROOT / "LICENSE").read_bytes()
    assert metadata["License-Expression"] == "Apache-2.0"


def test_it_needs_four_packages_and_nothing_else(metadata: Message) -> None:
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert [line.split(">=")[0] for line in needed] == ["aiohttp", "attrs", "cattrs", "tenacity"]


def test_the_source_distribution_builds_the_same_wheel(built: Path, wheel: zipfile.ZipFile) -> None:
    again = zipfile.ZipFile(next((built / "again").glob("*.whl")))
    assert again.namelist() == wheel.namelist()
    assert [name for name in wheel.namelist() if again.read(name) != wheel.read(name)] == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a repository knows what belongs to it")
def test_the_source_distribution_has_what_is_under_version_control(built: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    tracked = {name for name in listed if not name.startswith(UNSHIPPED) and (ROOT / name).exists()}
    (unpacked,) = (built / "unpacked").iterdir()
    shipped = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert tracked - shipped == set()
