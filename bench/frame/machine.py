"""The machine and the versions that the figures belong to."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from frame.places import BENCH, NODE
from frame.server import binary

OURS = ("celery", "kombu", "redis", "hiredis", "numpy")


def describe() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "node": _said_by(NODE, "--version"),
        "server": _said_by(binary(), "--version"),
        "packages": {name: version(name) for name in OURS},
        "peers": _wanted_peers(),
        "load": [round(load, 2) for load in os.getloadavg()],  # 1, 5, 15 minutes, before the run
    }


def _wanted_peers() -> dict[str, str]:
    package = json.loads((BENCH / "package.json").read_text())
    lines = (BENCH / "requirements.txt").read_text().splitlines()
    return {**package["dependencies"], **package["optionalDependencies"], **dict(line.split("==") for line in lines)}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
