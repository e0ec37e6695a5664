"""Freed memory that a worker keeps, in a process of its own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ASK = "from polyloom_workers.memory import keep_freed; print(keep_freed())"
CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def kept(**chosen):
    env = {name: value for name, value in os.environ.items() if name not in CHOSEN} | chosen
    ran = subprocess.run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True)
    return ran.stdout.strip() == "True"


def test_freed_memory_is_kept_where_the_c_library_can():
    assert kept() == (platform.libc_ver()[0] == "glibc")


@pytest.mark.parametrize("name", CHOSEN[:2])
def test_what_the_operator_has_chosen_is_left_alone(name):
    assert kept(**{name: "1000000"}) is False
