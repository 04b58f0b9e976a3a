"""The bill of materials: each thing that may be wrong with one is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Any

import pytest

from letta_async import __version__
from tools.sbom import completed, problems_of

NEEDS = {"aiohttp": "Apache-2.0 AND MIT", "attrs": "MIT", "cattrs": "MIT", "tenacity": "Apache-2.0"}
BEHIND = {"partd": "", "zict": "BSD"}
BILL: dict[str, Any] = {
    "metadata": {"component": {"name": "letta-async", "bom-ref": "root", "licenses": [{"license": {"id": "X"}}]}},
    "components": [
        {"name": name, "version": "1", "purl": f"pkg:pypi/{name}@1"}
        | ({} if name == "partd" else {"licenses": [{"license": {"id": "X"}}]})
        for name in (*NEEDS, *BEHIND)
    ],
    "dependencies": [{"ref": "root", "dependsOn": [f"{name}==1" for name in NEEDS]}],
}


@pytest.fixture
def installed(tmp_path: Path) -> list[Distribution]:
    def install(name: str, version: str, licence: str) -> Distribution:
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        stated = f"License: {licence}\n" if licence else ""
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{stated}")
        return PathDistribution(folder)

    others = [install(name, "1", licence) for name, licence in {**NEEDS, **BEHIND}.items()]
    return [install("letta-async", __version__, "Apache-2.0"), *others]


def test_a_whole_bill_has_no_problems(installed: list[Distribution]) -> None:
    assert list(problems_of(completed(copy.deepcopy(BILL)), installed)) == []


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda bill: bill["components"].pop(), "zict 1 is not in it"),
        (lambda bill: bill["components"][0].update(version="2"), "aiohttp 1 is not in it"),
        (lambda bill: bill["components"][0].pop("purl"), "aiohttp has the address None"),
        (lambda bill: bill["components"][0].pop("licenses"), "aiohttp has no licence"),
        (lambda bill: bill["dependencies"][0]["dependsOn"].pop(), "letta-async does not depend on tenacity"),
        (lambda bill: bill["components"][0].update(url="file:///here/x.whl"), "a path of this machine is in it"),
        (lambda bill: bill["metadata"]["component"].pop("version"), f"letta-async {__version__} is not in it"),
    ],
)
def test_a_problem_is_found(
    spoil: Callable[[dict[str, Any]], object], problem: str, installed: list[Distribution]
) -> None:
    bill = completed(copy.deepcopy(BILL))
    spoil(bill)
    assert list(problems_of(bill, installed)) == [problem]


def test_a_licence_that_is_not_allowed_is_found(installed: list[Distribution], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.sbom.is_allowed", lambda stated: stated != "BSD-3-Clause")
    (partd, zict) = problems_of(completed(copy.deepcopy(BILL)), installed)
    assert partd.startswith("partd has a licence that is not among the allowed ones")
    assert zict.startswith("zict ")
