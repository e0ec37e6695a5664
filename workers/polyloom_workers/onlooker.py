"""Who may judge that another one is gone: who has looked on, without a gap, for as long as that one had to show itself."""

from __future__ import annotations

import time
from collections.abc import Callable


class Onlooker:
    """Whether somebody has looked, without a gap, for as long as others had to renew. `patience` in seconds."""

    def __init__(self, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._since = self._last = float("-inf")

    def look(self) -> bool:
        """Note a look; tell whether what is overdue may be taken for abandoned."""
        moment = self._clock()
        if moment - self._last > self._patience / 2:
            self._since = moment
        self._last = moment
        return moment - self._since >= self._patience
