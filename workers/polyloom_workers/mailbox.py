"""What clients have not read yet (§8.3, §9), counted by the worker that writes it, so that no mailbox grows without bound.

Of a client whose mailbox is full no further program begins: what would begin one is set aside here until enough has been
acknowledged. Any thread may call; whoever reads the inbox takes what may go on.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from concurrent.futures import Future

from polyloom_workers.session import Late, Program, Strand

NEWS = (Program, Late)  # work that leads to more in the mailbox
UNREAD = 64  # entries whose ids are looked at when they are more, or when the mailbox seems full

_ENTRY_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")


class Mailbox:
    """What one client has not acknowledged."""

    __slots__ = ("acknowledged", "entries", "held", "octets", "trim", "waiters")

    def __init__(self) -> None:
        self.octets = 0  # of all frames, on their way to Redis and there; some may have been read
        self.entries: deque[tuple[bytes, int]] = deque()  # ids of entries, and bytes up to each from the one before
        self.acknowledged = "0-0"  # the id of the last entry that was read
        self.trim = ""  # the same, unless Redis was told already
        self.held: list[Strand] = []
        self.waiters: list[Future[None]] = []


class Mailboxes:
    """Those of all clients of one worker. `limit` is in bytes; one frame more than that is taken, however large."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._boxes: dict[str, Mailbox] = {}
        self._released: deque[Strand] = deque()
        self._lock = threading.Lock()
        self.full: set[str] = set()  # clients

    def is_full(self, client: str) -> bool:
        """Tell whether a client has to read before anything goes on."""
        return client in self.full

    # Writing

    def write(self, client: str, octets: int) -> str:
        """Count a frame that is on its way; return the id of an entry up to which Redis may forget, or nothing."""
        with self._lock:
            box = self._boxes.get(client)
            if box is None:
                box = self._boxes[client] = Mailbox()
            box.octets += octets
            if box.octets > self._limit and client not in self.full:
                self.full.add(client)
                self._count(client, box)  # it may have read more than was looked at
            trim, box.trim = box.trim, ""
            return trim

    def stored(self, client: str, octets: int, entry: bytes) -> None:
        """Note that Redis has frames of a client, under this id the last of them."""
        with self._lock:
            if (box := self._boxes.get(client)) is not None:
                box.entries.append((entry, octets))
                if client in self.full:
                    self._count(client, box)  # it may have been read already

    def lost(self, client: str, octets: int) -> None:
        """Note that a frame was refused for good."""
        with self._lock:
            if (box := self._boxes.get(client)) is not None:
                box.octets -= octets
                self._count(client, box)

    # Reading

    def acknowledge(self, client: str, entry: object) -> None:
        """Note up to where a client has read; what is no id of an entry is ignored."""
        box = self._boxes.get(client)
        if box is None or entry == box.acknowledged or not isinstance(entry, str) or not _ENTRY_ID.fullmatch(entry):
            return
        with self._lock:
            box.acknowledged = box.trim = entry
            if len(box.entries) > UNREAD or client in self.full:
                self._count(client, box)

    def trim(self, client: str) -> str:
        """Return the id of an entry up to which Redis may forget, where it has not been told; or nothing."""
        with self._lock:
            if (box := self._boxes.get(client)) is None:
                return ""
            trim, box.trim = box.trim, ""
            return trim

    def forget(self, client: str) -> None:
        """A client has gone: what was set aside goes on."""
        if client in self._boxes:
            with self._lock:
                box = self._boxes.pop(client, None)
                self.full.discard(client)
            if box is not None:
                self._let_go(box)

    def _count(self, client: str, box: Mailbox) -> None:
        """Take off what has been read; with the lock."""
        read = _id_of(box.acknowledged)
        while box.entries and _id_of(box.entries[0][0].decode()) <= read:
            box.octets -= box.entries.popleft()[1]
        if client in self.full and box.octets <= self._limit:
            self.full.discard(client)
            self._let_go(box)

    def _let_go(self, box: Mailbox) -> None:
        held, box.held = box.held, []
        self._released.extend(held)
        waiters, box.waiters = box.waiters, []
        for waiter in waiters:
            waiter.set_result(None)

    # Waiting

    def hold(self, strand: Strand) -> bool:
        """Set a strand aside whose next work would write to a full mailbox; tell whether it was."""
        client = strand.session.client
        if client not in self.full or not isinstance(strand.queue[0], NEWS):
            return False
        with self._lock:
            if client not in self.full:
                return False
            self._boxes[client].held.append(strand)
            return True

    def released(self) -> list[Strand]:
        """Return, once, what may go on."""
        return [self._released.popleft() for _ in range(len(self._released))] if self._released else []

    def room(self, client: str) -> Future[None] | None:
        """Return what is done when a client has read; None where it need not."""
        if client not in self.full:
            return None
        with self._lock:
            if client not in self.full:
                return None
            waiter: Future[None] = Future()
            self._boxes[client].waiters.append(waiter)
            return waiter


def _id_of(entry: str) -> tuple[int, int]:
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number)
