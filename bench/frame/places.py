"""Where things are, in this checkout."""

import os
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
NODE_SOURCES = BENCH / "node"
PYTHON_SOURCES = BENCH / "python"
PYTHON_PEERS = BENCH / ".peers"  # packages from requirements.txt, beside the project's own
RESULTS = BENCH / "results.json"
PICTURE = BENCH / "results.svg"

PYTHON = sys.executable
POLYLOOM = str(Path(sys.executable).parent / "polyloom")
NODE = os.environ.get("NODE", "node")
