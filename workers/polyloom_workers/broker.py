"""The broker's transport for jobs: kombu's own, but neither a server that is full for the moment nor any item of a queue ends
a worker."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

import redis
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Channel, Transport

from polyloom.limits import DEFAULT_LIMITS
from polyloom.servers import passes
from polyloom_workers.messages.envelope import check_envelope, open_item
from polyloom_workers.unacked import FULL, Unacked

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds before Celery connects anew

_LOST = (redis.ConnectionError, redis.TimeoutError, OperationalError, OSError)


def is_away(error: Exception) -> bool:
    """Tell whether the server is to blame, for the moment, rather than what was asked of it."""
    return isinstance(error, _LOST) or passes(error)


@contextmanager
def patiently() -> Iterator[None]:
    """Say of a server that refuses for the moment what Celery understands: that the connection is lost, and is tried again."""
    try:
        yield
    except redis.ResponseError as error:
        if not passes(error):
            raise
        words = "Redis is full" if isinstance(error, FULL) else "Redis refuses for the moment"
        logger.error("%s: this worker takes no jobs until it can (%s)", words, error)
        time.sleep(PAUSE)
        raise redis.ConnectionError(f"{words}: {error}") from None


class PatientChannel(Channel):
    """Takes any item, and waits for a full server."""

    QoS = Unacked

    def _queue_bind(self, *arguments: Any) -> None:
        with patiently():
            super()._queue_bind(*arguments)

    def _brpop_read(self, **options: Any) -> bool:
        """Deliver the item that has come, as kombu does, but in an envelope that it can read."""
        try:
            key, item = self._popped(**options)
            queue = key.decode().rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            self.connection._deliver(open_item(item, queue, DEFAULT_LIMITS), queue)
            return True
        finally:
            self._in_poll = None  # type: ignore[assignment]  # kombu has False for never, None for no more
            self._flush_brpop_reauth()

    def _popped(self, **options: Any) -> tuple[bytes, bytes]:
        """Return the key and the item of a BRPOP that was answered; Empty where its time has run out."""
        connection = self.client.connection
        try:
            popped = self.client.parse_response(connection, "BRPOP", **options)
        except self.connection_errors:
            connection.disconnect()
            raise
        if not popped:
            raise Empty
        return popped[0], popped[1]

    def _deliver_fanout_message(self, message: Any, exchange: str) -> bool:
        """Deliver what was broadcast to all workers; what is no message is said and dropped, since nobody waits for it."""
        try:
            check_envelope(message, DEFAULT_LIMITS)
            return bool(super()._deliver_fanout_message(message, exchange))
        except Exception as error:
            if is_away(error):
                raise
            logger.error("a broadcast to %s could not be taken: %s: %s", exchange, type(error).__name__, error)
            return True

    def decode_body(self, body: str, encoding: str | None = None) -> Any:
        """Return the body as bytes or text, or None where it is not in this encoding; who runs it will say so."""
        try:
            return super().decode_body(body, encoding and encoding.lower())
        except ValueError:
            return None


class PatientTransport(Transport):
    """Stands for the schemes of Redis, so that URLs stay as they are."""

    Channel = PatientChannel


def install() -> None:
    """Have the connections of this process use it."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{PatientTransport.__name__}"
