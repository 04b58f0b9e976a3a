"""Test of the built wheels as users install them: on each supported Python, with the newest dependencies.

The oldest and the newest Python that are found have another environment, with the lowest dependencies: a version may be
too new for the one, or too old for the other. It uses the wheels in `dist/`. Each environment is made anew and holds
the package, its runtime dependencies and nothing else, not even pip. The extras are added one after the other, and the
parts removed again; after each step, a folder of `tests/installed` is run as tests, and `pip check` finds what does not
fit together. On the newest Python, package and parts are then installed again, all at once from their source
distributions.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from tools.pythons import BUILD_REQUIRES, ROOT, SUPPORTED, find

CHECKS: Final = ROOT / "tests" / "installed"


def main() -> int:
    """Run all environments, as many at once as there are processors; return the exit code, 0 if all passed."""
    (wheel,) = (ROOT / "dist").glob("letta_async-*.whl")
    interpreters = {version: find(version) for version in SUPPORTED}
    for version in [version for version, interpreter in interpreters.items() if interpreter is None]:
        print(f"== Python {version}: not found, left out", flush=True)
    found = [(version, interpreter) for version, interpreter in interpreters.items() if interpreter is not None]
    if not found:
        sys.exit("no supported Python was found")
    ends = {found[0], found[-1]}
    cases = [(*each, choice) for each in found for choice in (lowest, newest) if choice is newest or each in ends]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tests = [
            pool.submit(test, wheel, interpreter, choice, sources=(version, choice) == (found[-1][0], newest))
            for version, interpreter, choice in cases
        ]
        failed = 0
        for (version, _, choice), tested in zip(cases, tests, strict=True):
            passed, output = tested.result()
            print(f"== Python {version}, {choice.__name__} dependencies: {'passed' if passed else output}", flush=True)
            failed += not passed
    print(f"{wheel.name} and its parts, in fresh environments:\n{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def lowest(requirement: Requirement) -> str:
    """Return a dependency pinned to the oldest version that is allowed."""
    (bound,) = [each.version for each in requirement.specifier if each.operator in {">=", "=="}]
    return f"{requirement.name}=={bound}"


def newest(requirement: Requirement) -> str:
    """Return a dependency unchanged, so that pip chooses the newest version."""
    return str(requirement)


def dependencies(wheel: Path, extra: str = "") -> Iterator[Requirement]:
    """Return the dependencies of a wheel, with an extra or without, from its metadata."""
    (distribution,) = distributions(path=[str(wheel)])
    for line in distribution.requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            requirement.marker = None
            yield requirement


def test(wheel: Path, interpreter: Path, choice: Callable[[Requirement], str], *, sources: bool) -> tuple[bool, str]:
    """Create an environment and test in it, `sources` as well or not; return whether all passed, or else the output."""
    with tempfile.TemporaryDirectory(prefix="letta-async-") as folder:
        python = Path(folder, "bin", "python")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-qq"]
        built = ["--no-index", "--find-links", str(wheel.parent)]
        (dask,) = wheel.parent.glob("letta_async_dask-*.whl")
        (otel,) = wheel.parent.glob("letta_async_otel-*.whl")
        core, cli, cluster, telemetry = (
            [choice(each) for each in dependencies(needy, extra)]
            for needy, extra in ((wheel, ""), (wheel, "cli"), (dask, ""), (otel, ""))
        )
        check: list[str | Path] = [
            python,
            "-I",
            "-X",
            "dev",
            "-W",
            "error",
            "-m",
            "unittest",
            "discover",
            "-p",
            "check_*.py",
            "-s",
        ]
        steps: list[Sequence[str | Path]] = [
            [interpreter, "-m", "venv", "--without-pip", folder],
            [*pip, "install", wheel, *core],
            [*check, CHECKS / "alone"],
            [*pip, "install", *built, f"{wheel}[testing]"],
            [*check, CHECKS / "with_testing"],
            [*pip, "install", f"{wheel}[cli]", *cli],
            [python.with_name("letta-async"), "demo"],
            [*pip, "install", *cluster],
            [*pip, "install", *built, f"{wheel}[dask]"],
            [*check, CHECKS / "with_dask"],
            [*pip, "install", *telemetry],
            [*pip, "install", *built, f"{wheel}[otel]"],
            [*check, CHECKS / "with_otel"],
            [*pip, "check"],
            [*pip, "uninstall", "--yes", "letta-async-testing", "letta-async-dask", "letta-async-otel"],
            [*check, CHECKS / "parted"],
        ]
        if sources:
            built_from = sorted(map(str, wheel.parent.glob("letta_async*.tar.gz")))
            again = ["--no-deps", "--force-reinstall", "--no-build-isolation", *built_from]
            steps += [
                [*pip, "install", *BUILD_REQUIRES],
                [*pip, "install", *again],
                [*pip, "check"],
                [*check, CHECKS / "with_otel"],
            ]
        output = ""
        for step in steps:
            done = subprocess.run(step, cwd=folder, capture_output=True, text=True, check=False)
            output += f"$ {' '.join(map(str, step))}\n{done.stdout}{done.stderr}"
            if done.returncode != 0:
                return False, f"{output}exit code {done.returncode}"
        return True, ""


if __name__ == "__main__":
    sys.exit(main())
