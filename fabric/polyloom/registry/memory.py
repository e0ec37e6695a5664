"""The registry within one process, for unit tests of logic."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from polyloom.registry.base import Worker


class MemoryRegistry:
    """Keeps workers in a dict; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[Worker, float]] = {}
        self._names: dict[str, str] = {}

    def lease(self, worker: Worker, seconds: float, arrived: Sequence[str] = (), *, listed: bool = True) -> None:
        if listed:
            self._entries[worker.id] = (worker, self._clock() + seconds)

    def leave(self, worker: str) -> None:
        self._entries.pop(worker, None)

    def release(self, worker: str) -> None:
        self._entries.pop(worker, None)

    def workers(self) -> list[Worker]:
        live = [worker for worker, end in self._entries.values() if end > self._clock()]
        return sorted(live, key=lambda worker: worker.started)

    def share(self, name: str, worker: str) -> str:
        holder = self.names().get(name, worker)
        self._names[name] = holder
        return holder

    def unshare(self, name: str, worker: str) -> None:
        if self._names.get(name) == worker:
            del self._names[name]

    def names(self) -> dict[str, str]:
        live = {worker.id for worker in self.workers()}
        return {name: worker for name, worker in self._names.items() if worker in live}
