"""Programs of the session lane as Celery task events, so that Flower and every other monitor shows them as tasks.

A thread of its own sends them in batches. At high rates successes are sampled, failures never; without a listener nothing is
recorded at all.
"""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections import deque
from typing import Any

from celery import Celery
from celery.events.dispatcher import EventDispatcher

from polyloom_workers.blur import blurred
from polyloom_workers.session import Ran, Session

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two batches
RATE = 200  # programs reported in one second; Flower keeps 4.2 kB for each
WAITING = 10_000  # programs that wait to be reported; the oldest go first


class Events:
    """Reports programs that ran. `record` is called by the threads that run them and must be cheap."""

    def __init__(self, app: Celery, hostname: str, worker: str) -> None:
        self._app = app
        self._hostname = hostname
        self._worker = worker
        self._ran: deque[dict[str, Any]] = deque(maxlen=WAITING)
        self._left = RATE
        self._listeners = False
        self._dispatcher: EventDispatcher | None = None  # the worker's own, which monitors turn on and off
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyloom-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(2)

    def follow(self, dispatcher: EventDispatcher) -> None:
        """Record whenever this dispatcher of the worker sends events of tasks."""
        self._dispatcher = dispatcher
        self.listen(_sends_tasks(dispatcher))

    def listen(self, enabled: bool) -> None:
        """Turn recording on or off; monitors do that for the whole cluster."""
        self._listeners = enabled

    def record(self, session: Session, ran: Ran) -> None:
        """Note one program, unless nobody listens or too many ran in this second."""
        if not self._listeners or ran.reply.called is None:
            return
        failure = _failure(ran)
        if self._left <= 0 and failure is None:
            return
        self._left -= 1
        self._ran.append(
            {
                "uuid": f"{self._worker}/{blurred(session.id)}/{ran.program.n}",
                "name": f"py:{name_of(ran.reply.called)}",
                "seconds": ran.ended - ran.began,
                "ended": time.time(),
                "failure": failure,
            }
        )

    def _run(self) -> None:
        while not self._end.wait(PAUSE):
            if self._dispatcher is not None:
                self.listen(_sends_tasks(self._dispatcher))
            self._left = min(RATE, self._left + int(RATE * PAUSE))
            if self._ran:
                try:
                    self._send()
                except Exception as error:
                    logger.warning("could not publish task events: %s", error)

    def _send(self) -> None:
        with self._app.connection_for_write() as connection:
            dispatcher = EventDispatcher(
                connection, hostname=self._hostname, app=self._app, buffer_group=frozenset({"task"}), buffer_limit=4 * RATE
            )
            with dispatcher:
                while self._ran:
                    self._publish(dispatcher, self._ran.popleft())
                dispatcher.flush(errors=False)

    def _publish(self, dispatcher: EventDispatcher, ran: dict[str, Any]) -> None:
        began = ran["ended"] - ran["seconds"]
        task = {"uuid": ran["uuid"], "name": ran["name"]}
        dispatcher.send("task-received", args="()", kwargs="{}", retries=0, timestamp=began, **task)
        dispatcher.send("task-started", timestamp=began, **task)
        if ran["failure"] is None:
            dispatcher.send("task-succeeded", runtime=ran["seconds"], result="''", timestamp=ran["ended"], **task)
        else:
            dispatcher.send("task-failed", timestamp=ran["ended"], **ran["failure"], **task)


def _sends_tasks(dispatcher: EventDispatcher) -> bool:
    """Tell whether events of tasks are asked for. Monitors add a group; a dispatcher without groups sends all (Celery 5.7)."""
    return bool(dispatcher.enabled and (not dispatcher.groups or "task" in dispatcher.groups))


def _failure(ran: Ran) -> dict[str, str] | None:
    """Return what a failed program is reported with: the first op that failed, or else the first pull."""
    errors = [wire[1] for wire in ran.reply.results if type(wire) is list and wire[0] == "error"]
    error = ran.reply.error or (errors[0] if errors else None)
    if error is None:
        return None
    return {
        "exception": f"{error.get('type', error['code'])}({error['message']!r})",
        "traceback": error.get("traceback", ""),
    }


def name_of(called: object) -> str:
    """Return `numpy.linalg.svd`, `numpy.ndarray.sum`, `builtins.list.append`: bounded by what the code defines."""
    try:
        name, owner = getattr(called, "__name__", None), getattr(called, "__self__", None)
        if type(name) is str:  # else an instance that can be called, or an object that answers to every name
            return _dotted(called) if owner is None or inspect.ismodule(owner) else f"{_dotted(_kind(owner))}.{name}"
    except Exception:
        pass  # its attributes raise
    return f"{_dotted(type(called))}.__call__"


def _kind(owner: object) -> type:
    return owner if isinstance(owner, type) else type(owner)


def _dotted(value: Any) -> str:
    module = getattr(value, "__module__", None) or getattr(getattr(value, "__self__", None), "__name__", "builtins")
    return f"{module}.{getattr(value, '__qualname__', type(value).__qualname__)}"
