"""Renews what a worker has taken off its queues, on a thread of its own: in the pool `solo` a job holds up Celery's timers."""

from __future__ import annotations

import logging
import threading
from typing import Any

import redis
from celery import bootsteps

from polyloom_workers.unacked import LEASES, Unacked

logger = logging.getLogger(__name__)


class Renewal:
    """Of one process, until its end: jobs run on after the consumer has stopped."""

    def __init__(self) -> None:
        self._unacked: Unacked | None = None
        self._thread: threading.Thread | None = None

    def follow(self, unacked: Unacked) -> None:
        """Renew what is taken through this channel from now on."""
        self._unacked = unacked
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="polyloom-renewal", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while (unacked := self._unacked) is not None:
            pause.wait(unacked.visibility_timeout / LEASES)
            try:
                unacked.renew()
            except (redis.RedisError, OSError) as error:
                logger.debug("what was taken could not be renewed: %s", error)
            except Exception:
                logger.exception("what was taken could not be renewed")


class RenewalStep(bootsteps.StartStopStep):
    """Has the messages of each connection renewed."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.renewal = Renewal()

    def start(self, parent: Any) -> None:
        self.renewal.follow(parent.task_consumer.channel.qos)
