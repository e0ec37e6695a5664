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
from polyloom_workers.unacked import FULL, Queue, Taken, Unacked

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds before Celery connects anew
SOON = 0.1  # seconds between two looks at several lists

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
    _in_poll: Any
    _brpop_sent_at: Any
    _queues: list[Queue] = []  # noqa: RUF012  # replaced, never changed
    _next: Queue | None = None  # whose list rings
    _many = False  # lists besides the one that rings are used

    def _queue_bind(self, *arguments: Any) -> None:
        with patiently():
            super()._queue_bind(*arguments)

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Have the server ring when there is an item. Unlike a BRPOP that takes nothing away: who dies now has lost nothing.

        It rings for one list, where something was or is; what comes to others, of further queues or of lower priority, is found
        soon after.
        """
        names = self._queue_cycle.consume(len(self.active_queues))
        if not names:
            return
        self._queues = [Queue(self._q_for_pri(name, priority), name) for priority in self.priority_steps for name in names]
        self._many = self._many or len(names) > 1
        self._in_poll = self.client.connection
        self._brpop_sent_at = time.monotonic()
        bell = self.global_keyprefix + (self._next if self._next in self._queues else self._queues[0]).key
        self._in_poll.send_command("BLMOVE", bell, bell, "RIGHT", "RIGHT", SOON if self._many else timeout or self.brpop_timeout)

    def _brpop_read(self, **options: Any) -> bool:
        """Take an item and deliver it as kombu does, in an envelope that it can read."""
        try:
            with patiently():
                self._hear(**options)
                queues = [queue for queue in self._queues if queue.name in self.active_queues]
                taken: Taken | None = self.qos.claim(queues) if queues else None
            if taken is None:
                raise Empty
            self._many, self._next = self._many or taken.queue != self._queues[0], taken.next
            name = taken.queue.name
            self._queue_cycle.rotate(name)
            self.connection._deliver(open_item(taken.item, name, taken.tag, DEFAULT_LIMITS), name)
            self.qos.settle(taken.tag)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _hear(self, **options: Any) -> None:
        """Read that the server rang, or that its time has run out."""
        connection = self.client.connection
        try:
            self.client.parse_response(connection, "BLMOVE", **options)
        except self.connection_errors:
            connection.disconnect()
            raise
        except FULL:
            time.sleep(SOON)  # it rings for nobody, but has items

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
