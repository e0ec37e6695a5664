"""Where the Node side of Polyloom is, and how it is started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from polyloom.errors import UsageError

OLDEST_NODE = 20


def find_node() -> str:
    """Return the path of `node`."""
    if found := shutil.which("node"):
        return found
    raise UsageError("node is not installed, or not on PATH", hint=f"install Node {OLDEST_NODE} or later")


def find_script(name: str) -> str:
    """Return the path of a script of the package `polyloom` for Node: `POLYLOOM_NODE_CLIENT`, or this checkout's."""
    folder = Path(os.environ.get("POLYLOOM_NODE_CLIENT") or Path(__file__).parents[3] / "node-client")
    script = folder / "dist" / name
    if not script.is_file():
        raise UsageError(f"the Node client is not built: {script} is missing", hint="run `make setup` in the checkout")
    return str(script)
