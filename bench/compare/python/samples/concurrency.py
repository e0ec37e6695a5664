"""Calls that meet, many calls, calls that print, and what belongs to a thread."""

import decimal
import os
import signal
import sqlite3
import threading
import time

MEETING = threading.Barrier(2)
PATIENCE = 5  # seconds until a call that is alone gives up


def meet() -> bool:
    """True when another call is inside at the same time."""
    try:
        MEETING.wait(PATIENCE)
    except threading.BrokenBarrierError:
        return False
    return True


def double(number: int) -> int:
    return 2 * number


def chatter() -> str:
    """Print lines that look like messages, and one that is not finished, past Python's own streams."""
    print('{"r": 1, "key": "error", "val": ""}')
    os.write(1, b'{"t":"reply"}\n')
    os.write(2, b"\x00\xff unfinished")
    return "said"


def nap() -> None:
    time.sleep(1)


def database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


def set_digits(digits: int) -> None:
    """A setting of the thread that runs this."""
    decimal.getcontext().prec = digits


def third() -> str:
    return str(decimal.Decimal(1) / 3)


def handle_signal() -> str:
    """Python allows this in its main thread only."""
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    return "handled"
