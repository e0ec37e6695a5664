"""Waiting for an event that only a look can show: always with a deadline, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG = 40.0  # seconds; far more than anything here takes, so a slow machine fails no test
LOOK = 0.01


def until(look: Callable[[], T], what: str, seconds: float = LONG) -> T:
    """Look until the answer is true, and return it; AssertionError that names `what` otherwise."""
    end = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} s it did not happen: {what}")
        time.sleep(LOOK)
    return answer


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended; a zombie has."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
