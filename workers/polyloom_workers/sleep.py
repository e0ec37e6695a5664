"""`time.sleep` as a wait that ends when the client gives the op up (§5.8). Everywhere else it is what it was."""

from __future__ import annotations

import threading
import time
from typing import SupportsIndex

from polyloom.guard import shielded

_sleep = time.sleep


def install() -> None:
    """Take the place of `time.sleep` in this process."""
    time.sleep = sleep


def sleep(seconds: float | SupportsIndex, /) -> None:
    """Wait so many seconds."""
    with shielded() as guard:
        if guard is None or not isinstance(seconds, (int, float)) or not seconds > 0:
            return _sleep(seconds)
        news = threading.Event()
        guard.wake = news.set
        if not guard.cancelled:
            news.wait(min(seconds, threading.TIMEOUT_MAX))
        guard.wake = None


sleep.__doc__ = _sleep.__doc__
