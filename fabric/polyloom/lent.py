"""What a session lends to other sessions (§14): the outcome of each `lend` op, for whoever waits for it, until it is released."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from polyloom.errors import ErrorObject, PolyloomError, UnknownName
from polyloom.frames import Buffer


class Copy(NamedTuple):
    """The object as data, as it was when it was lent; or why it is none."""

    wire: Any
    attachments: Sequence[Buffer] = ()
    error: ErrorObject | None = None


class Loan(NamedTuple):
    """What was lent: an object, or the Failure of its op; for another worker a copy."""

    value: object
    copy: Copy | None = None


class Lent:
    """Loans by slot. Any thread may ask; the session's own gives."""

    __slots__ = ("_ended", "_lock", "awaited", "loans")

    def __init__(self) -> None:
        self.loans: dict[int, Future[Loan]] = {}  # by slot
        self._lock = threading.Lock()
        self._ended: PolyloomError | None = None
        self.awaited: dict[int, int] = {}  # slots asked for and not lent yet -> the program that lends

    def give(self, slot: int, loan: Loan) -> None:
        """Lend; who asks later gets it too."""
        with self._lock:
            future = self.loans.setdefault(slot, Future())
            self.awaited.pop(slot, None)
        if not future.done():
            future.set_result(loan)

    def ask(self, slot: int, n: int) -> Future[Loan]:
        """Return what program `n` lends in a slot, as soon as it does; `missed(n)` must follow where it has ended already."""
        with self._lock:
            if self._ended is not None:
                raise self._ended
            if slot not in self.loans:
                self.loans[slot] = Future()
                self.awaited[slot] = n
            return self.loans[slot]

    def missed(self, n: int) -> None:
        """Program `n` has ended: what it has not lent, it never will."""
        with self._lock:
            slots = [slot for slot, program in self.awaited.items() if program == n]
            futures = [self._forget(slot) for slot in slots]
        for slot, future in zip(slots, futures, strict=True):
            _fail(future, UnknownName(f"nothing is lent in slot {slot}", hint="it was given back, or never lent"))

    def release(self, slot: int) -> None:
        """Take back; who has it keeps it."""
        with self._lock:
            if slot not in self.awaited:
                self.loans.pop(slot, None)

    def end(self, error: PolyloomError) -> None:
        """Take everything back: the session has ended."""
        with self._lock:
            self._ended = error
            futures = [self._forget(slot) for slot in list(self.awaited)]
            self.loans.clear()
        for future in futures:
            _fail(future, error)

    def _forget(self, slot: int) -> Future[Loan]:
        del self.awaited[slot]
        return self.loans.pop(slot)


def _fail(future: Future[Loan], error: PolyloomError) -> None:
    if not future.done():
        future.set_exception(error)
