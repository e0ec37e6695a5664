"""Light workers: `light.py URL COUNT`, a process each. Celery is left out.

The lane, its lease with its keeper, the load and the sweep are the real ones.
"""

import os
import signal
import sys
import time

from polyloom.policy import policy_of
from polyloom.registry import Worker
from polyloom.settings import Settings
from polyloom_workers.lane import Lane
from polyloom_workers.lease import Lease
from polyloom_workers.load import Load
from polyloom_workers.sweep import Sweep


def serve(settings: Settings) -> None:
    lane = Lane(settings, policy_of(settings.allow))
    lease = Lease(settings, Worker.here(lane.host.id, time.time()))
    lane.start()
    lease.acquire()
    Load(lane.host, lease, settings.lease).start()
    Sweep(settings, lane).start()
    signal.pause()


def main(url: str, count: str) -> None:
    settings = Settings(url=url, allow=("*",))
    for _ in range(int(count)):
        if os.fork() == 0:
            return serve(settings)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
