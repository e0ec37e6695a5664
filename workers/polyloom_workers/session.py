"""A session on its host (§4): its objects, its place in the order of programs, its queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from polyloom.errors import FrameError, Gone, LimitExceeded, PolyloomError
from polyloom.executor import PENDING, Reply, Waiting, apply
from polyloom.frames import Buffer, Frame, write_frame
from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom.table import Table
from polyloom_workers.member import Member
from polyloom_workers.order import Order

if TYPE_CHECKING:
    from polyloom_workers.calls import Calls


NO_KEYS: Mapping[str, Any] = MappingProxyType({})


class Program:
    """A program that waits for its turn. `entry` is the transport's name for the frame that brought it."""

    guarded: Sequence[int] = ()  # slots of ops that may be given up (§5.8)
    octets = 0  # that are counted while it waits

    def __init__(
        self, n: int, ops: Sequence[Any], attachments: Sequence[Buffer] = (), entry: Any = None, keys: Mapping[str, Any] = NO_KEYS
    ) -> None:
        self.n = n
        self.ops = ops
        self.attachments = attachments
        self.entry = entry
        self.keys = keys  # of its frame


class Ran(NamedTuple):
    """A program that ran: its reply, and when it ran, in seconds of the monotonic clock."""

    program: Program
    reply: Reply
    frame: Frame
    rest: Sequence[Frame]  # results that did not fit into the first one
    began: float
    ended: float


class Halt(Exception):
    """A session cannot go on; its client is told why."""

    def __init__(self, error: PolyloomError) -> None:
        super().__init__(str(error))
        self.error = error


class Late(NamedTuple):
    """A result of a program that has ended after the reply."""

    ran: Ran
    place: Waiting


RUNNING: ContextVar[tuple[Session, int, int, Table] | None] = ContextVar("polyloom-running", default=None)
"""The program at work, by its session, number, thread and table, for what runs in its context: not its threads, but its
coroutines."""


class Strand:
    """Work of a session that is done one after the other; belongs to the host's lock."""

    __slots__ = ("home", "queue", "scheduled", "session")

    attended = False  # somebody waits for its work, and does it

    def __init__(self, session: Session) -> None:
        self.session = session
        self.home: Member | None = None  # the thread that it runs on; any one, for what is not a session
        self.queue: deque[Any] = deque()
        self.scheduled = False  # it is among those that threads turn to, or with one

    def wake(self) -> None:
        """Have whoever waits look."""


