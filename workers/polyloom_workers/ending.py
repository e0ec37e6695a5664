"""How a worker ends. The first SIGTERM or SIGINT: it leaves the list, begins nothing new, lets what runs end within its grace,
tells its clients; Celery does likewise with jobs. A second one: at once, and jobs that run go back to the queue.

Celery's own handlers are called for the first signal only: its second one ends in an error where jobs run on threads.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple, Protocol

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LOOK = 0.02  # seconds between two looks whether all has ended
PARTING = 1.0  # seconds, at least, for sessions to leave what they have entered
HURRIED = 1  # exit status of a worker that was ended at once


class Lane(Protocol):
    """What ends, as far as it matters here."""

    def leave(self) -> None: ...
    def idle(self) -> bool: ...
    def stop(self, patience: float) -> None: ...


class Steps(NamedTuple):
    """What else is done."""

    leave: Callable[[], None]  # first of all
    left: Callable[[], None]  # when the lane has ended
    hurry: Callable[[], None]  # before the process is ended at once


class Ending:
    """Ends a lane in a thread of its own, which no signal handler and no job holds up."""

    def __init__(self, lane: Lane, grace: float, steps: Steps) -> None:
        self._lane = lane
        self._grace = grace
        self._steps = steps
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()  # the one queue that a signal handler may fill
        self._signals = 0
        self._done = threading.Event()
        self._handlers: dict[int, Any] = {}
        self._thread = threading.Thread(target=self._run, name="polyloom-ending", daemon=True)

    def start(self) -> None:
        """Act on what has come since `listen`, and on what comes."""
        self._thread.start()

    def listen(self) -> None:
        """Note signals from now on, where this is the main thread; before anybody knows the worker, so that none is missed."""
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._handlers[number] = signal.signal(number, self._on_signal)

    def end(self) -> None:
        """End the lane, unless a signal has begun to, and return when it has ended."""
        if self._thread.is_alive():
            self._asked.put(None)
            self._done.wait()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._asked.put(None)
        if self._signals == 1 and callable(self._handlers[number]):
            self._handlers[number](number, frame)
            signal.signal(number, self._on_signal)  # Celery's handler has put another one in its place

    def _run(self) -> None:
        self._asked.get()
        logger.info("this worker ends: it begins nothing new, and what runs has %g s", self._grace)
        self._attempt(self._steps.leave)
        self._lane.leave()
        end = time.monotonic() + self._grace
        while not self._hurried() and not self._lane.idle() and time.monotonic() < end:
            time.sleep(LOOK)
        self._attempt(lambda: self._lane.stop(0.0 if self._hurried() else max(PARTING, end - time.monotonic())))
        self._attempt(self._steps.left)
        self._done.set()
        while not self._hurried():
            self._asked.get()
        logger.warning("this worker ends at once")
        self._attempt(self._steps.hurry)
        os._exit(HURRIED)

    def _hurried(self) -> bool:
        return self._signals > 1

    def _attempt(self, step: Callable[[], None]) -> None:
        """Do one step of the end; the others follow whatever happens."""
        try:
            step()
        except Exception:
            logger.exception("while this worker ended")
