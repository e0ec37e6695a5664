"""The worker's lease, kept by a small child process that watches the worker live.

A thread would not do: a C extension that holds the GIL for a minute must not lose the lease. The child renews while the worker
exists and is not stopped (SIGSTOP); when the worker's end of the pipe closes, however it died, the lease is released at once.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO

import redis

from polyloom.keys import Keys
from polyloom.registry import RedisRegistry, Worker
from polyloom.settings import Settings

RENEWALS = 3  # in one lease


class Lease:
    """The worker's side: entered at once, then kept by the child until `release`."""

    def __init__(self, settings: Settings, worker: Worker) -> None:
        self._settings = settings
        self._worker = worker
        self._keeper: subprocess.Popen[bytes] | None = None

    def acquire(self) -> None:
        """Enter the worker in the registry and start its keeper; redis-py's errors when the server cannot be reached."""
        _registry(self._settings.redis_url(), self._settings.prefix).lease(self._worker, self._settings.lease)
        command = [sys.executable, "-m", "polyloom_workers.lease"]
        # Its own session: a Ctrl-C meant for the worker must not end the lease before the worker has.
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        order = {
            "url": self._settings.redis_url(),
            "prefix": self._settings.prefix,
            "lease": self._settings.lease,
            "worker": asdict(self._worker),
        }
        stdin = self._pipe()
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()

    def release(self) -> None:
        """End the lease now."""
        if self._keeper is not None:
            self._pipe().close()
            self._keeper.wait()

    def _pipe(self) -> IO[bytes]:
        assert self._keeper is not None
        assert self._keeper.stdin is not None
        return self._keeper.stdin


def _registry(url: str, prefix: str) -> RedisRegistry:
    return RedisRegistry(redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5), Keys(prefix))


def _stopped(pid: int) -> bool:
    """Tell whether a process is stopped (or traced) and so keeps nothing alive. Without /proc it counts as running."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "TtZX"
    except OSError:
        return False


def keep(order_line: bytes, stdin: IO[bytes]) -> None:
    """Renew until the pipe from the worker closes."""
    order = json.loads(order_line)
    worker = Worker(**order["worker"])
    registry = _registry(order["url"], order["prefix"])
    pause = order["lease"] / RENEWALS
    while not select.select([stdin], [], [], pause)[0]:
        try:
            if not _stopped(worker.pid):
                registry.lease(worker, order["lease"])
        except redis.RedisError:
            pass  # the lane reports a lost server; the next renewal may reach it again
    try:
        registry.release(worker.id)
    except redis.RedisError:
        pass  # nobody can see the lease either, and it expires


def main() -> None:
    """Be the keeper."""
    try:
        if line := sys.stdin.buffer.readline():
            keep(line, sys.stdin.buffer)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
