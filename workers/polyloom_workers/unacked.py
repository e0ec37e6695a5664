"""What was taken off a queue and is not acknowledged: renewed while its worker lives, put back when that is gone.

An item moves from its queue to here in one step of the server. Its entry, `[item,"","queue"]`, is kombu's.

kombu puts back what is older than a time that must be longer than any job, by the clocks of the hosts. Here the time is a few
leases, by the server's clock, and after an outage, in which nobody could renew, all wait once more.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import redis
from kombu.transport import virtual
from kombu.transport.redis import Mutex, MutexHeld, QoS
from kombu.utils.json import dumps, loads

from polyloom.handle import new_id
from polyloom.servers import now
from polyloom_workers.onlooker import Onlooker

logger = logging.getLogger(__name__)

LEASES = 5  # after so many without a renewal a message is put back; a renewal each

FULL = redis.exceptions.OutOfMemoryError
CLAIM = files("polyloom_workers").joinpath("claim.lua").read_text()


class Queue(NamedTuple):
    """A list of the server, one of a queue's for each priority."""

    key: str
    name: str


class Taken(NamedTuple):
    """An item, the queue that it came from, the tag that it has now, and a queue that has more, or may have the next."""

    queue: Queue
    tag: str
    item: bytes
    next: Queue


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
        self._onlooker = Onlooker(self.visibility_timeout)
        self._claimed: set[str] = set()  # tags of what is kept already
        self._script: Any = None

    def claim(self, queues: Sequence[Queue]) -> Taken | None:
        """Take the next item off the first queue that has one, and keep it; without the server where that is full."""
        tag, prefix = new_id(), self.channel.global_keyprefix
        with self.channel.conn_or_acquire() as client:
            self._script = self._script or client.register_script(CLAIM)
            # kombu's client puts the prefix before the first key of a script
            keys = [self.unacked_key, *(prefix + key for key in (self.unacked_index_key, *(queue.key for queue in queues)))]
            try:
                found = self._script(keys, [tag, *(_end(queue.name) for queue in queues)], client)
            except redis.ResponseError as error:
                if not isinstance(error, FULL) and "maxmemory" not in str(error):  # Redis 6 wraps what a script meets
                    raise
                return self._pop(client, queues, tag)
        if found is None:
            return None
        self._claimed.add(tag)
        return Taken(queues[found[0] - 1], tag, found[1], queues[found[2] - 1])

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note that a message is delivered; keep it with the server if `claim` has not, or has kept what is none."""
        if delivery_tag not in self._claimed or message.properties.get("refused"):
            self._keep(message, delivery_tag)
        self._claimed.discard(delivery_tag)
        virtual.QoS.append(self, message, delivery_tag)

    def settle(self, tag: str) -> None:
        """Forget what was delivered to somebody who acknowledges nothing, as the answers of workers to questions are."""
        if tag in self._claimed:
            self._claimed.discard(tag)
            self._remove_from_indices(tag).execute()

    def renew(self) -> None:
        """Tell the server that this worker still has what it has taken; a channel that is closed has put everything back."""
        if self.channel.connection is None:
            return
        with self.channel.conn_or_acquire() as client:
            moment = self._measure(client)
            tags = tuple(self._delivered or ())
            if tags:
                client.zadd(self.unacked_index_key, dict.fromkeys(tags, moment), xx=True)

    def restore_visible(self, start: int = 0, num: int | None = 10, interval: int = 1) -> None:
        """Put back what nobody has renewed. Called as often as it is renewed."""
        try:
            with self.channel.conn_or_acquire() as client, Mutex(client, self.unacked_mutex_key, self.unacked_mutex_expire):
                if self._onlooker.look():
                    self._restore_overdue(client, num)
        except MutexHeld:
            self._onlooker.look()  # another worker does it
        except FULL:
            logger.debug("Redis is full: lost jobs are looked for later")

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back into its queue."""

        def put_back(pipe: Any) -> None:
            entry = pipe.hget(self.unacked_key, tag)
            pipe.multi()
            self._remove_from_indices(tag, pipe)
            if entry:
                key, item = self._way_back(entry)
                (pipe.lpush if leftmost else pipe.rpush)(key, item)

        with self.channel.conn_or_acquire(client) as connection:
            connection.transaction(put_back, self.unacked_key)

    def _way_back(self, entry: bytes) -> tuple[str, bytes | str]:
        """Return the list that an entry goes back to, and its item; one that is no message as it came."""
        head, _, name = entry.rpartition(b',"",')
        item, queue = head[1:], json.loads(name[:-1])
        try:
            payload = loads(item)
            payload["properties"]["delivery_info"] = {"exchange": "", "routing_key": queue, "redelivered": True}
            return self.channel._q_for_pri(queue, self.channel._get_message_priority(payload)), dumps(payload)
        except Exception:  # it is refused when it is taken again
            return queue, item

    def _pop(self, client: Any, queues: Sequence[Queue], tag: str) -> Taken | None:
        for queue in queues:
            if (item := client.rpop(queue.key)) is not None:
                return Taken(queue, tag, item, queue)
        return None

    def _keep(self, message: Any, tag: str) -> None:
        entry = "[" + dumps(message._raw) + _end(message.delivery_info["routing_key"])
        try:
            moment = self._now()
            with self.pipe_or_acquire() as pipe:
                pipe.zadd(self.unacked_index_key, {tag: moment}).hset(self.unacked_key, tag, entry).execute()
        except FULL as error:
            logger.error("Redis is full: job %s runs, but would be lost with this worker (%s)", tag, error)

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


def _end(queue: str) -> str:
    """Return what follows the item in an entry."""
    return f',"",{json.dumps(queue)}]'
