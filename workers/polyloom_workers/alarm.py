"""What was dropped because nobody with the secret had signed it: counted, and said in the log at a bounded rate."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger(__name__)

PERIOD = 10.0  # seconds between two lines


class Alarm:
    """Belongs to one thread at a time."""

    def __init__(self) -> None:
        self.dropped = 0
        self._said = 0  # of them
        self._next = 0.0  # when, by the monotonic clock, a line may be written again

    def ring(self, sender: str, reason: object = "it is not signed, or wrongly") -> None:
        """Count an entry that bears the id of a sender."""
        self.dropped += 1
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PERIOD
            count, self._said = self.dropped - self._said, self.dropped
            logger.warning("entries dropped: %d; the last one bears the id %s, and cannot be verified: %s", count, sender, reason)
