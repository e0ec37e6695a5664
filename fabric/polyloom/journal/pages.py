"""A log that is read in pieces: as often as somebody wants, in both directions, never all of it at once unless it is small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from polyloom.journal.log import Journal, Recorded

PIECE = 4 << 20  # bytes, about, in one read
FIRST, MOST = 4, 256  # entries in the first read, and in any
KEPT = 8 << 20  # bytes; a log up to this size is read once

T = TypeVar("T")


class Pages:
    """`attempt` does one read, again where it has to. Nothing may be added to the log meanwhile."""

    def __init__(self, journal: Journal, attempt: Callable[[Callable[[], T]], T] = lambda action: action()) -> None:
        self._journal = journal
        self._attempt: Callable[[Callable[[], list[Recorded]]], list[Recorded]] = attempt  # type: ignore[assignment]  # of any type
        self._kept: list[Recorded] | None = None  # all of it

    def __iter__(self) -> Iterator[Recorded]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Recorded] = []
        octets = 0
        for one in self.after(0):
            octets += one.octets
            if octets <= KEPT:
                kept.append(one)
            else:
                kept.clear()
            yield one
        if octets <= KEPT:
            self._kept = kept

    def __reversed__(self) -> Iterator[Recorded]:
        if self._kept is not None:
            yield from reversed(self._kept)
            return
        yield from self._read(lambda last, count: self._journal.page_back(last.n - 1 if last else None, count))

    def after(self, n: int) -> Iterator[Recorded]:
        """Read what comes after a program."""
        return self._read(lambda last, count: self._journal.page((last.n if last else n) + 1, count))

    def at(self, n: int) -> Recorded:
        """Read one program, which is there."""
        if self._kept is not None:
            return self._kept[n - 1]
        (one,) = self._attempt(lambda: self._journal.page(n, 1))
        return one

    def _read(self, piece: Callable[[Recorded | None, int], list[Recorded]]) -> Iterator[Recorded]:
        """Read on and on: `piece` reads some entries, after or before the last one."""
        last: Recorded | None = None
        count = FIRST
        while found := self._attempt(lambda last=last, count=count: piece(last, count)):  # type: ignore[misc]  # of a lambda
            last = found[-1]
            count = _fitting(found, count)
            while found:
                yield found.pop(0)


def _fitting(found: Sequence[Recorded], count: int) -> int:
    """Return how many entries of such a size are read at once."""
    octets = sum(one.octets for one in found) or 1
    return max(1, min(PIECE * len(found) // octets, 2 * count, MOST))
