"""Software bill of materials of a release: `make sbom` writes it to `build/letta-async-<version>.cdx.json`.

It lists what `pip install 'letta-async[…]'` with all extras brings into a fresh environment, in the CycloneDX format,
by `cyclonedx-py`. What the format asks for and the tool does not know is added, and the result is checked: nothing that
is installed is missing, each component has a version, an address (purl) and an allowed licence, and no path of this
machine is in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from letta_async import __version__
from tools.audit import is_allowed, licence_of
from tools.pythons import ROOT

NAME: Final = "letta-async"
EXTRAS: Final = ("cli", "dask", "otel", "speed", "testing", "watch")
"""Extras for users; the others are for work on the package itself."""
UNSTATED: Final = {"partd": "BSD-3-Clause"}
"""Licences that only the text in the wheel says, by component; each was read."""


def main() -> int:
    """Write the bill and check it; return the exit code."""
    dist, target = ROOT / "dist", ROOT / "build" / f"{NAME}-{__version__}.cdx.json"
    with tempfile.TemporaryDirectory(prefix="letta-async-") as folder:
        python = Path(folder, "bin", "python")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-qq"]
        parts = [f"{each.name.split('-')[0]}=={__version__}" for each in dist.glob("letta_async_*.whl")]
        wanted = [f"{NAME}[{','.join(EXTRAS)}]=={__version__}", *parts]
        describe = ["--pyproject", "pyproject.toml", "--mc-type", "library", "--output-reproducible", "-o", "-"]
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        subprocess.run([*pip, "install", "--find-links", str(dist), *wanted], check=True)
        command = [sys.executable, "-m", "cyclonedx_py", "environment", *describe, str(python)]
        described = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        bill = completed(json.loads(described))
        (packages,) = Path(folder).glob("lib/python*/site-packages")
        installed = list(distributions(path=[str(packages)]))
        problems = list(problems_of(bill, installed))
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(*problems, f"{target.relative_to(ROOT)}: {len(installed)} packages, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


def completed(bill: dict[str, Any]) -> dict[str, Any]:
    """Return a bill with the version of the package, which is computed, and the licences that no metadata states."""
    root = bill["metadata"]["component"]
    root |= {"version": __version__, "purl": f"pkg:pypi/{NAME}@{__version__}"}
    for component in bill["components"]:
        if "licenses" not in component and component["name"] in UNSTATED:
            found = {"acknowledgement": "concluded", "id": UNSTATED[component["name"]]}
            component["licenses"] = [{"license": found}]
    return bill


def problems_of(bill: dict[str, Any], installed: Iterable[Distribution]) -> Iterator[str]:
    """Yield what is wrong with a bill of an environment in which these distributions are installed."""
    root = bill["metadata"]["component"]
    listed = {canonicalize_name(each["name"]): each for each in [root, *bill["components"]]}
    for distribution in installed:
        name = canonicalize_name(distribution.name)
        component = listed.get(name, {})
        stated = UNSTATED.get(name) or licence_of(distribution.metadata)
        if component.get("version") != distribution.version:
            yield f"{name} {distribution.version} is not in it"
        elif component.get("purl") != f"pkg:pypi/{name}@{distribution.version}":
            yield f"{name} has the address {component.get('purl')}"
        elif not component.get("licenses"):
            yield f"{name} has no licence"
        elif not is_allowed(stated):
            yield f"{name} has a licence that is not among the allowed ones: {stated}"
    needs: dict[str, list[str]] = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    needed = {canonicalize_name(each.split("==")[0]) for each in needs.get(root["bom-ref"], [])}
    for name in sorted({"aiohttp", "attrs", "cattrs", "tenacity"} - needed):
        yield f"{NAME} does not depend on {name}"
    if "file://" in json.dumps(bill):
        yield "a path of this machine is in it"


if __name__ == "__main__":
    sys.exit(main())
