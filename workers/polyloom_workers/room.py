"""What a host still takes (§9): sessions and programs beyond a limit are refused, so that nothing grows without bound.

It belongs to the runner's lock. Bytes are counted of programs that have to wait, until they have ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from polyloom.errors import LimitExceeded
from polyloom.frames import Frame
from polyloom.limits import Limits

if TYPE_CHECKING:
    from polyloom_workers.session import Program, Session, Strand

ELSEWHERE = "connect to another worker, or wait until this one has caught up"
AWAIT = "await some programs before you send more"

Clients = Mapping[str, Mapping[str, "Session"]]
"""The sessions of each client, by their ids."""


class Room:
    """Counts of one process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.octets = 0  # of all sessions

    def no_session(self, client: str, threads: int, clients: Clients, parting: Iterable[Session]) -> LimitExceeded | None:
        """Tell why a client gets no further session, if so; those that are parting hold objects and threads, too."""
        limits = self.limits
        if threads > limits.session_threads:
            return LimitExceeded(f"session_threads: {threads:,} threads are above {limits.session_threads}")
        own = len(clients.get(client, ()))
        if own >= limits.client_sessions:
            return LimitExceeded(f"client_sessions: this client has {own:,} open sessions", hint="close some")
        count = sum(map(len, clients.values())) + sum(1 for session in parting if session.client not in clients)
        if count >= limits.worker_sessions:
            return LimitExceeded(f"worker_sessions: this worker has {count:,} open sessions", hint=ELSEWHERE)
        held = sum(len(session.table) for sessions in clients.values() for session in sessions.values())
        if held >= limits.worker_slots:
            return LimitExceeded(f"worker_slots: this worker holds {held:,} objects", hint=ELSEWHERE)
        return None

    def no_program(self, session: Session, strand: Strand) -> LimitExceeded | None:
        """Tell why a strand takes no further program, if so; asked for a session with work, since what need not wait is taken."""
        limits = self.limits
        waiting = len(strand.queue) if session.order is None else session.order.waiting + len(strand.queue)
        if waiting >= limits.session_programs:
            return LimitExceeded(f"session_programs: {waiting:,} programs of this session wait", hint=AWAIT)
        if session.octets >= limits.session_bytes:
            return LimitExceeded(f"session_bytes: programs of {session.octets:,} bytes wait in this session", hint=AWAIT)
        if self.octets >= limits.worker_bytes:
            return LimitExceeded(f"worker_bytes: programs of {self.octets:,} bytes wait on this worker", hint=ELSEWHERE)
        return None

    def is_full(self, clients: Clients) -> bool:
        """Tell whether a client that is placed here now would be refused."""
        return self.octets >= self.limits.worker_bytes or self.no_session("", 1, clients, ()) is not None

    def take(self, session: Session, frame: Frame) -> int:
        """Count a program that has to wait; return the bytes for `leave`."""
        octets = len(frame.text) + sum(map(len, frame.attachments))
        session.octets += octets
        self.octets += octets
        return octets

    def leave(self, session: Session, program: Program) -> None:
        """A program has ended."""
        session.octets -= program.octets
        self.octets -= program.octets