class Session(Strand):
    """One client's ordered conversation. Its queue takes Programs, and None for its end."""

    calls: Calls  # of objects of the client; set by the host
    lasting = False  # it has objects before its first program, and others after its client

    def __init__(self, session_id: str, client: str, policy: Policy, limits: Limits, threads: int = 1) -> None:
        super().__init__(self)
        self.id = session_id
        self.client = client
        self.policy = policy
        self.table = Table(limits)
        self.order = Order(threads) if threads > 1 else None  # of programs that run side by side, in place of the queue
        self.finishing = threading.Lock()
        self.last = 0  # number of the last program accepted
        self.begun = 0  # of those that have begun, the highest number
        self.octets = 0  # of programs that wait
        self.unfinished: set[int] = set()  # programs accepted whose ops have not all run
        self.neighbours: dict[str, str] = {}  # other sessions that its client has told of, to their workers (§14)
        self.closed = False

    @property
    def waiting(self) -> int:
        """How many programs have not begun."""
        return self.last - self.begun if self.order is None else self.order.waiting

    def meet(self, others: Any) -> None:
        """Note where other sessions are."""
        if type(others) is not dict or not all(type(worker) is str for worker in others.values()):
            raise FrameError('sessions to ids of workers stand under "far"')
        if len(self.neighbours) + len(others) > self.table.limits.session_slots:
            self.neighbours.clear()
        self.neighbours.update(others)

    def done(self, n: int) -> None:
        """The ops of a program have run."""
        self.unfinished.discard(n)
        if self.table.lent.awaited:
            self.table.lent.missed(n)

    def run(self, program: Program, table: Table) -> Ran:
        """Run one program and return its outcome with its reply as a frame."""
        began = monotonic()
        reply = apply(program.ops, table, self.policy, program.attachments, program.guarded)
        return self._framed(program, reply, self._body(program.n, reply), began)

    def begin(self, alive: Callable[[str], bool], wait: Callable[[Future[None]], None]) -> Frame:
        """Do what comes before the first program of a lasting session, and return what its client is told."""
        raise NotImplementedError

    def leaving(self, body: Mapping[str, Any]) -> None:
        """Take note of how its client says that it ends."""

    def shut(self, error: Gone) -> None:
        """End the calls of its objects now; the session itself ends after its programs."""
        self.calls.end(error)
        self.table.entered.gone = error

    def printed(self, slot: int, stream: str, text: str) -> None:
        """Take note of what the program at work prints."""

    def end(self) -> None:
        """Free its objects."""
        self.table.clear()

    def _body(self, n: int, reply: Reply) -> dict[str, Any]:
        """Return the body of a reply."""
        body: dict[str, Any] = {"t": "reply", "session": self.id, "n": n, "results": reply.results}
        if reply.failed:
            body["failed"] = reply.failed
        exposed = self.table.exposed
        if exposed is not None and exposed.used:
            body.update(exposed.news(reply.named))
        return body

    def _framed(self, program: Program, reply: Reply, body: dict[str, Any], began: float) -> Ran:
        """Return the outcome of a program, in as many frames as it takes."""
        frame = write_frame(body, reply.attachments)
        size, limit = len(frame.text), self.table.limits.frame_bytes
        if size <= limit:
            return Ran(program, reply, frame, (), began, monotonic())
        body, later = fitted(body, size, limit)
        frame = write_frame(body, reply.attachments)
        rest = [write_frame(self._late(program.n, *one), reply.attachments) for one in later]
        return Ran(program, reply, frame, rest, began, monotonic())

    def finish(self, late: Late) -> Frame:
        """Return a result that came later as a frame (§5.7)."""
        result, attachments = late.ran.reply.late(late.place)
        limit = self.table.limits.frame_bytes
        if (size := _size(result)) > limit:
            result, attachments = _refused(size, limit), []
        body = self._late(late.ran.program.n, late.place.at, result)
        exposed = self.table.exposed
        if exposed is not None and exposed.used:
            body.update(exposed.news())
        return write_frame(body, attachments)

    def _late(self, n: int, at: int, result: Any) -> dict[str, Any]:
        return {"t": "late", "session": self.id, "n": n, "results": [[at, result]]}


def fitted(body: dict[str, Any], size: int, limit: int) -> tuple[dict[str, Any], list[tuple[int, Any]]]:
    """Return the body of a reply of `size` bytes without its largest results, so that it fits into a frame (§9), and the
    results that come later for that, by their index. What fits into no frame is refused."""
    results: list[Any] = [*body["results"]]
    failed: list[Any] = [*body.get("failed", ())]
    later = []
    places = [(_size(one), results, at) for at, one in enumerate(results)]
    places += [(_size(form), failed, at) for at, (_, form) in enumerate(failed)]
    for large, forms, at in sorted(places, key=lambda place: place[0], reverse=True):
        if size <= limit:
            break
        form = results[at] if forms is results else failed[at][1]
        if large + ROOM > limit or forms is failed:
            form = _refused(large, limit)
        else:
            later.append((at, form))
            form = PENDING
        forms[at] = form if forms is results else [failed[at][0], form]
        size -= large - _size(form)
    return {**body, "results": results, **({"failed": failed} if failed else {})}, later


ROOM = 256  # bytes of a frame around one result


def _size(wire: Any) -> int:
    return len(write_frame({"v": wire}).text)


def _refused(size: int, limit: int) -> list[Any]:
    error = LimitExceeded(
        f"frame_bytes: a result of {size:,} bytes is above {limit:,}", hint="keep it there, and await parts of it"
    )
    return ["error", error.to_wire()]
