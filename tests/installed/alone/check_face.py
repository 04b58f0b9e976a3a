"""What was installed, seen from where only the runtime dependencies are: all of it, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import unittest
from importlib import import_module
from importlib.metadata import distribution, distributions, entry_points
from pathlib import Path

import letta_async


def closure(name: str) -> set[str]:
    """Return a distribution and all that it needs without its extras, where that is installed."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name not in INSTALLED:
            continue
        found.add(name)
        requirements = [line for line in distribution(name).requires or [] if "extra ==" not in line]
        waiting += [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements]
    return found


INSTALLED = {re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower() for each in distributions()}


class Face(unittest.TestCase):
    """The package as it lies there."""

    def test_only_what_the_package_needs_is_installed(self) -> None:
        self.assertEqual(closure("letta-async"), INSTALLED)

    def test_the_package_is_the_installed_one(self) -> None:
        self.assertEqual(Path(letta_async.__file__), distribution("letta-async").locate_file("letta_async/__init__.py"))
        self.assertEqual(letta_async.__version__, distribution("letta-async").version)

    def test_every_name_is_there_and_nothing_deprecated_is_used(self) -> None:
        for name in letta_async.__all__:
            self.assertTrue(hasattr(letta_async, name), name)
        done = self.run_python("-W", "error", "-c", "from letta_async import *")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_type_checkers_find_the_types(self) -> None:
        self.assertTrue((Path(letta_async.__file__).parent / "py.typed").exists())

    def test_the_command_line_says_what_it_lacks(self) -> None:
        script = next(Path(sys.prefix).glob("*/letta-async*"))
        done = subprocess.run([script, "demo"], capture_output=True, text=True, check=False)
        self.assertIn("pip install 'letta-async[cli]'", done.stderr)
        self.assertEqual((done.returncode, done.stdout), (self.run_python("-m", "letta_async").returncode, ""))
        self.assertNotEqual(done.returncode, 0)

    def test_pytest_gets_no_plugin(self) -> None:
        self.assertEqual(list(entry_points(group="pytest11")), [])

    def test_the_parts_are_not_there(self) -> None:
        for part in ("testing", "dask", "otel"):
            with self.assertRaisesRegex(ModuleNotFoundError, f"'letta_async.{part}'"):
                import_module(f"letta_async.{part}")

    @staticmethod
    def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the interpreter of this environment, deaf to what is around it."""
        return subprocess.run([sys.executable, "-I", *arguments], capture_output=True, text=True, check=False)
