"""What the clients of the fault tests use, imported inside the worker (PYTHONPATH). Every effect is a line in the file $EFFECTS,
in one write: a worker that is killed has written it or not. Objects have locks: a wrong history is not their fault."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_log = os.open(os.environ["EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(what: str, name: str) -> None:
    """Write an effect down."""
    os.write(_log, f"{what} {name}\n".encode())


class Subject:
    """A counter and a register in one. `op` is the name of the operation, noted when it begins and when it is done; before that
    it takes `seconds`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._value: Any = None

    @contextmanager
    def _at_work(self, op: str, seconds: float) -> Iterator[None]:
        note("begin", op)
        time.sleep(seconds)
        with self._lock:
            yield
            note("end", op)

    def add(self, op: str, seconds: float = 0.0) -> int:
        """Count up; the new number."""
        with self._at_work(op, seconds):
            self._count += 1
            return self._count

    def read(self, op: str, seconds: float = 0.0) -> Any:
        with self._at_work(op, seconds):
            return self._value

    def write(self, op: str, value: Any, seconds: float = 0.0) -> None:
        with self._at_work(op, seconds):
            self._value = value

    def cas(self, op: str, old: Any, new: Any, seconds: float = 0.0) -> bool:
        """Put `new` in the place of `old`, if that is there; tell whether it was."""
        with self._at_work(op, seconds):
            done = bool(self._value == old)
            if done:
                self._value = new
            return done

    def turned(self, op: str, data: bytes) -> bytes:
        """Return large bytes in the other order."""
        with self._at_work(op, 0.0):
            return data[::-1]


_shared: defaultdict[str, Subject] = defaultdict(Subject)


def shared(name: str) -> Subject:
    """Return an object that all sessions of this worker have in common."""
    return _shared[name]


class Held:
    """An object whose end is an effect, and so is leaving it as a context."""

    def __init__(self, name: str) -> None:
        self.name = name
        weakref.finalize(self, note, "freed", name).atexit = False

    def __enter__(self) -> Held:
        note("entered", self.name)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        note("left", self.name)
