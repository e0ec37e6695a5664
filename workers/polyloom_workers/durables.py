"""The durable sessions that one worker has (§15.3): who owns which log, and whose the objects are now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import redis

from polyloom.errors import Gone
from polyloom.journal import Journal, in_use
from polyloom.keys import Keys
from polyloom.servers import passes
from polyloom.table import Table
from polyloom_workers.session import Halt

if TYPE_CHECKING:
    from polyloom_workers.durable import DurableSession

logger = logging.getLogger(__name__)

PARKED = 300.0  # seconds that objects are kept for a client that may come back
RETRY, RETRY_MOST = 0.05, 1.0  # seconds until Redis is asked again

T = TypeVar("T")


class End(NamedTuple):
    """How a run was left: what operators see, and what the script took after its last program, as JSON."""

    state: str
    tail: str = ""


INTERRUPTED = End("open")


class Run:
    """What there is of a durable session while this worker owns it: its log and its objects, whoever the client is."""

    def __init__(self, journal: Journal, table: Table) -> None:
        self.journal = journal
        self.table = table
        self.recorded = 0  # number of the last program in the log
        self.open = False  # the objects are there
        self.session: DurableSession | None = None  # of the client that it belongs to now
        self.left: Future[None] = Future()  # when that one has ended
        self.parked = 0.0  # when the last one left, in seconds of the monotonic clock


class Durables:
    """The runs of one worker, by name. `client` returns bytes; `secret` is what their logs are signed with, or empty."""

    def __init__(self, client: redis.Redis, keys: Keys, worker: str, secret: str = "") -> None:
        self._client = client
        self._keys = keys
        self._worker = worker
        self._secret = secret
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self.leaving = False

    def attach(self, session: DurableSession, alive: Callable[[str], bool]) -> Run | None:
        """Give a run to a session; None where the one before has not ended yet. DurableError while its client lives."""
        with self._lock:
            run = self._runs.get(session.name)
            if run is None:
                journal = Journal(self._client, self._keys, session.name, self._worker, self._secret)
                run = self._runs[session.name] = Run(journal, session.table)
            if run.session is not None:
                if alive(run.session.client):
                    raise in_use(session.name)
                session.before = run.left
                return None
            run.session, run.left = session, Future()
            return run

    def detach(self, run: Run, end: End | None) -> None:
        """A client has left a run: its objects wait for the next one, or end with it."""
        with self._lock:
            run.session, run.parked = None, time.monotonic()
        if end is not None or not run.open:
            self.free(run, end or INTERRUPTED)
        run.left.set_result(None)

    def free(self, run: Run, end: End) -> None:
        """Forget the objects of a run, and let go of its log."""
        with self._lock:
            if run.session is not None or self._runs.get(run.journal.name) is not run:
                return
            del self._runs[run.journal.name]
        run.table.clear()
        try:
            run.journal.release(*end)
        except redis.RedisError as error:
            logger.warning("could not let go of the durable session %s: %s", run.journal.name, error)

    def sweep(self) -> None:
        """Free the runs whose clients have not come back."""
        for run in list(self._runs.values()):
            if run.session is None and time.monotonic() - run.parked > PARKED:
                self.free(run, INTERRUPTED)

    def retire(self, error: Gone) -> list[Table]:
        """Wait for Redis no longer: this worker ends. Return all objects, whose contexts are told why they are left."""
        self.leaving = True
        tables = [run.table for run in list(self._runs.values())]
        for table in tables:
            table.entered.gone = error
        return tables

    def leave(self) -> None:
        """Let go of all logs: others take over."""
        for run in list(self._runs.values()):
            try:
                run.journal.release(*INTERRUPTED)
            except redis.RedisError as error:
                logger.warning("could not let go of the durable session %s: %s", run.journal.name, error)

    def persist(self, action: Callable[[], T]) -> T:
        """Do something in Redis, again and again while it cannot be reached or is full. Halt when the log is another's."""
        delay = RETRY
        while True:
            try:
                return action()
            except Gone as moved:
                raise Halt(moved) from None
            except redis.RedisError as error:
                if not (passes(error) or isinstance(error, (redis.ConnectionError, redis.TimeoutError))):
                    raise
                logger.warning("the log of a durable session cannot be written, trying again: %s", error)
                if self.leaving:
                    raise Halt(Gone("the worker was shut down", code="WorkerLost")) from None
                time.sleep(delay)
                delay = min(2 * delay, RETRY_MOST)
