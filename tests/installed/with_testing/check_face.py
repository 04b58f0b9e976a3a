"""What the part `testing` brings."""

from __future__ import annotations

import subprocess
import sys
import unittest
from importlib.metadata import entry_points

from letta_async import Letta
from letta_async.testing import EmbeddedServer


class Face(unittest.TestCase):
    """The part as it lies in the package."""

    def test_the_embedded_server_runs(self) -> None:
        with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
            self.assertEqual(client.agents.list().page(), [])

    def test_nothing_deprecated_is_used(self) -> None:
        command = [sys.executable, "-I", "-W", "error", "-c", "import letta_async.testing"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_pytest_gets_its_plugin(self) -> None:
        self.assertEqual([each.value for each in entry_points(group="pytest11")], ["pytest_letta_async"])
