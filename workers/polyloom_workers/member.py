"""One thread of a crew, as the crew sees it. All of it belongs to the crew's lock, except the wait at the gate."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

LONG = 0.05  # seconds; a program that does nothing but wait for longer makes room where others wait
LONGEST = 1.0  # seconds; one that takes longer makes room, whatever it does
IDLE = 0.02  # of a processor, below which a program waits; one of many that compute in Python has more of the GIL


class Member:
    """A thread and its own work."""

    __slots__ = ("excused", "gate", "granted", "ident", "lent", "owners", "parked", "sample", "since", "thread", "work")

    def __init__(self) -> None:
        self.work: deque[Any] = deque()  # items that run here and nowhere else
        self.owners = 0  # items whose home this is
        self.parked = False  # it waits at its gate
        self.granted = False  # it has been let in, as one of those that run
        self.since = 0.0  # when its program began, in seconds of the monotonic clock; 0 while it runs none, or waits within it
        self.sample = (0.0, 0.0, 0.0)  # of its program: when it began, when it was looked at, and how much it had computed
        self.excused = False  # its program takes long, and is counted no more among those that run
        self.lent = False  # nor is it counted among the threads without a session
        self.gate = threading.Lock()  # shut while nothing is to be done; a lock is the cheapest thing to wait at
        self.gate.acquire()
        self.thread: threading.Thread | None = None  # unless it was there before the crew
        self.ident = 0  # of its thread, once it runs

    def takes_long(self, now: float) -> bool:
        """Tell whether its program should make room: letting more of those that compute run helps nobody. Its thread lives."""
        since = self.since
        if not since or self.excused:
            return False
        begun, at, computed = self.sample
        if begun != since:
            self.sample = since, now, _computed(self.ident)
        elif now - at > LONG and _computed(self.ident) - computed < IDLE * (now - at):
            return True
        return now - since > LONGEST


def _computed(ident: int) -> float:
    """Return the seconds that a thread has had a processor, where the system tells."""
    clock = getattr(time, "pthread_getcpuclockid", None)
    return time.clock_gettime(clock(ident)) if clock is not None else 0.0
