"""The cases that are compared with other bridges, run by ours: each is right, or concedes that it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.timeout(240)  # a process of Node and one of Python for each case
def test_every_compared_case_is_right():
    command = [sys.executable, "-m", "compare", "--peer", "polyloom"]
    ran = subprocess.run(command, cwd=BENCH, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
