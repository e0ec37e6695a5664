"""Why a peer is not there: npm leaves out optional packages that do not build, without a word."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from frame.places import BENCH, NODE

NPM = ("npm", "install", "--no-audit", "--no-fund")


def absence(package: str) -> str:
    """Empty when the package can be imported, if need be after it was installed once more."""
    if _can_import(package):
        return ""
    _complaint(NPM, BENCH)
    if _can_import(package):
        return ""
    return _alone(package) or "it was installed, and Node cannot import it"


def _can_import(package: str) -> bool:
    return not _complaint((NODE, "-e", f"import({package!r}).then(() => process.exit(0))"), BENCH)


def _alone(package: str) -> str:
    """What npm says when it is asked for this package and no other, elsewhere."""
    pinned = json.loads((BENCH / "package.json").read_text())["optionalDependencies"][package]
    with tempfile.TemporaryDirectory() as folder:
        return _complaint((*NPM, "--prefix", folder, f"{package}@{pinned}"), Path(folder))


def _complaint(command: Sequence[str], folder: Path) -> str:
    """The lines that tell of an error; empty when the command went well."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return ""
    telling = [line for line in ran.stderr.splitlines() if any(mark in line for mark in ("Error:", "error:", "gyp:"))]
    return "\n".join(telling[:4]) or ran.stderr.strip()[-600:] or f"{command[0]} ended with {ran.returncode}"
