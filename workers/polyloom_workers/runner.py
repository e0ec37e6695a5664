"""Running what waits in sessions (§4.2, §5): programs, late results, answers. Called by the threads of a crew, and knows none.

What is filed by `queue` makes a strand ready; `turn` does the next of its work and sends what it came to.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import get_ident
from typing import Any, NamedTuple

from polyloom.errors import Gone, PolyloomError
from polyloom.executor import Reply
from polyloom.failure import internal
from polyloom.frames import Frame, write_frame
from polyloom.guard import Guard, shielded
from polyloom_workers.calls import Call
from polyloom_workers.loop import Outcome
from polyloom_workers.order import Order
from polyloom_workers.output import Output
from polyloom_workers.room import Room
from polyloom_workers.session import RUNNING, Halt, Late, Program, Ran, Session, Strand


class Opening(NamedTuple):
    """What a session has to do before its first program; gives what the client is told."""

    begin: Callable[[], Frame]
    entry: Any


logger = logging.getLogger(__name__)

Send = Callable[[str, Frame, Any], None]
"""`send(client, frame, entry)`; `entry` names the frame that this one answers, or is None."""

Ready = Callable[[Any], None]
"""Files a session that has work, or work that belongs to no thread."""

Attend = Callable[[Any, bool], None]
"""`attend(waiting, reads)` waits until something is due, on any thread; `reads`: what is read may make it so."""


class Runner:
    """All work of one process. `ready` is called with a session that has some by the thread that reads, and `wake` by any
    other; `close` ends a session whose turn to end has come."""

    def __init__(
        self,
        room: Room,
        send: Send,
        ready: Ready,
        wake: Ready | None,
        attend: Attend | None,
        flush: Callable[[], None],
        close: Callable[..., None],
    ) -> None:
        self.room = room
        self.send = send
        self.ready = ready
        self.wake = wake or ready
        self.attend = attend or _sleep
        self.flush = flush
        self.lock = threading.Lock()
        self.active: dict[Program, Session] = {}  # programs that have begun and not ended
        self.leaving: Gone | None = None  # why no program begins any more
        self.output: Output | None = None
        self.unread: Callable[[str], bool] = lambda client: False  # whether a client has to read before anything goes on (§9)
        self.room_for: Callable[[str], Future[None] | None] = lambda client: None  # done when it has
        self.on_ran: Callable[[Session, Ran], None] | None = None
        self._close = close

    def queue(self, strand: Strand, item: Any) -> None:
        """Add work, with the lock: from the thread that reads, or to what is at work; who waits for a call does it itself."""
        strand.queue.append(item)
        if strand.attended:
            strand.wake()
        elif not strand.scheduled:
            strand.scheduled = True
            (self.ready if strand.session is strand else self.wake)(strand)

    def loose(self, session: Session, item: Any) -> None:
        """Have something done for a session that need not be on its thread."""
        strand = Strand(session)
        strand.queue.append(item)
        strand.scheduled = True
        self.wake(strand)

    def turn(self, strand: Strand) -> bool:
        """Do the next work of a session, or of a call that nobody waits for; tell whether more waits."""
        queue, session = strand.queue, strand.session
        item = queue.popleft()
        try:
            if type(item) is Program and not session.closed and (not self.leaving or _is_inside(strand, item)):
                self._run(session, item)
            else:
                self._do(strand, session, item)
        except BaseException:  # whatever it is, the session goes on
            logger.exception("a turn of a session failed")
        with self.lock:
            if type(item) is Program and (item.octets or session.order is not None):
                self._over(session, item)
            again = strand.scheduled = bool(queue)
            return again

    def _do(self, strand: Strand, session: Session, item: Any) -> None:
        if type(item) is Program and not session.closed:
            session.done(item.n)  # the host is leaving: it does not begin
        elif item is None:
            self._close(session)
        elif type(item) is Opening:
            self._begin(session, item)
        elif isinstance(strand, Call) and not isinstance(item, Program):
            session.calls.finish(strand, item)
        elif session.closed:  # no reply follows a `closed` (§4.3)
            self.send(session.client, NOTHING, (item.ran.program if isinstance(item, Late) else item).entry)
        else:
            self._finish(session, item)

    def listen(self, call: Call) -> None:
        """Wait until something is due for a call; a program of a session with threads makes room for another one meanwhile."""
        session = call.session
        if session.order is None or (number := _mine(session)) is None:
            return self.attend(call, True)
        with self.lock:
            session.order.rest(number)
            self._start(session, session.order)
        try:
            self.attend(call, True)
        finally:
            with self.lock:
                session.order.resume(number)

    def wait(self, future: Future[Any]) -> None:
        """Wait for a future, within an op; while the thread waits, others read and run."""
        with shielded() as guard:
            self.attend(Outcome(future, guard), False)

    def admit(self, session: Session, guard: Guard | None) -> None:
        """Wait until the client of a session takes more; on any thread, within a call of it."""
        if (room := self.room_for(session.client)) is not None:
            self.attend(Outcome(room, guard), True)

    def run_inside(self, session: Session, program: Program) -> None:
        """Run a program on the stack of another one, which waits for the client."""
        if session.order is not None:
            return self._run_in_place(session, session.order, program)
        filling = session.table.filling
        self._run(session, program)
        session.table.filling = filling
        if program.octets:
            with self.lock:
                self._over(session, program)

    def _run_in_place(self, session: Session, order: Order, program: Program) -> None:
        """Run a program of a session with threads in the place of the one that waits."""
        outer = _mine(session)
        with self.lock:
            if outer is not None:
                order.rest(outer)
                order.resume(program.n)
        self._run(session, program)
        with self.lock:
            if outer is not None:
                order.resume(outer)
            self._over(session, program)

    # With the lock: sessions with threads (§4.5), and the end of any

    def order(self, session: Session, order: Order, call: Call | None, program: Program, after: list[int] | None) -> None:
        """Take a program of a session with threads."""
        if call is None:
            order.add(program, after)
        else:
            order.inside(program.n)
            self.queue(call, program)
        self._start(session, order)

    def end(self, session: Session) -> None:
        """Close a session after its programs; from any thread."""
        if session.order is not None:
            session.order.close()
            self._start(session, session.order)
        elif session.scheduled:
            session.queue.append(None)
        else:
            self.loose(session, None)

    def _over(self, session: Session, program: Program) -> None:
        if program.octets:
            self.room.leave(session, program)
        if session.order is not None:
            session.order.end(program.n)
            self._start(session, session.order)

    def _start(self, session: Session, order: Order) -> None:
        session.scheduled = order.busy
        for item in order.begin():
            self.loose(session, item)

    def forget(self, session: Session) -> None:
        """A session has ended: nothing of it is at work any more."""
        for program in [program for program, its in list(self.active.items()) if its is session]:
            self.active.pop(program, None)

    def _begin(self, session: Session, opening: Opening) -> None:
        frame = NOTHING
        try:
            if not session.closed:
                frame = opening.begin()
        except Halt as halt:
            self._close(session, halt.error)
        except BaseException as error:
            self._close(session, error if isinstance(error, PolyloomError) else internal(error))
        self.send(session.client, frame, opening.entry)

    def _run(self, session: Session, program: Program) -> None:
        n = program.n
        if session.order is None:
            table = session.table
            if n > session.begun:
                session.begun = n
        else:
            table = session.table.beside()
            with self.lock:  # several begin at once
                session.begun = max(session.begun, n)
        self.active[program] = session
        token = RUNNING.set((session, n, get_ident(), table))
        try:
            ran = session.run(program, table)
        except BaseException as error:  # no bad input kills a worker
            ran = self._lost(session, program, error)
        finally:
            RUNNING.reset(token)
        if self.output is not None:
            self.output.drain(session, n)  # what it printed goes before its reply
        session.done(n)
        if ran.rest or ran.reply.waiting:
            return self._send_parts(session, ran)
        self.send(session.client, ran.frame, program.entry)
        self._ended(session, ran)

    def _lost(self, session: Session, program: Program, error: BaseException) -> Ran:
        """Return what a program came to that could not be run: every one is answered, by a reply or by the end of its session."""
        reply, now = Reply([]), time.monotonic()
        reply.error = (error.error if isinstance(error, Halt) else internal(error)).to_wire()
        if isinstance(error, Halt):
            self._close(session, error.error)
            return Ran(program, reply, NOTHING, (), now, now)
        return Ran(program, reply, refusal(session.id, program.n, program.ops, internal(error)), (), now, now)

    def _send_parts(self, session: Session, ran: Ran) -> None:
        """Send a reply, and what comes after it: what did not fit, and coroutines."""
        *before, last = [ran.frame, *ran.rest]
        for frame in before:
            self.send(session.client, frame, None)
        waiting = ran.reply.waiting
        self.send(session.client, last, None if waiting else ran.program.entry)
        if not waiting:
            return self._ended(session, ran)
        for place in [*waiting]:  # others take from it as soon as they come
            place.pending.then(functools.partial(self._came, session, Late(ran, place)))

    def _came(self, session: Session, late: Late) -> None:
        """Come back to a result whose coroutine has ended; in whichever thread that was."""
        self.loose(session, late)

    def _finish(self, session: Session, late: Late) -> None:
        with session.finishing:  # late results of one program share its encoder
            self._send_late(session, late)

    def _send_late(self, session: Session, late: Late) -> None:
        if self.output is not None:
            self.output.drain(session, late.ran.program.n)  # what the coroutine printed goes before its result
        ran, waiting = late.ran, late.ran.reply.waiting
        waiting.remove(late.place)
        try:
            frame = session.finish(late)
        except BaseException as error:
            refused = ["error", internal(error).to_wire()]
            body = {"t": "late", "session": session.id, "n": ran.program.n, "results": [[late.place.at, refused]]}
            frame = write_frame(body)
        self.send(session.client, frame, None if waiting else ran.program.entry)
        if not waiting:
            self._ended(session, ran._replace(ended=time.monotonic()))

    def _ended(self, session: Session, ran: Ran) -> None:
        self.active.pop(ran.program, None)
        if self.on_ran is not None:
            self.on_ran(session, ran)


NOTHING = Frame(b"")
"""No answer, but the entry is done."""


def _sleep(waiting: Any, _reads: bool) -> None:
    """Wait until something is due, where another thread reads what comes."""
    while not waiting.due():
        waiting.news.wait()
        waiting.news.clear()


def _mine(session: Session) -> int | None:
    """Return the number of the program of this session that runs on this thread."""
    running = RUNNING.get()
    mine = running is not None and running[0] is session and running[2] == get_ident()
    return running[1] if running is not None and mine else None


def _is_inside(strand: Strand, program: Program) -> bool:
    """Tell whether a program is part of another one, which waits for it (§12.5); it begins although the host is leaving."""
    order = strand.session.order
    return strand is not strand.session and (order is None or program.n not in order.running)


def refusal(session: str, n: int, ops: Sequence[Any], error: PolyloomError) -> Frame:
    """Return a reply whose every result is one error."""
    failure = ["error", error.to_wire()]
    pulls = sum(len(op[2:]) for op in ops if type(op) is list and op and op[0] == "pull")
    return write_frame({"t": "reply", "session": session, "n": n, "results": [failure] * pulls, "failed": [[None, failure]]})
