"""The threads of a crew: who there is, who waits at its gate, who can be hired. All of it belongs to the crew's lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from polyloom_workers.member import Member

MOST = 1000  # threads; sessions beyond share them
SPARES = 4  # threads without a session that wait for one


class Roster:
    """`run(member)` is the life of a thread."""

    def __init__(self, run: Callable[[Member], None]) -> None:
        self._run = run
        self.members: dict[int, Member] = {}  # by the ident of the thread
        self.free = 0  # threads without a session that do not wait within a program
        self._hired = 0
        self._parked: dict[Member, None] = {}  # with a home, waiting; the last one was at work last
        self._spares: dict[Member, None] = {}  # without one, likewise

    def enter(self, member: Member) -> None:
        """Begin the life of the thread that calls."""
        member.ident = threading.get_ident()
        self.members[member.ident] = member

    def here(self) -> Member | None:
        """Return the member of the thread that calls; None for any other thread."""
        return self.members.get(threading.get_ident())

    def hire(self, forced: bool = False) -> Member | None:
        """Return a new thread, or None where there are enough."""
        if self._hired >= MOST and not forced:
            return None
        self._hired += 1
        self.free += 1
        member = Member()
        member.thread = threading.Thread(target=self._run, args=(member,), name=f"polyloom-{self._hired}", daemon=True)
        member.thread.start()
        return member

    def dismiss(self, member: Member) -> None:
        """End the life of the thread that calls."""
        del self.members[member.ident]
        self._hired -= 1
        self.free -= 1

    def has_spares(self) -> bool:
        """Tell whether as many threads wait for a session as ever should."""
        return len(self._spares) >= SPARES

    def spare(self) -> Member | None:
        """Return a thread without a session that waits, if one does."""
        return next(reversed(self._spares), None)

    def last_at_work(self) -> Member | None:
        """Return the thread among those that wait that was at work last."""
        return next(reversed(self._parked), None) or self.spare()

    def park(self, member: Member) -> None:
        """Note that a thread is about to wait at its gate."""
        member.parked = True
        (self._parked if member.owners else self._spares)[member] = None

    def unpark(self, member: Member) -> bool:
        """Let a thread go on; False when it did not wait."""
        if not member.parked:
            return False
        member.parked = False
        self._parked.pop(member, None)
        self._spares.pop(member, None)
        member.gate.release()
        return True

    def unpark_all(self) -> None:
        """Let every thread go on."""
        for member in [*self._parked, *self._spares]:
            self.unpark(member)

    @property
    def threads(self) -> list[threading.Thread]:
        """The threads that were hired and not dismissed."""
        return [member.thread for member in [*self.members.values()] if member.thread is not None]

    def join(self, timeout: float) -> None:
        """Wait until they have ended, at most `timeout` seconds for all."""
        end = monotonic() + timeout
        for thread in self.threads:
            thread.join(max(0.0, end - monotonic()))
