"""Runner of the tests on one supported Python, if it is installed: `python tools/pythons.py 3.13 -- ARGUMENT …`.

It searches the PATH and pyenv. The Python in use is tested in its own environment and in development mode, which takes
a third longer and has asyncio say what it finds wrong; each other one in an environment in `.pythons/`, with the
package and its test dependencies. What follows `--` goes to pytest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_CONFIGURATION: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SUPPORTED: Final[list[str]] = re.findall(r"Python :: (3\.\d+)", "\n".join(_CONFIGURATION["project"]["classifiers"]))
BUILD_REQUIRES: Final[list[str]] = _CONFIGURATION["build-system"]["requires"]
"""Requirements for building the package."""


def main() -> int:
    """Run the tests on a Python; return the exit code of pytest, or 0 if that Python is not found."""
    parser = argparse.ArgumentParser(description="Run the tests on a supported Python, if it is found.")
    parser.add_argument("version", choices=SUPPORTED)
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="arguments of pytest")
    chosen = parser.parse_args()
    here = chosen.version == f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = Path(sys.executable) if here else find(chosen.version)
    print(f"== Python {chosen.version}: {interpreter or 'not found, left out'}", flush=True)
    if interpreter is None:
        return 0
    python = [interpreter, "-X", "dev"] if here else [environment(chosen.version, interpreter)]
    command = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen.arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


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


def environment(version: str, interpreter: Path) -> Path:
    """Return the interpreter of the environment of another Python, which is created unless it is there."""
    folder = ROOT / ".pythons" / version
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists() or ready.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", f"{ROOT}[test]"]
        subprocess.run([interpreter, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, *install], cwd=ROOT, check=True)
        ready.touch()
    return python


if __name__ == "__main__":
    sys.exit(main())
