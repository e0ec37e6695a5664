"""The numbers of one sender that were taken already (§16.3), as ranges: as a rule one. Mirrors `seen.ts`."""

from __future__ import annotations

from bisect import bisect_right

GAPS = 1024  # between ranges; far more than entries overtake one another


class Seen:
    """`floor` is a number below which all counts as seen."""

    def __init__(self, floor: int = 0) -> None:
        self._floor = floor
        self._starts: list[int] = []
        self._ends: list[int] = []  # of the ranges, both included

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return number < self._floor or (at >= 0 and number <= self._ends[at])

    def add(self, number: int) -> None:
        """Note a number that was not seen."""
        at = bisect_right(self._starts, number)
        after = at > 0 and self._ends[at - 1] == number - 1
        before = at < len(self._starts) and self._starts[at] == number + 1
        if after and before:
            self._ends[at - 1] = self._ends.pop(at)
            del self._starts[at]
        elif after:
            self._ends[at - 1] = number
        elif before:
            self._starts[at] = number
        else:
            self._starts.insert(at, number)
            self._ends.insert(at, number)
            self._close_oldest_gap()

    def _close_oldest_gap(self) -> None:
        if len(self._starts) > GAPS + 1:
            del self._starts[1]
            del self._ends[0]
