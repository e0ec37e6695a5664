"""A host's side of conversations (§1, §2, §4): frames in, sessions opened and closed. It knows no transport and no thread."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from polyloom import __version__
from polyloom.errors import FrameError, Gone, PolyloomError, ProtocolError, UnknownName
from polyloom.failure import failure_of, internal
from polyloom.frames import Frame, read_frame, write_frame
from polyloom.handle import new_id
from polyloom.limits import Limits
from polyloom.ops import PROTOCOL
from polyloom.policy import Policy
from polyloom.shared import Directory, Shared
from polyloom.table import Table
from polyloom_workers.bodies import after_of, guarded_of, text_of, threads_of
from polyloom_workers.calls import Answer, Calls
from polyloom_workers.loans import Loans
from polyloom_workers.loop import Loop
from polyloom_workers.room import Room
from polyloom_workers.runner import NOTHING, Attend, Opening, Ready, Runner, Send, refusal
from polyloom_workers.session import Program, Session
from polyloom_workers.summary import summary

Post = Callable[[str, Frame], None]
"""`post(worker, frame)` sends a frame to another worker."""


class Host:
    """All conversations of one process. `receive` takes a frame; what is to be done goes to the runner."""

    def __init__(
        self,
        policy: Policy,
        limits: Limits,
        send: Send,
        ready: Ready,
        wake: Ready | None = None,
        attend: Attend | None = None,
        flush: Callable[[], None] = lambda: None,
        leave: Ready = lambda session: None,
        directory: Directory | None = None,
        post: Post | None = None,
    ) -> None:
        self.id = new_id()
        self.policy = policy
        self.limits = limits
        self.send = send
        self.leave = leave
        self.loop = Loop()
        self.directory = directory
        self.post = post
        self.shared = Shared(self.id, limits, directory)
        self.loans = Loans(self)
        self.runner = Runner(Room(limits), send, ready, wake, attend, flush, self._close)
        self.lock = self.runner.lock
        self.clients: dict[str, dict[str, Session]] = {}
        self.parting: set[Session] = set()  # sessions that end, but have not yet
        self.ended: dict[str, Gone | None] = {}  # client -> what it has still to be told; the last REMEMBERED of them
        self.over: dict[tuple[str, str], None] = {}  # clients and their sessions that ended; likewise
        self.leaving: Gone | None = None  # why no session begins any more
        self.durable: Callable[[str, str, dict[str, Any]], Session] | None = None  # makes sessions that are recorded
        self.on_acknowledged: Callable[..., None] | None = None

    def receive(self, client: str, frame: Frame, entry: Any = None) -> None:
        """Act on one frame; what is wrong with it is answered, never raised."""
        try:
            body = read_frame(frame, self.limits)
            kind = body["t"]
            handler = KINDS.get(kind)
            if handler is None:
                raise FrameError(f"unknown kind of frame {kind!r}")
            if client not in self.clients and kind not in STRANGERS:
                return self._late(client, entry)
            handler(self, client, body, frame, entry)
        except PolyloomError as error:
            self.end(client, error, entry)
        except Exception as error:  # no frame brings a host down
            self.end(client, internal(error), entry)

    def refuse(self, client: str, frame: Frame, error: PolyloomError, entry: Any) -> None:
        """Answer a program that came, and must not run, with an error; what else must not be acted on ends its conversation."""
        try:
            body = read_frame(Frame(frame.text), self.limits)
        except PolyloomError as unreadable:
            return self.end(client, unreadable, entry)
        ops = body.get("ops")
        with self.lock:
            session = self.clients.get(client, {}).get(str(body.get("session")))
            if session is not None and not session.lasting and body.get("n") == session.last + 1 and type(ops) is list:
                session.last += 1
                return self.send(client, refusal(session.id, session.last, ops, error), entry)
        self.end(client, error, entry)

    def awaits(self, client: str, frame: Frame) -> bool:
        """Tell whether the attachments of a frame are needed: not those of a second copy, nor of what nobody waits for (§8.4)."""
        try:
            body = read_frame(Frame(frame.text), self.limits)
        except PolyloomError:
            return False
        n, name = body.get("n"), body.get("session")
        with self.lock:
            session = self.clients.get(client, {}).get(name) if type(name) is str else None
            if session is None:
                return False
            if body["t"] == "program":
                return type(n) is int and n > session.last
            return body["t"] == "answer" and session.calls.get(body.get("call")) is not None

    def hello(self, client: str, body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Answer with our own version, or end the conversation when the protocols differ (§2)."""
        if body.get("protocol") != PROTOCOL:
            raise ProtocolError(
                f"the client speaks protocol {body.get('protocol')}, this worker {PROTOCOL}",
                code="VersionMismatch",
                hint=f"install the same version of polyloom on both sides; the worker has {__version__}",
            )
        if self.leaving:
            return self.end(client, self.leaving, entry)
        with self.lock:
            self.ended.pop(client, None)
            self.clients.setdefault(client, {})
        answer = {"t": "hello", "protocol": PROTOCOL, "version": __version__, "worker": self.id}
        self.send(client, write_frame({**answer, "python": PYTHON}), entry)

    def open(self, client: str, body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Open a session (§4.1), or refuse to."""
        name, threads = text_of(body, "session"), threads_of(body)
        if self.leaving:
            return self._refuse(client, name, self.leaving, entry)
        with self.lock:
            sessions = self._sessions(client)
            if name not in sessions and (client, name) not in self.over:
                error = self.runner.room.no_session(client, threads, self.clients, self.parting)
                if error is not None:
                    return self._refuse(client, name, error, entry)
                session = sessions[name] = self._new(name, client, body, threads)
                session.table.spawn = self.loop.spawn
                session.table.shared = self.shared
                session.table.borrow = functools.partial(self.loans.borrow, session)
                session.table.wait = self.runner.wait
                session.calls = Calls(self.runner, session)
                if session.lasting:
                    begin = functools.partial(session.begin, self.clients.__contains__, self.runner.wait)
                    return self.runner.queue(session, Opening(begin, entry))
        self.send(client, NOTHING, entry)

    def _refuse(self, client: str, name: str, error: PolyloomError, entry: Any) -> None:
        body = {"t": "closed", "session": name, "error": ["error", error.to_wire()], "begun": {name: 0}}
        self.send(client, write_frame(body), entry)

    def _new(self, name: str, client: str, body: dict[str, Any], threads: int) -> Session:
        if "durable" not in body:
            return Session(name, client, self.policy, self.limits, threads)
        if self.durable is None:
            raise Gone("a local process records nothing", code="NoWorker", hint="durable sessions need a fleet: redis://…")
        return self.durable(name, client, body)

    def program(self, client: str, body: dict[str, Any], frame: Frame, entry: Any) -> None:
        """Queue a program in its session, which becomes ready (§5.1)."""
        name, n, ops = text_of(body, "session"), body.get("n"), body.get("ops")
        if type(n) is not int or n < 1 or type(ops) is not list:
            raise FrameError('a program has a number from 1 under "n" and an array under "ops"')
        if self.on_acknowledged is not None and "ack" in body:
            self.on_acknowledged(client, body["ack"])
        with self.lock:
            session = self._sessions(client).get(name)
            if session is None:
                lost: PolyloomError | None = UnknownName(f"no session {name!r} is open here", code="UnknownSession")
            elif n != session.last + 1:
                if n > session.last:
                    raise ProtocolError(f"program {n} came after program {session.last}: one is missing")
                lost = None  # a second copy
            else:
                program = Program(n, ops, frame.attachments, entry, body)
                lost = self._accept(session, program, frame)
                if lost is None:
                    return
                if session.lasting:
                    raise lost
                session.table.refuse(ops, failure_of(lost, f"program {n}, which was refused"))
        if lost is not None and self.runner.unread(client):
            raise lost  # refusals that nobody reads would have no end
        self.send(client, refusal(name, n, ops, lost) if lost else NOTHING, entry)

    def _accept(self, session: Session, program: Program, frame: Frame) -> PolyloomError | None:
        """File a program in its session, or tell why there is no room; with the lock."""
        runner, body = self.runner, program.keys
        session.last = program.n
        if "far" in body:
            session.meet(body["far"])
        if "guarded" in body:
            program.guarded = guarded_of(body)
        call = session.calls.get(body["in"]) if "in" in body else None
        if session.scheduled:
            lost = runner.room.no_program(session, call or session)
            if lost is not None:
                return lost
            program.octets = runner.room.take(session, frame)
        session.unfinished.add(program.n)
        if session.order is None:
            runner.queue(call or session, program)
        else:
            runner.order(session, session.order, call, program, after_of(body))
        return None

    def answer(self, client: str, body: dict[str, Any], frame: Frame, entry: Any) -> None:
        """Give an answer to the call that waits for it (§12.3)."""
        with self.lock:
            session = self._sessions(client).get(text_of(body, "session"))
            call = session.calls.get(body.get("call")) if session is not None else None
            if session is not None and "far" in body:
                session.meet(body["far"])
            if call is not None:
                self.runner.queue(call, Answer(body, frame.attachments))
        self.send(client, NOTHING, entry)

    def cancel(self, client: str, body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Give up ops (§5.8)."""
        slots = body.get("slots")
        if type(slots) is not list or not all(type(slot) is int for slot in slots):
            raise FrameError('a cancel has slots under "slots"')
        with self.lock:
            session = self._sessions(client).get(text_of(body, "session"))
        if session is not None:
            for slot in slots:
                session.table.cancel(slot)
        self.send(client, NOTHING, entry)

    def ack(self, client: str, body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Take note of what a client has read (§8.3)."""
        if self.on_acknowledged is not None:
            self.on_acknowledged(client, body.get("ack"), alone=True)
        self.send(client, NOTHING, entry)

    def close(self, client: str, body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Close a session after the programs before (§4.3)."""
        with self.lock:
            session = self._sessions(client).get(text_of(body, "session"))
            if session is not None:
                session.leaving(body)
                self._shut(session, Gone("the client closed the session", code="SessionClosed"))
                if session.order is None:
                    self.runner.queue(session, None)
                else:
                    self.runner.end(session)
        self.send(client, NOTHING, entry)

    def survey(self, client: str, _body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Tell an operator what is held here (§8.7); it is no client, and needs no hello."""
        self.send(client, write_frame({"t": "survey", "clients": summary(self.clients), "shared": self.shared.types()}), entry)

    def fetch(self, worker: str, body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Answer another worker, that wants an argument (§14.3)."""
        self.loans.fetch(worker, body)
        self.send(worker, NOTHING, entry)

    def fetched(self, worker: str, body: dict[str, Any], frame: Frame, entry: Any) -> None:
        """Take what another worker answered."""
        self.loans.fetched(body, frame)
        self.send(worker, NOTHING, entry)

    def find(self, session: str) -> Session | None:
        """Return an open session of whichever client, by its id, which nobody can guess; with the lock."""
        return next((sessions[session] for sessions in self.clients.values() if session in sessions), None)

    def lost(self, workers: set[str]) -> set[str]:
        """Return those of some workers whose lease has ended."""
        return self.directory.lost(workers) if self.directory is not None else set()

    def bye(self, client: str, _body: dict[str, Any], _frame: Frame, entry: Any) -> None:
        """Close all sessions of a client."""
        for session in list(self.clients.get(client, {}).values()):
            session.leaving({})
        self.forget(client)
        self.send(client, NOTHING, entry)

    def end(self, client: str, error: PolyloomError, entry: Any = None) -> None:
        """End a conversation that cannot go on, saying why; what the client has sent already is ignored (§2.3)."""
        begun = {session.id: session.begun for session in list(self.clients.get(client, {}).values())}
        self.forget(client, error if isinstance(error, Gone) else None)
        self._remember(client, None)
        self.loans.drop(client, error)
        body = {"t": "closed", "error": ["error", error.rooted().to_wire()]}
        self.send(client, write_frame(body | {"begun": begun} if error.code == "WorkerLost" else body), entry)

    def forget(self, client: str, error: Gone | None = None) -> None:
        """Close all sessions of a client without an answer: it left, or its lease ended. From any thread."""
        error = error or Gone("the client has gone", code="SessionClosed")
        with self.lock:
            for session in self.clients.pop(client, {}).values():
                self._shut(session, error)
                self.runner.end(session)

    def expire(self, client: str) -> None:
        """Forget a client whose lease ended, and tell it so now, and once more should it come back later (§8.3)."""
        gone = Gone("the lease of this client ended, and its objects with it", code="LeaseExpired", hint=CONNECT_AGAIN)
        self._remember(client, gone)
        self.forget(client, gone)
        self.send(client, write_frame({"t": "closed", "error": ["error", gone.to_wire()]}), None)

    def retire(self, error: Gone) -> None:
        """Begin no session and no program any more; those that run may end."""
        self.leaving = self.runner.leaving = error

    def is_full(self) -> bool:
        """Tell whether a client that comes now would be refused (§9)."""
        with self.lock:
            return self.runner.room.is_full(self.clients)

    def idle(self) -> bool:
        """Tell whether every program that has begun has ended, with all that it waited for."""
        return not self.runner.active

    def hang_up(self, error: Gone) -> None:
        """End what waits for clients: this host goes."""
        with self.lock:
            for sessions in self.clients.values():
                for session in sessions.values():
                    session.calls.end(error)

    def part(self, grace: float, others: Iterable[Table] = (), before: Callable[[], None] = lambda: None) -> None:
        """Leave the contexts of sessions that end (§5.9), and others, for at most `grace` seconds; `before` lets programs end."""
        with self.lock:
            tables = [table for table in (*(session.table for session in self.parting), *others) if table.entered]
        if tables:
            before()
        leaving = [threading.Thread(target=table.entered.end, daemon=True) for table in tables]
        for thread in leaving:
            thread.start()
        end = time.monotonic() + grace
        for thread in leaving:
            thread.join(max(0.0, end - time.monotonic()))

    def _remember(self, client: str, error: Gone | None) -> None:
        with self.lock:
            _note(self.ended, client, error)

    def _late(self, client: str, entry: Any) -> None:
        """Meet a frame of a client that is not, or no longer, in a conversation."""
        if client not in self.ended:
            raise FrameError("the first frame of a conversation is a hello")
        error = self.ended[client]
        if error is None:
            return self.send(client, NOTHING, entry)
        self.end(client, error, entry)

    def _sessions(self, client: str) -> dict[str, Session]:
        """Return the sessions of a client that has said hello and has not been forgotten since."""
        sessions = self.clients.get(client)
        if sessions is None:
            raise FrameError("the first frame of a conversation is a hello")
        return sessions

    def _shut(self, session: Session, error: Gone) -> None:
        """End the calls of a session now, and the session after its programs; with the lock."""
        session.shut(error)
        self.parting.add(session)
        _note(self.over, (session.client, session.id), None)

    def _close(self, session: Session, error: PolyloomError | None = None) -> None:
        if session.closed:
            return
        session.closed = True
        session.end()
        self.leave(session)
        self.runner.forget(session)
        with self.lock:
            self.parting.discard(session)
            known = self.clients.get(session.client, {}).pop(session.id, None)
        if known is not None:
            told = None if error is None else ["error", error.rooted().to_wire()]
            self.send(session.client, write_frame({"t": "closed", "session": session.id, "error": told}), None)


REMEMBERED = 10_000  # conversations and sessions that ended: late frames are no stranger's, and what comes again begins nothing
CONNECT_AGAIN = "connect again; a client that may sleep long needs a longer lease"

PYTHON = ".".join(map(str, sys.version_info[:3]))

STRANGERS = ("hello", "survey", "fetch", "fetched")  # kinds of frames that need no conversation

KINDS: dict[str, Callable[[Host, str, dict[str, Any], Frame, Any], None]] = {
    "hello": Host.hello,
    "open": Host.open,
    "program": Host.program,
    "answer": Host.answer,
    "cancel": Host.cancel,
    "ack": Host.ack,
    "close": Host.close,
    "bye": Host.bye,
    "survey": Host.survey,
    "fetch": Host.fetch,
    "fetched": Host.fetched,
}


def _note(ended: dict[Any, Any], name: Any, value: Any) -> None:
    """Remember what ended, as the last of REMEMBERED."""
    ended.pop(name, None)
    ended[name] = value
    if len(ended) > REMEMBERED:
        del ended[next(iter(ended))]
