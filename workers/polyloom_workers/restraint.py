"""How often something is said: so many times in a while, and then how many times it was not."""

from __future__ import annotations

import time
from collections.abc import Callable


class Restraint:
    """Lets through what comes, `most` times in `seconds`. For one thread."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._said = self._unsaid = 0

    def pass_over(self) -> bool:
        """Tell whether this time nothing is to be said."""
        if self._clock() - self._began >= self._seconds:
            self._began, self._said = self._clock(), 0
        self._said += 1
        if self._said > self._most:
            self._unsaid += 1
            return True
        return False

    def unsaid(self) -> int:
        """Return how often nothing was said since the last time that this was asked."""
        count, self._unsaid = self._unsaid, 0
        return count
