"""The objects of one session, by slot (§5.5), and what tells that two handles name the same object (§6.3)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from copy import copy
from itertools import count
from typing import Any

from polyloom.entered import Entered
from polyloom.errors import LimitExceeded, UnknownName
from polyloom.exposed import Exposed
from polyloom.failure import Failed, Failure
from polyloom.guard import Guard
from polyloom.lent import Lent
from polyloom.limits import DEFAULT_LIMITS, Limits
from polyloom.pending import Pending, Spawn
from polyloom.shared import Shared

Borrow = Callable[[str, int, int], object]
"""`borrow(session, n, slot)` returns what program `n` of another session lends in a slot (§14)."""


class _Missing:
    """What stands in an empty slot."""


_MISSING = _Missing()
_NO_VALUE = frozenset({_Missing, Pending, Failure})
NEVER = "it was released or never filled, or what fills it waits for the callback that asks"


class Table:
    """Positive slots are the client's choice, negative ones the host's; none is ever used twice."""

    __slots__ = (
        "_export_slots",
        "_identities",
        "_lock",
        "_shared",
        "borrow",
        "cancelled",
        "entered",
        "exposed",
        "filling",
        "guards",
        "late_errors",
        "lent",
        "limits",
        "objects",
        "reserved",
        "shared",
        "spawn",
        "wait",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.objects: dict[int, object] = {}
        self.spawn: Spawn | None = None  # starts coroutines; without it they are objects like any other
        self.shared: Shared | None = None  # objects under names; without it there are none
        self.lent = Lent()  # to other sessions
        self.borrow: Borrow | None = None  # gives what they lend; without it there are none
        self.exposed: Exposed | None = None  # objects of the client; without it they are refused
        self.entered = Entered()  # contexts that are open, by the slot of their `enter`
        self.guards: dict[int, Guard] = {}  # of ops that run and may be interrupted, by their slots
        self.cancelled: set[int] = set()  # slots of ops that were given up before they began
        self.wait: Callable[[Future[Any]], None] | None = None  # returns when a future of these has its outcome
        self.filling = 0  # the slot of the op that runs now
        self.late_errors: dict[int, Exception] = {}  # id() of an iterator -> what it raised after its last items
        self._identities: dict[int, int] = {}  # id() of an object -> the first slot that a handle of it was given for
        self._shared: dict[int, set[int]] = {}  # id() -> all such slots, once there was more than one
        self._lock = threading.Lock()  # for these two, which change together
        self._export_slots = count(-1, -1)  # drawn in one step, by whichever thread
        self.reserved: deque[int] = deque()  # slots for what is found inside data next, where they are known from before

    def beside(self) -> Table:
        """Return the same objects for a program that runs beside others; only `filling` is its own."""
        return copy(self)

    def __len__(self) -> int:
        return len(self.objects)

    def get(self, slot: object) -> object:
        """Return the object; UnknownName when there is none, Failed when its op failed."""
        value = self.objects.get(slot, _MISSING) if type(slot) is int else _MISSING
        return self._settled(slot, value) if type(value) in _NO_VALUE else value

    def _settled(self, slot: object, value: object) -> object:
        """Return the value of what is none yet, or raise why there is none."""
        if value is _MISSING:
            raise UnknownName(f"nothing stands in slot {slot!r}", hint=NEVER)
        if type(value) is Pending:
            value = self._settle(slot, value)
        if type(value) is Failure:
            raise Failed(value)
        return value

    def _settle(self, slot: Any, pending: Pending) -> object:
        """Wait for a coroutine, and let its outcome take its place."""
        value = pending.wait(self.wait)
        if self.objects.get(slot) is pending:
            self.objects[slot] = value
        return value

    def put(self, slot: int, value: object) -> None:
        """Fill a slot; LimitExceeded when the session holds as many objects as it may."""
        objects = self.objects
        if len(objects) >= self.limits.session_slots:
            raise LimitExceeded(f"session_slots: this session holds {len(objects):,} objects", hint="release some")
        objects[slot] = value

    def refuse(self, ops: Sequence[Any], failure: Failure) -> None:
        """Fill what a program that is not run would have filled, as far as there is room: later ops meet the cause."""
        room = 2 * self.limits.session_slots - len(self.objects)
        for op in ops[: max(0, room)]:
            if type(op) is list and len(op) > 1 and type(op[1]) is int and op[1] > 0:
                self.objects.setdefault(op[1], failure)

    def export(self, value: object) -> int:
        """Put an object found inside data into a slot of the host's choice and return the slot."""
        slot = self.reserved.popleft() if self.reserved else next(self._export_slots)
        self.put(slot, value)
        return slot

    def export_below(self, slot: int) -> None:
        """Choose lower slots than this one from now on: those above it were used in a life before."""
        self._export_slots = count(slot - 1, -1)

    def identity(self, slot: int, value: object) -> int:
        """Return the number that all handles of this object share while one of them is held."""
        key = id(value)
        with self._lock:
            first = self._identities.setdefault(key, slot)
            if first != slot:
                self._shared.setdefault(key, {first}).add(slot)
        return first

    def release(self, slot: int) -> None:
        """Forget a slot; an unknown one is ignored."""
        value = self.objects.pop(slot, None)
        if self.lent.loans:
            self.lent.release(slot)
        if self.late_errors:
            self.late_errors.pop(id(value), None)
        if self._identities and id(value) in self._identities:
            self._forget(slot, id(value))

    def _forget(self, slot: int, key: int) -> None:
        """Forget that a handle was given for a slot, if one was, and with the last one the identity."""
        with self._lock:
            first, slots = self._identities.get(key), self._shared.get(key)
            if slots is None:
                if first == slot:
                    del self._identities[key]
                return
            slots.discard(slot)
            if slots <= {first}:
                del self._shared[key]
            if not slots:
                del self._identities[key]

    def cancel(self, slot: int) -> None:
        """Give up the op that fills a slot: it is interrupted, or will not begin; one that has ended stays."""
        guard = self.guards.get(slot)
        if guard is not None:
            return guard.cancel()
        value = self.objects.get(slot)
        if type(value) is Pending:
            value.cancel()
        elif slot not in self.objects and len(self.cancelled) < self.limits.session_slots:
            self.cancelled.add(slot)

    def clear(self) -> None:
        """Forget everything, cancel what has not ended, and leave the contexts that are open."""
        for value in list(self.objects.values()):
            if type(value) is Pending:
                value.cancel()
        self.entered.end()
        self.lent.end(UnknownName("the session of this argument has ended", code="UnknownSession"))
        self.objects.clear()
        self.late_errors.clear()
        self.cancelled.clear()
        self._identities.clear()
        self._shared.clear()
