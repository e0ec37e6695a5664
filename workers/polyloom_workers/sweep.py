"""Frees what dead clients left: their sessions on this worker, and their mailboxes."""

from __future__ import annotations

import logging
import threading
import time

import redis

from polyloom.keys import Keys
from polyloom.settings import Settings
from polyloom_workers.lane import Lane

logger = logging.getLogger(__name__)


LOOKS = 2  # in one lease, at least
OFTEN = 1.0  # seconds between looks, at most
PROMPT = 1.0  # seconds that an answer may take; a slower one means that clients could not renew either
GRACE = 5.0  # seconds, at least, that they have for it then


class Sweep:
    """Looks which clients of a lane still hold their lease. After a time in which Redis was away or slow it frees nobody for a
    while: they renew theirs first."""

    def __init__(self, settings: Settings, lane: Lane) -> None:
        self._client = redis.Redis.from_url(settings.redis_url(), socket_timeout=5, socket_connect_timeout=5)
        self._keys = Keys(settings.prefix)
        self._lane = lane
        self._pause = min(settings.lease / LOOKS, OFTEN)
        self._grace = max(settings.lease, GRACE)
        self._trusted = 0.0  # when, by the monotonic clock, a missing lease means a dead client
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyloom-sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()

    def _run(self) -> None:
        while not self._end.wait(self._pause):
            began = time.monotonic()
            try:
                self._lane.durables.sweep()
                dead = self._dead()
                if time.monotonic() - began > PROMPT:
                    self._trusted = time.monotonic() + self._grace
                elif began > self._trusted:
                    self._free(dead)
            except redis.RedisError as error:
                self._trusted = time.monotonic() + self._grace
                logger.debug("could not look at the leases of clients: %s", error)

    def _dead(self) -> list[str]:
        """Return the clients without a lease."""
        clients = list(self._lane.host.clients)
        if not clients:
            return []
        with self._client.pipeline(transaction=False) as batch:
            batch.hdel(self._keys.info(self._lane.host.id), "")  # a write, of nothing: where none is taken, leases end, too
            for client in clients:
                batch.exists(self._keys.client_lease(client))
            _, *held = batch.execute()
        return [client for client, lease in zip(clients, held, strict=True) if not lease]

    def _free(self, clients: list[str]) -> None:
        for client in clients:
            logger.info("client %s is gone; freeing its objects", client)
            self._lane.expire(client)
