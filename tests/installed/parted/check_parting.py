"""What is left when the parts have been uninstalled: the package, whole, and a command line that says what it lacks."""

from __future__ import annotations

import subprocess
import sys
import unittest
from importlib.metadata import files
from pathlib import Path

SCRIPT = next(Path(sys.prefix).glob("*/letta-async*"))
SOME_ID = "conv-00000000-0000-4000-8000-000000000000"


class Parting(unittest.TestCase):
    """The package after its parts have gone."""

    def test_no_file_of_the_package_went_with_them(self) -> None:
        self.assertEqual([path for path in files("letta-async") or [] if not path.locate().exists()], [])

    def test_the_command_line_runs_and_says_what_it_lacks(self) -> None:
        self.assertEqual(self.run_script("--version").returncode, 0)
        for part, what, arguments in (
            ("testing", "serve", ["serve"]),
            ("testing", "demo", ["demo"]),
            ("dask", "--dask", ["recompile", SOME_ID, "--yes", "--dask", "tcp://127.0.0.1:1"]),
        ):
            done = self.run_script(*arguments)
            words = f"error: {what} needs letta-async-{part}: pip install 'letta-async[{part}]'\n"
            self.assertEqual((done.returncode, done.stdout, done.stderr), (4, "", words))

    @staticmethod
    def run_script(*arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the console script."""
        return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)
