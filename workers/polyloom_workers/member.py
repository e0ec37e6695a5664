"""One thread of a crew, as the crew sees it. All of it belongs to the crew's lock, except the wait at the gate."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any


class Member:
    """A thread and its own work."""

    __slots__ = ("excused", "gate", "granted", "lent", "owners", "parked", "sample", "since", "thread", "work")

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
