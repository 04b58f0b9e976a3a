"""Run the tests on every supported Python that is found beside the one in use.

Looks on the PATH and in pyenv. Each Python gets an environment of its own in `.pythons/`, with the package and its test
dependencies. What follows `--` on the command line goes to pytest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED: Final[list[str]] = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))


def main() -> int:
    """Test on each; the exit code is 0 when all passed."""
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    failed: list[str] = []
    for version in SUPPORTED:
        if version == here:
            continue
        interpreter = find(version)
        if interpreter is None:
            print(f"== Python {version}: not found, left out", flush=True)
            continue
        print(f"== Python {version}: {interpreter}", flush=True)
        if test(version, interpreter, arguments) != 0:
            failed.append(version)
    if failed:
        print(f"failed on Python {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def find(version: str) -> Path | None:
    """Find an interpreter that runs and is of that version."""
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [Path(on_path)] if on_path else []
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    return next((candidate for candidate in candidates if _is_of(candidate, version)), None)


def _is_of(interpreter: Path, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def test(version: str, interpreter: Path, arguments: list[str]) -> int:
    """Set the environment up and run the tests in it."""
    folder = ROOT / ".pythons" / version
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    if not ready.exists() or ready.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        subprocess.run([interpreter, "-m", "venv", "--clear", folder], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", f"{ROOT}[test]"]
        subprocess.run([python, *install], check=True)
        ready.touch()
    return subprocess.run([python, "-X", "dev", "-m", "pytest", "-q", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
