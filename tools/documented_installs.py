"""Test of the lines by which the documents install the package before it is in a registry: from a clone, and by git.

Each line of a `console` block that begins with `$ pip install` and names this folder or `$REPOSITORY` is run in a fresh
clone of what is committed, in a fresh environment; then what it installed is imported, and its command run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.pythons import ROOT

__all__ = ["documented_lines"]


def main() -> int:
    """Run all lines, as many at once as there are processors; return the exit code, 0 if all passed."""
    if not (ROOT / ".git").exists():
        print("documented installations: left out, since this is no clone")
        return 0
    lines = list(dict.fromkeys(documented_lines()))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [(line, output) for line, output in zip(lines, pool.map(install, lines), strict=True) if output]
    for line, output in failures:
        print(f"== {line}\n{output}")
    print(f"documented installations: {len(lines) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not lines else 0


def documented_lines() -> Iterator[str]:
    """Yield the lines of the front pages, without the prompt and the comment behind them; others are of these forms."""
    for page in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        for line in re.findall(r"^\$ (pip install [^#\n]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            if re.search(r" '?\.[\[ ']|\$REPOSITORY", line):
                yield line.strip()


def install(line: str) -> str:
    """Run a line in a clone and an environment of its own; return the output if it failed, else nothing."""
    with tempfile.TemporaryDirectory(prefix="letta-async-") as folder:
        clone, environment = Path(folder, "clone"), Path(folder, "environment")
        variables = {
            **os.environ,
            "REPOSITORY": f"file://localhost{clone}",
            "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        parts = ["letta_async", *(f"letta_async.{part}" for part in re.findall(r"\./parts/(\w+)", line))]
        command = f"python -c 'import {', '.join(parts)}'"
        if "cli" in line:
            command += " && letta-async --version" + (" && letta-async demo" if "testing" in line else "")
        output = ""
        for step in (
            ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)],
            [sys.executable, "-m", "venv", str(environment)],
            ["bash", "-c", f"cd '{clone}' && {line} && {command}"],
        ):
            done = subprocess.run(step, cwd=folder, capture_output=True, text=True, check=False, env=variables)
            output += f"$ {' '.join(step)}\n{done.stdout}{done.stderr}"
            if done.returncode != 0:
                return output
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
