"""Runner of the tests on every supported Python that is installed.

It searches the PATH and pyenv. The Python in use is tested in its own environment, each other one in an environment in
`.pythons/`, with the package and its test dependencies. The tests are cut into shards: each `--once` names some that
run on the Python in use only, since they depend on no version or are long; all others run on each, on the one in use
in development mode, which takes a third longer and has asyncio say what it finds wrong. As many shards as there are
processors run side by side; the output of each goes to `.pythons/<shard>.log`, and is printed when it has ended. What
follows `--` on the command line goes to pytest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_CONFIGURATION: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SUPPORTED: Final[list[str]] = re.findall(r"Python :: (3\.\d+)", "\n".join(_CONFIGURATION["project"]["classifiers"]))
BUILD_REQUIRES: Final[list[str]] = _CONFIGURATION["build-system"]["requires"]
"""Requirements for building the package."""


@dataclass(frozen=True)
class Shard:
    """Some of the tests, on one Python."""

    name: str
    version: str
    interpreter: Path
    arguments: Sequence[str]
    """Arguments of pytest that select the tests."""
    development_mode: bool = False
    """Whether Python is in development mode."""

    @property
    def log(self) -> Path:
        """File of the output."""
        return ROOT / ".pythons" / f"{self.name}.log"


def main() -> int:
    """Run the tests on each Python; return the exit code, 0 if all passed."""
    parser = argparse.ArgumentParser(description="Run the tests on every supported Python that is found.")
    parser.add_argument("--once", action="append", default=[], metavar="PATHS", help="tests for the Python in use only")
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="arguments of pytest")
    chosen = parser.parse_args()
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found: dict[str, Path] = {}
    for version in sorted(SUPPORTED, key=lambda version: version != here):
        interpreter = Path(sys.executable) if version == here else find(version)
        print(f"== Python {version}: {interpreter or 'not found, left out'}", flush=True)
        if interpreter is not None:
            found[version] = interpreter
    all_others = ["tests", *(f"--ignore={path}" for paths in chosen.once for path in paths.split())]
    shards = [
        Shard(f"{here}-{number}", here, Path(sys.executable), paths.split())
        for number, paths in enumerate(chosen.once, 1)
    ]
    shards += [
        Shard(version, version, interpreter, all_others, development_mode=version == here)
        for version, interpreter in found.items()
    ]
    failed: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        running = {threads.submit(test, shard, chosen.arguments): shard for shard in shards}
        for ended in as_completed(running):
            shard = running[ended]
            print(f"== Python {shard.name}", shard.log.read_text(encoding="utf-8"), sep="\n", flush=True)
            if ended.result() != 0:
                failed.append(shard.name)
    if failed:
        print(f"failed on Python {', '.join(sorted(failed))}", file=sys.stderr)
    return 1 if failed else 0


def find(version: str) -> Path | None:
    """Return the path of a working interpreter of a version."""
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [Path(on_path)] if on_path else []
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    return next((candidate for candidate in candidates if _is_of(candidate, version)), None)


def _is_of(interpreter: Path, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def test(shard: Shard, arguments: Sequence[str]) -> int:
    """Run a shard, in the environment in use or in one that is created; return the exit code of pytest."""
    here = shard.interpreter == Path(sys.executable)
    folder = ROOT / ".pythons" / shard.version
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = shard.interpreter if here else folder / "bin" / "python"
    ready = folder / ".ready"
    with shard.log.open("w", encoding="utf-8") as log:

        def run(*command: str | Path, check: bool = False) -> int:
            return subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=check).returncode

        if not here and (not ready.exists() or ready.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime):
            run(shard.interpreter, "-m", "venv", "--clear", folder, check=True)
            install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", f"{ROOT}[test]"]
            run(python, *install, check=True)
            ready.touch()
        mode = ["-X", "dev"] if shard.development_mode else []
        return run(python, *mode, "-m", "pytest", "-q", "-p", "no:cacheprovider", *shard.arguments, *arguments)


if __name__ == "__main__":
    sys.exit(main())
