"""Audit of the dependencies: known vulnerabilities and licences.

It checks the installed versions of the runtime dependencies and the extra `cli`, with all that they require.

Exit codes: 0, all is well; 1, a vulnerability is known or a licence is not among the allowed ones; 3, the service that
knows the vulnerabilities cannot be asked from here, so that nothing is known either way.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE: Final = Requirement("letta-async[cli]")
ALLOWED: Final = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "PSF-2.0"}
"""Allowed licences, which only require attribution, as SPDX identifiers."""
SPELT: Final = {"Apache 2.0": "Apache-2.0", "BSD": "BSD-3-Clause", "BSD License": "BSD-3-Clause", "MIT License": "MIT"}
"""SPDX identifiers of licences by their names in older metadata."""
UNKNOWN: Final = 3


def main() -> int:
    """Check licences and vulnerabilities; return the exit code."""
    names = sorted(needed(PACKAGE) - {canonicalize_name(PACKAGE.name)})
    return licences(names) or vulnerabilities(names)


def needed(requirement: Requirement) -> set[str]:
    """Return the names of all distributions that a requirement installs on this machine, including itself."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [requirement]
    while waiting:
        each = waiting.pop()
        key = (canonicalize_name(each.name), frozenset(each.extras))
        if key not in found:
            found.add(key)
            for line in requires(each.name) or []:
                wanted = Requirement(line)
                if wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in {"", *each.extras}):
                    waiting.append(wanted)
    return {name for name, _ in found}


def licences(names: list[str]) -> int:
    """Check that every licence is allowed; return the exit code."""
    refused = 0
    for name in names:
        stated = licence_of(metadata(name))
        allowed = is_allowed(stated)
        print(f"{name} {version(name)}: {stated}{'' if allowed else '  <- not among the allowed ones'}")
        refused += not allowed
    return 1 if refused else 0


def is_allowed(stated: str) -> bool:
    """Return whether a licence, or each of an expression of several, is allowed."""
    return set(re.split(r" (?:AND|OR) ", stated.strip("()"))) <= ALLOWED


def licence_of(about: PackageMetadata) -> str:
    """Return the licence that a distribution states: its SPDX expression, or else the text or classifier."""
    stated: list[str] = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or [])]
    classifiers: list[str] = about.get_all("Classifier") or []
    stated += [line.rsplit(" :: ", 1)[1] for line in classifiers if line.startswith("License")]
    short = [SPELT.get(words, words) for words in stated if words and "\n" not in words]  # some have it in full
    return short[0] if short else "says nothing"


def vulnerabilities(names: list[str]) -> int:
    """Look up the installed versions in the advisory service; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "requirements.txt")
        pins.write_text("".join(f"{name}=={version(name)}\n" for name in names), encoding="utf-8")
        ask = [
            "--requirement",
            str(pins),
            "--no-deps",
            "--disable-pip",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *ask], capture_output=True, text=True, timeout=300, check=False
        )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(f"not audited: {(done.stderr.strip() or 'pip-audit said nothing').splitlines()[-1]}", file=sys.stderr)
        return UNKNOWN
    return judge(answer)


def judge(answer: dict[str, Any]) -> int:
    """Print pip-audit's findings, and return the exit code; pip-audit counts what it cannot look up as good."""
    looked_up: list[dict[str, Any]] = answer["dependencies"]
    known = [(each["name"], each["version"], flaw) for each in looked_up for flaw in each.get("vulns", [])]
    for name, affected, flaw in known:
        fixed = ", ".join(flaw["fix_versions"]) or "no version"
        print(f"{name} {affected}: {flaw['id']}, mended in {fixed}: {flaw['description'].splitlines()[0]}")
    if known:
        return 1
    if skipped := [f"{each['name']}: {each['skip_reason']}" for each in looked_up if "skip_reason" in each]:
        print("not audited:", *skipped, sep="\n  ", file=sys.stderr)
        return UNKNOWN
    print(f"no known vulnerabilities in {len(looked_up)} packages")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PackageNotFoundError as missing:
        sys.exit(f"{missing} is not installed: this looks at what is")
