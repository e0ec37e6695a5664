"""Where the comparison's files are, and what its processes find in their environment."""

import sysconfig

from frame.places import BENCH, PYTHON

COMPARE = BENCH / "compare"
NODE_SCRIPTS = COMPARE / "node"
RESULTS = COMPARE / "results.json"
PAGE = COMPARE / "results.md"

ENVIRONMENT = {
    "PYTHONPATH": str(COMPARE / "python"),  # `samples`, for every contestant
    "POLYLOOM_PYTHON": PYTHON,
    "PYTHON_BIN": PYTHON,  # pythonia's interpreter
    "COMPARE_PACKAGES": sysconfig.get_path("purelib"),
}
