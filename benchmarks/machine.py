"""Description of the machine, versions and date of a measurement."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.report import Section, Table

__all__ = ["machine"]

_PACKAGES: Final = (
    "letta-async",
    "aiohttp",
    "attrs",
    "cattrs",
    "tenacity",
    "uvloop",
    "letta-client",
    "httpx",
    "pydantic",
    "msgspec",
    "urllib3",
)


def machine() -> Section:
    """Return a description of this machine."""
    rows = [
        ["date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"],
        ["processor", f"{_processor()}, {os.cpu_count()} cores"],
        ["system", f"{platform.system()} {platform.release().partition('-')[0]}"],
        ["Python", f"{platform.python_implementation()} {platform.python_version()}"],
        *([name, found] for name in _PACKAGES if (found := _version(name))),
    ]
    return Section("Machine", "Everything ran on one machine, over its loopback.", [], [Table("", ("", ""), rows)])


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
