"""Leader and followers: one thread reads, runs what it read, and is relieved when that takes long.

A short program is run by the thread that read it, so the common case has no hand-over between threads. A watcher looks
every PATIENCE seconds while there is work; when the leader has been in one program for longer, another thread takes the
lead and reads on, so no session waits behind the slow call of another.

    receive()  sends what was answered, blocks until frames came and has filed them with `ready`   (leader only)
    turn(s)    runs one program of a session, tells whether more wait      (any thread)
    flush()    sends what was answered                                     (any thread)

A program that waits for its client calls `attend`: a leader reads on itself, so that the answer needs no hand-over either.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

PATIENCE = 0.004  # seconds; a hand-over costs about 50 us, a call that is worth one takes longer than this
BURST = 32  # programs after which replies are sent although more programs wait
LATE = 0.001  # seconds that one program takes, after which its reply is sent at once
REST = 1.0  # seconds without work after which the watcher sleeps


class Waiting(Protocol):
    """Something that a program waits for."""

    news: threading.Event | None  # set whenever `due` may have changed

    def due(self) -> bool:
        """Tell whether the wait is over."""


class Crew(Generic[T]):
    """At most `threads` run sessions, and one more reads."""

    def __init__(self, receive: Callable[[], bool], turn: Callable[[T], bool], flush: Callable[[], None], threads: int) -> None:
        self._receive = receive
        self._turn = turn
        self._flush = flush
        self._limit = threads
        self._ready: deque[T] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)  # for members with nothing to do
        self._stopping = False
        self._lead = 0  # grows with every change of the leader
        self._led = False
        self._leader = 0  # its thread
        self._waiting = 0  # members in `attend`
        self._running = 0
        self._idle = 0
        self._unsent = 0  # programs run since the last flush
        self._busy_since = 0.0  # when the leader began its program; 0 while it reads
        self._seen = 0.0  # last time that there was work
        self._alarm = threading.Event()
        self._on_end: Callable[[], None] | None = None
        self._members: list[threading.Thread] = []
        self._idents: set[int] = set()  # of threads in `run`

    def ready(self, item: T) -> None:
        """File an item that has work; from the leader, which turns to it next."""
        self._ready.append(item)

    def wake(self, item: T) -> None:
        """File an item that has work, from any thread: a follower takes it, since the leader may read for long."""
        self._ready.append(item)
        with self._lock:
            self._call_up()

    def attend(self, waiting: Waiting) -> None:
        """Wait, within a program or on any other thread, until something is due."""
        member = threading.get_ident() in self._idents
        with self._lock:
            leads = self._leader == threading.get_ident() and not self._stopping
            if leads:
                self._busy_since = 0.0  # it reads, so it is not relieved
            self._running -= member
            self._waiting += member
        try:
            while leads and not waiting.due():
                leads = self._attend_leading()
            if not waiting.due():
                self._flush()
            while not waiting.due():
                assert waiting.news is not None
                waiting.news.wait()
                waiting.news.clear()
        finally:
            with self._lock:
                self._running += member
                self._waiting -= member
                if leads:
                    self._busy_since = time.monotonic()

    def _attend_leading(self) -> bool:
        """Read once in place of the program that waits; False at the end of the input."""
        if self._ready:
            with self._lock:
                self._call_up()
        if self._receive():
            return True
        self._end()
        return False

    def start(self) -> None:
        """Start the first reader and the watcher, and return."""
        threading.Thread(target=self._watch, name="polyloom-watch", daemon=True).start()
        with self._lock:
            self._hire()

    def serve(self, on_end: Callable[[], None]) -> None:
        """Be the first reader, until the end of the input. `on_end` is called by the thread that met it, if it is another one."""
        threading.Thread(target=self._watch, name="polyloom-watch", daemon=True).start()
        self._on_end = on_end
        self.run()

    def stop(self) -> None:
        """Let every thread end after what it runs now. `receive` must return soon by itself."""
        with self._lock:
            self._stopping = True
            self._wake.notify_all()
        self._alarm.set()

    def join(self, timeout: float) -> None:
        """Wait until the threads ended, at most `timeout` seconds for all."""
        end = time.monotonic() + timeout
        for member in self._members:
            member.join(max(0.0, end - time.monotonic()))

    def run(self) -> None:
        """Be a member: lead when nobody does, else run what is ready, else wait."""
        self._idents.add(threading.get_ident())
        while True:
            with self._lock:
                if self._stopping:
                    return
                if not self._led:
                    self._led = True
                    self._lead += 1
                    self._leader = threading.get_ident()
                    lead = self._lead
                elif self._ready and self._running < self._limit:
                    lead = 0
                else:
                    self._idle += 1
                    self._wake.wait()
                    self._idle -= 1
                    continue
            if lead:
                self._read(lead)
            else:
                self._work(lead)

    def _read(self, lead: int) -> None:
        """Lead: run what is ready, read on, until relieved."""
        while not self._stopping:
            if self._ready and not self._alarm.is_set():
                self._seen = time.monotonic()
                self._alarm.set()
            while self._ready and not self._stopping and self._work(lead):
                pass
            with self._lock:  # from here on it cannot be relieved: there is one reader
                if self._lead != lead:
                    return
                self._busy_since = 0.0
            if not self._receive():
                return self._end()

    def _end(self) -> None:
        self.stop()
        if self._on_end is not None and threading.current_thread() in self._members:
            self._on_end()

    def _work(self, lead: int) -> bool:
        """Run one program of one ready item; False when there is none for us, or we lead no more. `lead` 0: as a follower.

        The leader sends replies with its next read, unless they would wait for others.
        """
        with self._lock:
            if not self._ready or self._running >= self._limit or (lead and self._lead != lead):
                return False
            item = self._ready.popleft()
            self._running += 1
            began = self._seen = time.monotonic()
            if lead:
                self._busy_since = began
        try:
            if self._turn(item):
                self._ready.append(item)
        finally:
            with self._lock:
                self._running -= 1
        self._unsent += 1
        if not lead or self._unsent >= BURST or time.monotonic() - began > LATE:
            self._unsent = 0
            self._flush()
        return True

    def _watch(self) -> None:
        while not self._stopping:
            time.sleep(PATIENCE)
            now = time.monotonic()
            since = self._busy_since
            if since and now - since > PATIENCE:
                self._flush()
                self._relieve(since)
            elif now - self._seen > REST:
                self._alarm.clear()
                with self._lock:  # a program is taken and its beginning noted as one step
                    idle = not self._busy_since and not self._ready
                if idle:
                    self._alarm.wait()

    def _relieve(self, since: float) -> None:
        """Give the lead to another thread, unless the leader has gone back to reading."""
        with self._lock:
            if self._busy_since != since:
                return
            self._led = False
            self._lead += 1
            self._leader = 0
            self._busy_since = 0.0
            if self._idle:
                self._wake.notify()
            else:
                self._hire()

    def _call_up(self) -> None:
        """Have a follower look, with the lock: one that is idle, or a new one."""
        if self._idle:
            self._wake.notify()
        elif self._running < self._limit and len(self._members) - self._waiting <= self._limit:
            self._hire()

    def _hire(self) -> None:
        member = threading.Thread(target=self.run, name=f"polyloom-{len(self._members) + 1}", daemon=True)
        self._members.append(member)
        member.start()
