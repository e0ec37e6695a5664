"""What a worker has to do, for those who place clients: told with the renewals of its lease, so no program pays for it."""

from __future__ import annotations

import logging
import threading

from polyloom_workers.host import Host
from polyloom_workers.lease import RENEWALS, Lease
from polyloom_workers.session import Session

logger = logging.getLogger(__name__)

FRESH = 2.0  # seconds; with long leases the load is told more often than they are renewed


class Load:
    """Looks at a host several times in a lease, and tells the registry; so a keeper that has died is missed, too."""

    def __init__(self, host: Host, lease: Lease, lease_seconds: float) -> None:
        self._host = host
        self._lease = lease
        self._pause = min(lease_seconds / RENEWALS, FRESH)
        self._known: set[str] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyloom-load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()

    def _run(self) -> None:
        while not self._end.wait(self._pause):
            self.look()

    def look(self) -> None:
        """Tell the load, and the clients that came since the last look."""
        sessions, clients = sessions_of(self._host), set(self._host.clients)
        running = sum(1 for session in sessions if session.scheduled)
        self._lease.tell(len(sessions), running, sorted(clients - self._known), full=self._host.is_full())
        self._known = clients


def sessions_of(host: Host) -> list[Session]:
    """Return the open sessions of all clients."""
    with host.lock:
        return [session for sessions in host.clients.values() for session in sessions.values()]
