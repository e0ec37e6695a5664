"""The session lane as a part of the Celery worker: started after the pool, stopped before it."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import redis
from celery import bootsteps

from polyloom import permits
from polyloom.errors import PolyloomError, UsageError
from polyloom.keys import Keys
from polyloom.policy import policy_of
from polyloom.registry import Worker
from polyloom.servers import now, open_client, refusal
from polyloom.settings import Settings
from polyloom.signing import proof
from polyloom_workers.ending import Ending, Steps
from polyloom_workers.events import Events
from polyloom_workers.lane import Lane
from polyloom_workers.lease import Lease
from polyloom_workers.load import Load
from polyloom_workers.sweep import Sweep
from polyloom_workers.taken import Taken

logger = logging.getLogger(__name__)

UNREADY = 69  # exit status (EX_UNAVAILABLE) of a worker that could not start


class LaneStep(bootsteps.StartStopStep):
    """Holds the lane, its lease, the sweep and the events of one worker incarnation."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.settings: Settings = parent.app.conf.polyloom or Settings.from_env(os.environ)

    def start(self, parent: Any) -> None:
        try:
            self._start(parent)
        except PolyloomError as error:
            _give_up(error)
        except redis.RedisError as error:
            _give_up(refusal(self.settings.url, error))

    def _start(self, parent: Any) -> None:
        if not self.settings.allow:
            raise UsageError(
                "a fleet worker does not start without being told what clients may use",
                hint="--allow 'numpy' --allow 'myproject.*', or --allow '*' for the whole of Python (or set POLYLOOM_ALLOW)",
            )
        with open_client(self.settings.redis_url()) as client:
            permits.check_permits(client, Keys(self.settings.prefix), permits.worker, self.settings.url)
            started = now(client)
        self.lane = Lane(self.settings, policy_of(self.settings.allow))
        shown = proof(self.settings.secret, self.lane.host.id)
        self.lease = Lease(self.settings, Worker.here(self.lane.host.id, started, self.settings.labels, shown))
        self.load = Load(self.lane.host, self.lease, self.settings.lease)
        self.sweep = Sweep(self.settings, self.lane)
        self.events = Events(parent.app, parent.hostname, self.lane.host.id)
        self.lane.host.runner.on_ran = self.events.record
        self.taken = Taken()
        self.taken.start()
        self.ending = Ending(self.lane, self.settings.grace, Steps(self.lease.leave, self._left, self.taken.give_back))
        self.ending.listen()
        self.lane.start()
        self.lease.acquire()
        self.load.start()
        self.sweep.start()
        self.events.start()
        self.ending.start()
        logger.info("worker %s serves sessions; allowed: %s", self.lane.host.id, " ".join(self.settings.allow))

    def _left(self) -> None:
        """Clean up after the lane."""
        self.load.stop()
        self.sweep.stop()
        self.lease.release()
        self.events.stop()

    def stop(self, parent: Any) -> None:
        if hasattr(self, "ending"):
            self.ending.end()

    terminate = stop


class ListenStep(bootsteps.StartStopStep):
    """Shows the events of the lane who knows whether a monitor listens (`-E`, or enabled by Flower)."""

    requires = ("celery.worker.consumer.events:Events",)

    def start(self, parent: Any) -> None:
        lane = next((step for step in parent.controller.steps if isinstance(step, LaneStep)), None)
        dispatcher = parent.event_dispatcher
        if lane is not None and dispatcher is not None:
            lane.events.follow(dispatcher)


def _give_up(error: PolyloomError) -> None:
    """End the worker at once: Celery would go on without the lane."""
    stderr = sys.__stderr__ or sys.stderr  # Celery has put its logger in the place of sys.stderr
    stderr.write(f"polyloom worker: {error}\n" + (f"  hint: {error.hint}\n" if error.hint else ""))
    stderr.flush()
    os._exit(2 if isinstance(error, UsageError) else UNREADY)
