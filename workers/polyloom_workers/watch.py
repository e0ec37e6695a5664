"""Looks after a crew every PATIENCE seconds while there is work, so that no session waits behind the long program of another.

The thread of the watch sleeps while nothing is to be done; whoever begins a program then wakes it.
"""

from __future__ import annotations

import threading
import time
from time import monotonic
from typing import Protocol

from polyloom_workers.member import Member

PATIENCE = 0.004  # seconds; a hand-over costs about 50 us, a call that is worth one takes longer than this
REST = 0.02  # seconds without work after which the watch sleeps; until then it looks every PATIENCE


class Watched(Protocol):
    """A crew, as its watch sees it."""

    leader: Member | None  # who reads, or runs a program and will read

    @property
    def crowded(self) -> bool:
        """Tell whether some work waits although there is nobody to do it."""

    def relieve(self, leader: Member, since: float) -> None:
        """Send what was answered, and give the lead to another thread, unless that program has ended."""

    def make_room(self, now: float) -> None:
        """Let in those that wait behind programs that take long."""


class Watch:
    """`seen` and `asleep` belong to whoever begins a program: `watch.seen = now; if watch.asleep: watch.wake()`."""

    def __init__(self, crew: Watched) -> None:
        self._crew = crew
        self._alarm = threading.Event()
        self._stopping = False
        self.seen = 0.0  # last time that there was work, in seconds of the monotonic clock
        self.asleep = False  # or about to be

    def start(self) -> None:
        threading.Thread(target=self._run, name="polyloom-watch", daemon=True).start()

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Look, from now on."""
        self.asleep = False
        self._alarm.set()

    def _run(self) -> None:
        crew = self._crew
        while not self._stopping:
            time.sleep(PATIENCE)
            now, leader = monotonic(), crew.leader
            since = leader.since if leader is not None else 0.0
            if leader is not None and since and now - since > PATIENCE:
                crew.relieve(leader, since)
            if crew.crowded:
                crew.make_room(now)
            elif now - self.seen > REST:
                self._rest()

    def _rest(self) -> None:
        """Sleep, unless there is work: from where `asleep` is set, whoever begins some sees that, or it is seen here."""
        self._alarm.clear()
        self.asleep = True
        leader = self._crew.leader
        if not (self._crew.crowded or self._stopping or (leader is not None and leader.since)):
            self._alarm.wait()
        self.asleep = False
