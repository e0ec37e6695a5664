"""The threads of a host: every session has one of its own, and the thread that is busy with reading is one of them.

A session runs on the same thread as long as it lives, as a script would: connections of sqlite3, thread-local state and
contexts stay where they were made. Only one thread reads, the *leader*. What it reads for its own session it runs at once, so
that one busy client needs no hand-over between threads; when all that came was for one other session, the lead goes to that
session's thread along with the work. A watch (`watch.py`) looks every few milliseconds while there is work; when the leader has
been in one program for longer, another thread takes the lead and reads on: no session waits behind the slow call of another.

    receive()  sends what was answered, blocks until frames came and has filed them with `ready`   (leader only)
    turn(s)    runs one program of a session, tells whether more wait      (the thread of the session)
    flush()    sends what was answered                                     (any thread)

What belongs to no thread is given to `wake`, and spare threads do it. A program that waits calls `attend`: a leader reads on
itself meanwhile, so that an answer needs no hand-over either.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from itertools import islice
from time import monotonic
from typing import Generic, Protocol, TypeVar

from polyloom_workers.member import Member
from polyloom_workers.roster import Roster
from polyloom_workers.watch import Watch

logger = logging.getLogger(__name__)

BURST = 32  # programs after which replies are sent although more programs wait
LATE = 0.001  # seconds that one program takes, after which its reply is sent at once
MOST_LONG = 256  # programs that do so; each has a thread, and they share one GIL with all others


class Item(Protocol):
    """Something with turns to take: a session, or work that belongs to no thread."""

    home: Member | None  # the thread that it runs on


class Waiting(Protocol):
    """Something that a program waits for."""

    news: threading.Event | None  # set whenever `due` may have changed

    def due(self) -> bool:
        """Tell whether the wait is over."""


T = TypeVar("T", bound=Item)


class Crew(Generic[T]):
    """At most `limit` programs run at once, those that take long not counted, and one thread more reads."""

    _turn: Callable[[T], bool]

    def __init__(self, receive: Callable[[], bool], flush: Callable[[], None], limit: int) -> None:
        self._receive = receive
        self._flush = flush
        self._limit = limit
        self._filed: deque[T] = deque()  # by the leader
        self._loose: deque[T] = deque()  # for spare threads
        self._lock = threading.Lock()
        self._roster = Roster(self._run)
        self._waiting: deque[Member] = deque()  # with work, until fewer programs run
        self.leader: Member | None = None
        self._running = 0
        self._excused = 0  # programs at work that are not counted there
        self._unsent = 0  # programs run since the last flush
        self._watch = Watch(self)
        self._stopping = False
        self._on_end: Callable[[], None] | None = None

    # Filing work

    def ready(self, item: T) -> None:
        """File an item that has work; from the leader."""
        self._filed.append(item)

    def wake(self, item: T) -> None:
        """File work that belongs to no thread, from any thread."""
        with self._lock:
            self._loose.append(item)
            self._call_spare()

    def leave(self, item: T) -> None:
        """An item has ended: its thread may be another one's."""
        with self._lock:
            home, item.home = item.home, None
            if home is not None:
                home.owners -= 1
                self._roster.free += not home.owners
                self._roster.unpark(home)  # it is a spare now, or not needed

    def attend(self, waiting: Waiting, reads: bool) -> None:
        """Wait, within a program or on any other thread, until something is due; `reads`: what is read may make it so."""
        member = self._roster.here()
        with self._lock:
            leads = member is not None and self.leader is member and not self._stopping
            if leads and not reads:
                leads = False
                self._appoint()
            if member is not None:
                free = not member.owners
                self._give_place(member)
                self._roster.free -= free
                member.since = 0.0
                if self._loose:  # this thread will not do it
                    self._call_spare()
        try:
            while leads and not waiting.due():
                leads = self._read_on()
            if not waiting.due():
                self._flush()
            while not waiting.due():
                assert waiting.news is not None
                waiting.news.wait()
                waiting.news.clear()
        finally:
            if member is not None:
                with self._lock:
                    self._running += 1
                    self._roster.free += free
                    member.since = monotonic()

    # Beginning and end

    def start(self, turn: Callable[[T], bool]) -> None:
        """Start the first reader and the watcher, and return."""
        self._turn = turn
        self._watch.start()
        with self._lock:
            self._roster.hire()

    def serve(self, turn: Callable[[T], bool], on_end: Callable[[], None]) -> None:
        """Be the first reader, until the end of the input. `on_end` is called by the thread that met it, if it is another one."""
        self._turn = turn
        self._watch.start()
        self._on_end = on_end
        self._roster.free += 1
        self._run(Member())

    def stop(self) -> None:
        """Let every thread end after what it runs now. `receive` must return soon by itself."""
        with self._lock:
            self._stopping = True
            self._roster.unpark_all()
        self._watch.stop()

    def join(self, timeout: float) -> None:
        """Wait until the threads ended, at most `timeout` seconds for all."""
        self._roster.join(timeout)

    @property
    def threads(self) -> list[threading.Thread]:
        """The threads that it has made and not dismissed."""
        return self._roster.threads

    # The life of a thread

    def _run(self, member: Member) -> None:
        """Lead when nobody does, else do what is there, else wait."""
        self._roster.enter(member)
        while True:
            item = None
            with self._lock:
                if self._stopping:
                    return
                self.leader = self.leader or member
                leads = self.leader is member
                if not leads and (item := self._next(member)) is None:
                    if self._is_superfluous(member):
                        return self._roster.dismiss(member)
                    self._roster.park(member)
            if leads:
                self._lead(member)
                self._flush()  # what it has answered, since another one reads now
            elif item is not None:
                again = self._work(member, item, leads=False)
                with self._lock:
                    self._put_back(member, item, again)
            else:
                member.gate.acquire()

    def _lead(self, member: Member) -> None:
        """Run what is here, read on, until another one leads."""
        item: T | None = None
        again = False
        while not self._stopping:
            with self._lock:
                if item is None:
                    pass
                elif again or self._waiting or member.excused:
                    self._put_back(member, item, again)
                else:
                    self._running -= 1
                if self.leader is not member:
                    return  # it was relieved: what is filed is another one's, who reads
                item = None
                if self._filed and (item := self._only(member)) is None:
                    self._hand_out(member)
                    if self.leader is not member:
                        return
                if item is None and (member.work or member.granted or self._waiting or self._loose):
                    item = self._next(member)
                    if item is None and member.work:  # it must wait until fewer programs run, so another one reads
                        return self._appoint()
            if item is not None:
                again = self._work(member, item, leads=True)
            elif not self._receive():
                return self._end(member)

    def _read_on(self) -> bool:
        """Read once in place of a program that waits; False at the end of the input."""
        if not self._receive():
            self._end(self._roster.here())
            return False
        with self._lock:
            self._hand_out(None)
        return True

    def _work(self, member: Member, item: T, leads: bool) -> bool:
        """Run one program and tell whether more wait. A leader sends replies with its next read, unless they would wait long."""
        watch = self._watch
        began = watch.seen = member.since = monotonic()
        if watch.asleep:
            watch.wake()
        try:
            again = self._turn(item)
        except BaseException:  # whatever it is, this thread goes on
            logger.exception("a turn of a session failed")
            again = False
        unsent = self._unsent = self._unsent + 1
        if not leads or unsent >= BURST or monotonic() - began > LATE:
            self._unsent = 0
            self._flush()
        member.since = 0.0  # not before: a client that does not read may hold it in a write, while another thread reads
        return again

    def _end(self, member: Member | None) -> None:
        self.stop()
        if self._on_end is not None and member is not None and member.thread is not None:
            self._on_end()

    # With the lock

    def _next(self, member: Member) -> T | None:
        """Return what a thread does next, as one of those that run; it waits in line when there are enough."""
        source = member.work or (None if member.owners or self.leader is member else self._loose)
        if not source:
            self._step_out(member)
            return None
        if not member.granted:
            if self._running >= self._limit:
                self._line_up(member)
                return None
            self._running += 1
        member.granted = False
        item: T = source.popleft()
        return item

    def _step_out(self, member: Member) -> None:
        """A thread has nothing to run: it takes no place, and none in line, where it would be let in while it reads."""
        if member.granted:
            member.granted = False
            self._pass_on()
        elif self._waiting and member in self._waiting:
            self._waiting.remove(member)
        if self._loose and self.leader is member:  # it may have been the one who waited to do that
            self._call_spare()

    def _only(self, leader: Member) -> T | None:
        """Return what was filed if that is one thing, and the leader's own: what most reads bring, without a detour."""
        filed = self._filed
        if len(filed) > 1 or filed[0].home is not leader or leader.work or leader.granted or self._running >= self._limit:
            return None
        self._running += 1
        return filed.popleft()

    def _put_back(self, member: Member, item: T, again: bool) -> None:
        """A program has ended; its session may have more."""
        if again:
            (self._loose if item.home is None else item.home.work).append(item)
        self._give_place(member)

    def _give_place(self, member: Member) -> None:
        """A program runs no more, or waits; one that takes long has made room already."""
        if member.excused:
            member.excused = False
            self._excused -= 1
            self._roster.free += member.lent
        else:
            self._pass_on()

    def _excuse(self, member: Member) -> None:
        """Let another program run beside one that takes long."""
        member.excused, member.lent = True, not member.owners
        self._excused += 1
        self._roster.free -= member.lent
        self._pass_on()
        if self._loose:
            self._call_spare()

    def _line_up(self, member: Member) -> None:
        """Have a thread with work wait until fewer programs run."""
        if member not in self._waiting:
            self._waiting.append(member)
            self._watch.wake()

    def _pass_on(self) -> None:
        """One program runs less: let in who waits for that."""
        if self._waiting:  # one takes the place of another
            member = self._waiting.popleft()
            member.granted = True
            self._roster.unpark(member)
        else:
            self._running -= 1

    def _hand_out(self, leader: Member | None) -> None:
        """Give what was filed to the threads that it belongs to; the lead goes along where all is one other's."""
        home, woken = leader, False
        while self._filed:
            item = self._filed.popleft()
            home = item.home or self._settle(item, leader)
            home.work.append(item)
            woken = home is not leader and self._roster.unpark(home)
            if woken or (home is leader and not leader.granted):
                self._let_in(home)
        if leader is not None and woken and not leader.work:
            self.leader = home

    def _settle(self, item: T, leader: Member | None) -> Member:
        """Return the home of a new item: the leader where it has no other, else a spare or a new thread."""
        home = leader if leader is not None and not leader.owners else self._roster.spare()
        if home is None:
            home = self._roster.hire()
            if home is not None:
                self._let_in(home)
            else:
                home = min(self._roster.members.values(), key=lambda one: one.owners)
        self._roster.free -= not home.owners
        home.owners += 1
        item.home = home
        return home

    def _let_in(self, member: Member) -> None:
        """Count a thread that is about to begin among those that run, or have it wait in line."""
        if self._running < self._limit:
            self._running += 1
            member.granted = True
        else:
            self._line_up(member)

    def _appoint(self) -> None:
        """Have another thread lead: who was at work last."""
        member = self._roster.last_at_work()
        self.leader = member or self._roster.hire(forced=True)
        if member is not None:
            self._roster.unpark(member)

    def _call_spare(self) -> None:
        """Have a thread without a home look at what belongs to none."""
        member = self._roster.spare()
        if member is not None:
            self._roster.unpark(member)
        elif self._roster.free <= self._limit:
            self._roster.hire(forced=True)
        else:
            self._watch.wake()

    def _is_superfluous(self, member: Member) -> bool:
        idle = not member.owners and member not in self._waiting
        return idle and member.thread is not None and self._roster.has_spares()

    # What the watch asks for

    @property
    def crowded(self) -> bool:
        """Tell whether some work waits although there is nobody to do it."""
        return bool(self._waiting or self._loose)

    def relieve(self, leader: Member, since: float) -> None:
        """Send what was answered, and give the lead to another thread, unless that program has ended."""
        self._flush()
        with self._lock:
            if self.leader is leader and leader.since == since:
                self._appoint()

    def make_room(self, now: float) -> None:
        """Let in those that wait behind programs that take long."""
        with self._lock:
            wanted = min(len(self._waiting) + len(self._loose), MOST_LONG - self._excused)
            long = (member for member in self._roster.members.values() if member.takes_long(now))
            for member in [] if self._stopping else list(islice(long, wanted)):
                self._excuse(member)
