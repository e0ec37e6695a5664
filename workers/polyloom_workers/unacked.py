"""What was taken off a queue and is not acknowledged: renewed while its worker lives, put back when that is gone.

kombu puts back what is older than a time that must be longer than any job, by the clocks of the hosts. Here the time is a few
leases, by the server's clock, and after an outage, in which nobody could renew, all wait once more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from kombu.transport import virtual
from kombu.transport.redis import Mutex, MutexHeld, QoS
from kombu.utils.json import dumps

from polyloom.servers import now

logger = logging.getLogger(__name__)

LEASES = 5  # after so many without a renewal a message is put back; a renewal each

FULL = redis.exceptions.OutOfMemoryError


def transport_options(lease: float) -> dict[str, Any]:
    """Return the settings of kombu for a lease, in seconds."""
    return {
        "visibility_timeout": LEASES * lease,
        "unacked_restore_interval": lease,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": LEASES * lease,
    }


class Unacked(QoS):
    """The messages of one channel. Appended to by the thread that takes messages; `renew` may be called by another one."""

    _ahead: float | None = None  # seconds by which the server's clock is ahead of this process's, which nobody sets

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._watch = Watch(self.visibility_timeout)

    def append(self, message: Any, delivery_tag: str) -> None:
        """Keep a message with the server; without it where that is full."""
        entry = dumps([message._raw, message.delivery_info["exchange"], message.delivery_info["routing_key"]])
        try:
            moment = self._now()
            with self.pipe_or_acquire() as pipe:
                pipe.zadd(self.unacked_index_key, {delivery_tag: moment}).hset(self.unacked_key, delivery_tag, entry).execute()
        except FULL as error:
            logger.error("Redis is full: job %s runs, but would be lost with this worker (%s)", delivery_tag, error)
        virtual.QoS.append(self, message, delivery_tag)

    def renew(self) -> None:
        """Tell the server that this worker still has what it has taken."""
        with self.channel.conn_or_acquire() as client:
            moment = self._measure(client)
            tags = tuple(self._delivered or ())
            if tags:
                client.zadd(self.unacked_index_key, dict.fromkeys(tags, moment), xx=True)

    def restore_visible(self, start: int = 0, num: int | None = 10, interval: int = 1) -> None:
        """Put back what nobody has renewed. Called as often as it is renewed."""
        try:
            with self.channel.conn_or_acquire() as client, Mutex(client, self.unacked_mutex_key, self.unacked_mutex_expire):
                if self._watch.look():
                    self._restore_overdue(client, num)
        except MutexHeld:
            self._watch.look()  # another worker does it
        except FULL:
            logger.debug("Redis is full: lost jobs are looked for later")

    def _restore_overdue(self, client: Any, most: int | None) -> None:
        due = now(client) - self.visibility_timeout
        for tag in client.zrange(self.unacked_index_key, 0, due, byscore=True, offset=most and 0, num=most):
            self.restore_by_tag(tag, client)
            logger.warning("a job is put back into its queue: its worker has not renewed it for %g s", self.visibility_timeout)

    def _now(self) -> float:
        if self._ahead is None:
            with self.channel.conn_or_acquire() as client:
                return self._measure(client)
        return time.monotonic() + self._ahead

    def _measure(self, client: Any) -> float:
        moment = now(client)
        self._ahead = moment - time.monotonic()
        return moment


class Watch:
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
