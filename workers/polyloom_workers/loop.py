"""The event loop of a host: one thread, made when the first coroutine comes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from polyloom.guard import Guard

if TYPE_CHECKING:
    import asyncio


class Outcome:
    """That a future is awaited by an op, which may be given up."""

    def __init__(self, future: Future[Any], guard: Guard | None) -> None:
        self.news = news = threading.Event()
        self._future = future
        self._guard = guard
        if guard is not None:
            guard.wake = self.news.set
        future.add_done_callback(lambda _: news.set())  # it keeps its callbacks, so they must not lead back to it

    def due(self) -> bool:
        """Tell whether there is nothing to wait for."""
        return self._future.done() or (self._guard is not None and self._guard.cancelled)


class Loop:
    """Coroutines of all sessions run side by side on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Start a coroutine; its context is the caller's."""
        import asyncio  # a host that runs no coroutine starts without it

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="polyloom-loop", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)


def running_loop() -> Any:
    """Return the event loop that runs on this thread, or None."""
    asyncio = sys.modules.get("asyncio")
    return None if asyncio is None else asyncio._get_running_loop()


def is_on_loop() -> bool:
    """Tell whether this thread runs an event loop, which must not wait."""
    return running_loop() is not None
