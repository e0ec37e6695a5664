"""Frees what dead clients left: their sessions on this worker, and their mailboxes."""

from __future__ import annotations

import logging
import threading

import redis

from polyloom.keys import Keys
from polyloom.settings import Settings
from polyloom_workers.durable import Durables
from polyloom_workers.host import Host

logger = logging.getLogger(__name__)


class Sweep:
    """Looks every half lease which clients of a host still hold theirs."""

    def __init__(self, settings: Settings, host: Host, durables: Durables) -> None:
        self._client = redis.Redis.from_url(settings.redis_url(), socket_timeout=5, socket_connect_timeout=5)
        self._keys = Keys(settings.prefix)
        self._host = host
        self._durables = durables
        self._pause = settings.lease / 2
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyloom-sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()

    def _run(self) -> None:
        while not self._end.wait(self._pause):
            try:
                self.look()
            except redis.RedisError as error:
                logger.debug("could not look at the leases of clients: %s", error)

    def look(self) -> None:
        """Forget every client without a lease, and the objects of durable sessions whose client did not come back."""
        self._durables.sweep()
        clients = list(self._host.clients)
        if not clients:
            return
        with self._client.pipeline(transaction=False) as batch:
            for client in clients:
                batch.exists(self._keys.client_lease(client))
            held = batch.execute()
        for client, lease in zip(clients, held, strict=True):
            if not lease:
                logger.info("client %s is gone; freeing its objects", client)
                self._host.expire(client)
                self._client.delete(self._keys.mailbox(client))
