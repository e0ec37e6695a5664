"""Installs the peers from npm and PyPI, once; what could not be installed is told, not hidden."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from frame.places import BENCH, PYTHON, PYTHON_PEERS

NPM = ("npm", "install", "--no-audit", "--no-fund")
PIP = (
    PYTHON,
    "-m",
    "pip",
    "install",
    "--quiet",
    "--upgrade",
    "--target",
    str(PYTHON_PEERS),
    "-r",
    "requirements.txt",
)


def install() -> list[str]:
    """Reports of what failed; empty when all is there."""
    wanted = (
        (NPM, BENCH / "package-lock.json", BENCH / "node_modules" / ".package-lock.json"),
        (PIP, BENCH / "requirements.txt", PYTHON_PEERS / ".installed"),
    )
    reports = [_bring(*item) for item in wanted]
    return [report for report in reports if report]


def _bring(command: Sequence[str], wish: Path, mark: Path) -> str | None:
    if mark.exists() and mark.stat().st_mtime >= wish.stat().st_mtime:
        return None
    try:
        done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error}"
    if done.returncode:
        return f"{' '.join(command[:3])} failed: {done.stderr.strip()[-600:]}"
    mark.touch()
    return None
