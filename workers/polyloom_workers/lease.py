"""The worker's lease, kept by a small child process that watches the worker live.

A thread would not do: a C extension that holds the GIL for a minute must not lose the lease. The child renews while the worker
exists and is not stopped (SIGSTOP); when the worker's end of the pipe closes, however it died, the lease is released at once.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

import redis

from polyloom.keys import Keys
from polyloom.registry import RedisRegistry, Worker
from polyloom.settings import Settings

RENEWALS = 3  # in one lease
ATTEMPTS = 15  # in one lease, while Redis does not answer
PATIENCE = 5.0  # seconds that Redis may take to answer at first
SHORTEST = 0.5  # seconds that an answer may take however short the lease is
FOREVER = 3600.0  # seconds, again and again


class Lease:
    """The worker's side: entered at once, then kept by the child until `release`. Any thread may call it."""

    def __init__(self, settings: Settings, worker: Worker) -> None:
        self._settings = settings
        self._worker = worker
        self._keeper: subprocess.Popen[bytes] | None = None
        self._listed = True
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Enter the worker in the registry and start its keeper; redis-py's errors when the server cannot be reached."""
        _registry(self._settings.redis_url(), self._settings.prefix).lease(self._worker, self._settings.lease)
        self._hire()

    def tell(self, sessions: int, running: int, arrived: Sequence[str], *, full: bool = False) -> None:
        """Have the registry know the load, and the clients that came since it was told last."""
        self._worker = replace(self._worker, sessions=sessions, running=running, full=int(full))
        self._order(sessions=sessions, running=running, full=int(full), arrived=list(arrived))

    def leave(self) -> None:
        """Have the worker taken off the list; its lease is kept on."""
        self._listed = False
        self._order(leave=True)

    def release(self) -> None:
        """End the lease now."""
        with self._lock:
            keeper, self._keeper = self._keeper, None
        if keeper is not None:
            _pipe(keeper).close()
            keeper.wait()

    def _hire(self) -> None:
        command = [sys.executable, "-m", "polyloom_workers.lease"]
        # Its own session: a Ctrl-C meant for the worker must not end the lease before the worker has.
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
        worker = asdict(self._worker) | {"labels": self._worker.labels}
        place = {"url": self._settings.redis_url(), "prefix": self._settings.prefix, "lease": self._settings.lease}
        _write(self._keeper, {**place, "worker": worker, "listed": self._listed})

    def _order(self, **order: Any) -> None:
        with self._lock:
            if self._keeper is None:
                return  # released
            try:
                _write(self._keeper, order)
            except OSError:  # somebody killed it: the worker lives on
                self._keeper.wait()
                self._hire()


def _write(keeper: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    line = memoryview(json.dumps(order).encode() + b"\n")
    while line:
        line = line[_pipe(keeper).write(line) :]


def _pipe(keeper: subprocess.Popen[bytes]) -> IO[bytes]:
    assert keeper.stdin is not None
    return keeper.stdin


def _registry(url: str, prefix: str, patience: float = PATIENCE) -> RedisRegistry:
    return RedisRegistry(redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience), Keys(prefix))


def _stopped(pid: int) -> bool:
    """Tell whether a process is stopped (or traced) and so keeps nothing alive. Without /proc it counts as running."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "TtZX"
    except OSError:
        return False


class Keeper:
    """The child's side: renews until the pipe from the worker closes."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._lease: float = order["lease"]
        # Another connection must be tried while there is still time.
        self._registry = _registry(order["url"], order["prefix"], max(SHORTEST, self._lease / RENEWALS / 2))
        self._worker = Worker(**order["worker"] | {"labels": tuple(order["worker"]["labels"])})
        self._listed: bool = order["listed"]
        self._arrived: list[str] = []

    def keep(self, orders: Orders, came: list[dict[str, Any]] | None) -> None:
        """Renew at each order, and so often that the lease holds. `came` are the orders that are here already."""
        while came is not None:
            for order in came:
                self._take(order)
            renewed = self._renew()
            came = orders.wait(self._lease / (RENEWALS if renewed else ATTEMPTS))
        try:
            self._registry.release(self._worker.id)
        except redis.RedisError:
            pass  # nobody can see the lease either, and it expires

    def _take(self, order: dict[str, Any]) -> None:
        if order.get("leave"):
            self._listed = False
            self._attempt(lambda: self._registry.leave(self._worker.id))
        else:
            told = {name: order[name] for name in ("sessions", "running", "full")}
            self._worker = replace(self._worker, **told)
            self._arrived += order["arrived"]

    def _renew(self) -> bool:
        """Renew, unless the worker is stopped; False when Redis did not answer."""
        if _stopped(self._worker.pid):
            return True
        arrived = self._arrived
        renewed = self._attempt(lambda: self._registry.lease(self._worker, self._lease, arrived, listed=self._listed))
        if renewed:
            self._arrived = []
        return renewed

    def _attempt(self, act: Any) -> bool:
        try:
            act()
        except redis.RedisError:
            return False  # the lane reports a lost server; the next renewal may reach it again
        return True


class Orders:
    """What comes through the pipe: one JSON object a line."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._unread = b""

    def wait(self, seconds: float) -> list[dict[str, Any]] | None:
        """Return the orders that came, none of them when the time is over, and None at the end of the input."""
        if not select.select([self._pipe], [], [], max(0.0, seconds))[0]:
            return []
        chunk = os.read(self._pipe, 1 << 16)
        if not chunk:
            return None
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        return [json.loads(line) for line in lines]


def main() -> None:
    """Be the keeper."""
    orders = Orders(sys.stdin.fileno())
    try:
        first: list[dict[str, Any]] | None = []
        while first == []:
            first = orders.wait(FOREVER)
        if first:
            Keeper(first[0]).keep(orders, first[1:])
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
