"""Runner of the tests on every supported Python that is installed.

It searches the PATH and pyenv. The Python in use is tested in its own environment, in development mode, which finds
what is never closed or awaited and takes a third longer; each other one in an environment in `.pythons/`, with the
package and its test dependencies. They run side by side, as many as there are processors; the output of each goes to
`.pythons/<version>.log`, and is printed when it has ended. What follows `--` on the command line goes to pytest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED: Final[list[str]] = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))


def main() -> int:
    """Run the tests on each Python; return the exit code, 0 if all passed."""
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found: dict[str, Path] = {}
    for version in SUPPORTED:
        interpreter = Path(sys.executable) if version == here else find(version)
        print(f"== Python {version}: {interpreter or 'not found, left out'}", flush=True)
        if interpreter is not None:
            found[version] = interpreter
    failed: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        running = {threads.submit(test, version, found[version], arguments): version for version in found}
        for ended in as_completed(running):
            version = running[ended]
            print(f"== Python {version}", log_of(version).read_text(encoding="utf-8"), sep="\n", flush=True)
            if ended.result() != 0:
                failed.append(version)
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


def log_of(version: str) -> Path:
    """Return the log file of a version."""
    return ROOT / ".pythons" / f"{version}.log"


def test(version: str, interpreter: Path, arguments: list[str]) -> int:
    """Run the tests on a version, in the environment in use or in one that is created."""
    here = interpreter == Path(sys.executable)
    folder = ROOT / ".pythons" / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = interpreter if here else folder / "bin" / "python"
    ready = folder / ".ready"
    with log_of(version).open("w", encoding="utf-8") as log:

        def run(*command: str | Path, check: bool = False) -> int:
            return subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=check).returncode

        if not here and (not ready.exists() or ready.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime):
            run(interpreter, "-m", "venv", "--clear", folder, check=True)
            install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", f"{ROOT}[test]"]
            run(python, *install, check=True)
            ready.touch()
        return run(python, *(["-X", "dev"] if here else []), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)


if __name__ == "__main__":
    sys.exit(main())
