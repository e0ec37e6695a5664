"""Objects of other sessions as arguments (§14): of a session of this host the object itself, of another worker a copy of data.

Copies go from worker to worker: `fetch` into the inbox of the one that has the object, `fetched` into the inbox of the one that
asked. Nobody waits for a worker that is dead: while something is fetched, leases are looked at.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from polyloom.codec import Decoder
from polyloom.errors import FrameError, Gone, LimitExceeded, PolyloomError, UnknownName
from polyloom.failure import Failed, Failure, internal
from polyloom.frames import Buffer, Frame, write_frame
from polyloom.handle import ID, new_id
from polyloom.lent import Loan
from polyloom_workers.session import Session

if TYPE_CHECKING:
    from polyloom_workers.host import Host

LOOK = 0.25  # seconds between two looks at the leases of workers that are asked


class Fetched(NamedTuple):
    """What another worker answered."""

    body: dict[str, Any]
    frame: Frame


class Fetch(NamedTuple):
    """A question to another worker."""

    worker: str
    future: Future[Fetched]


class Loans:
    """What sessions of this host borrow, and what others borrow of them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._fetches: dict[str, Fetch] = {}  # by the id of the question
        self._asked = threading.Event()
        self._watch: threading.Thread | None = None

    def borrow(self, session: Session, lender: str, n: int, slot: int) -> object:
        """Return what program `n` of another session lends in a slot, as soon as it does. Failed where its op failed."""
        worker = session.neighbours.get(lender, self._host.id)
        if worker != self._host.id:
            return self._fetched(worker, lender, n, slot)
        future = self._lent(lender, n, slot, session)
        self._host.runner.wait(future)
        return _value(future.result().value)

    def fetch(self, worker: str, body: dict[str, Any]) -> None:
        """Answer another worker, as soon as there is something to answer."""
        lender, n, slot, question = (body.get(key) for key in ("session", "n", "slot", "ask"))
        if not (type(lender) is type(question) is str and type(n) is type(slot) is int):
            raise FrameError("a fetch has a session, the numbers of a program and of a slot, and an id")
        try:
            future = self._lent(lender, n, slot, None)
        except PolyloomError as error:
            return self._answer(worker, question, {"error": ["error", error.to_wire()]})
        future.add_done_callback(lambda done: self._answer(worker, question, *_keys_of(done, self._host.id)))

    def fetched(self, body: dict[str, Any], frame: Frame) -> None:
        """Take the answer of another worker; one that nobody waits for is ignored."""
        fetch = self._fetches.pop(str(body.get("ask")), None)
        if fetch is not None and not fetch.future.done():
            fetch.future.set_result(Fetched(body, frame))

    def drop(self, worker: str, error: PolyloomError) -> None:
        """End what is fetched from a worker."""
        for question, fetch in list(self._fetches.items()):
            if fetch.worker == worker and self._fetches.pop(question, None) is fetch and not fetch.future.done():
                fetch.future.set_exception(error)

    def _lent(self, lender: str, n: int, slot: int, borrower: Session | None) -> Future[Loan]:
        """Return the loan of a session of this host. The program that lends was accepted before anybody could ask (§14.3)."""
        with self._host.lock:
            session = self._host.find(lender)
            if session is None or session is borrower:
                raise _unknown()
            if n > session.last:
                raise UnknownName(f"program {n} of that session has not come: it lends nothing", hint=AGAIN)
        future = session.table.lent.ask(slot, n)
        if n not in session.unfinished:
            session.table.lent.missed(n)
        if borrower is not None and session.home is not None and session.home is borrower.home and not future.done():
            raise LimitExceeded("threads: both sessions are on one thread, so one cannot wait for the other", hint=AGAIN)
        return future

    def _answer(self, worker: str, question: str, keys: dict[str, Any], attachments: Sequence[Buffer] = ()) -> None:
        body = {"t": "fetched", "ask": question}
        limit = self._host.limits.frame_bytes
        try:
            frame = write_frame({**body, **keys}, attachments)
            if len(frame.text) > limit:
                raise LimitExceeded(f"frame_bytes: an argument of {len(frame.text):,} bytes is above {limit:,}", hint=STAYS)
        except Exception as error:  # whatever it is, who asked is told
            told = error if isinstance(error, PolyloomError) else internal(error)
            frame = write_frame({**body, "error": ["error", told.to_wire()]})
        if self._host.post is not None:
            self._host.post(worker, frame)
            self._host.runner.flush()

    def _fetched(self, worker: str, lender: str, n: int, slot: int) -> object:
        """Fetch a copy from another worker."""
        if self._host.post is None or not ID.fullmatch(worker):
            raise Gone("an object of another process cannot be reached from here", code="NoWorker", hint=STAYS)
        question, fetch = new_id(), Fetch(worker, Future())
        self._fetches[question] = fetch
        try:
            body = {"t": "fetch", "session": lender, "n": n, "slot": slot, "ask": question}
            self._host.post(worker, write_frame(body))
            self._look_after()
            self._host.runner.wait(fetch.future)
            answer, frame = fetch.future.result()
        finally:
            self._fetches.pop(question, None)
        if "error" in answer:
            raise _told(answer["error"])
        return Decoder(frame.attachments, limits=self._host.limits).decode(answer.get("value"))

    def _look_after(self) -> None:
        """Have the leases of workers that are asked looked at."""
        with self._host.lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._run, name="polyloom-loans", daemon=True)
                self._watch.start()
        self._asked.set()

    def _run(self) -> None:
        while self._asked.wait():
            time.sleep(LOOK)
            self._asked.clear()
            if self._fetches:
                self._asked.set()
                self._end_lost()

    def _end_lost(self) -> None:
        """End what waits for workers whose lease has ended."""
        try:
            lost = self._host.lost({fetch.worker for fetch in list(self._fetches.values())})
        except Gone:
            return  # Redis does not answer now; nothing is known
        for worker in lost:
            message = f"the worker {worker}, where an argument lives, was lost"
            self.drop(worker, Gone(message, code="WorkerLost", hint="make that argument anew"))


def _keys_of(done: Future[Loan], host: str) -> tuple[dict[str, Any], Sequence[Buffer]]:
    """Return what a worker answers for a loan, and the attachments."""
    error = done.exception()
    if error is not None:
        return {"error": ["error", (error if isinstance(error, PolyloomError) else internal(error)).to_wire()]}, ()
    value, copy = done.result()
    if type(value) is Failure:
        return {"error": ["error", value.error]}, ()
    if copy is None:
        return {"error": ["error", _unknown().to_wire()]}, ()
    if copy.error is None:
        return {"value": copy.wire}, copy.attachments
    if copy.error["code"] != "NotData":
        return {"error": ["error", copy.error]}, ()
    where = {"message": f"{copy.error['message']}; it lives on the worker {host}", "hint": STAYS}
    return {"error": ["error", copy.error | where]}, ()


def _told(form: Any) -> Exception:
    """Return what an `error` form of another worker is here."""
    if type(form) is list and len(form) == 2 and type(form[1]) is dict:
        return Failed(Failure(form[1]))
    return FrameError("the worker of an argument answered with an error of the wrong shape")


def _value(value: object) -> object:
    if type(value) is Failure:
        raise Failed(value)
    return value


def _unknown() -> UnknownName:
    return UnknownName("the session of this argument is not open where it should be", code="UnknownSession", hint=AGAIN)


AGAIN = "await the argument, and send its value"
STAYS = "share it there, loom.share(it, name), and call it there; or await it, and send its value"
