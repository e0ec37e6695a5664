"""The jobs that this worker has taken, for when it must end at once: they go back into their queue.

Celery's own records are no help then: it clears them when it begins to end, and its way to reject leads through an event loop
that has ended.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import signals

logger = logging.getLogger(__name__)


class Taken:
    """Requests that came and are not acknowledged. Used by Celery's main thread, and at the very end by another one."""

    def __init__(self) -> None:
        self._requests: list[Any] = []

    def start(self) -> None:
        signals.task_received.connect(self._note)

    def give_back(self) -> None:
        """Put what has not ended back into its queue."""
        unfinished = [one for one in self._requests if not one.acknowledged]
        for channel in {request.message.channel for request in unfinished}:
            _stop_listening(channel)
        for request in unfinished:
            request.message.reject(requeue=True)
            logger.warning("job %s goes back into its queue", request.id)

    def _note(self, request: Any = None, **_: Any) -> None:
        self._requests = [one for one in self._requests if not one.acknowledged]
        self._requests.append(request)


def _stop_listening(channel: Any) -> None:
    """Break off the BRPOP of a channel, which would take the very job that is put back; a round trip, and the server knows."""
    connection = channel.client.connection
    if connection is not None:
        connection.disconnect()
    with channel.conn_or_acquire() as client:
        client.ping()
