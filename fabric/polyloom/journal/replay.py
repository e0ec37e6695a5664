"""What of a log is run again to rebuild the objects of a session (§15.6). Nothing is run here, and nothing is read.

Objects that some op has brought together are a group: a step on one may have changed the others. A group is run again if one of
its objects is held still. What ended and left nothing is not run again: a call whose result is data, a group that was released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from polyloom.frames import Buffer
from polyloom.journal.log import Recorded
from polyloom.journal.references import Op, references


class Known(NamedTuple):
    """A result as it was told, and the attachments that it names."""

    result: Any
    attachments: Sequence[Buffer]


class Again(NamedTuple):
    """What is done again of one program: slots that take what is recorded, then ops. `exports` are the slots that live objects
    inside its results had, in order."""

    recorded: Recorded
    known: dict[int, Known | None]  # slot -> what is recorded; None: the outcome of a step that runs once
    ops: list[Op]
    exports: list[int]
    released: list[int]


@dataclass(slots=True)
class _Choice:
    """The same while the log is looked through, without any data: ops by their places, what is known by who told it."""

    n: int
    known: dict[int, int | None] = field(default_factory=dict)
    ops: list[int | Op] = field(default_factory=list)  # pulls that are asked again only in part are ops of their own
    exports: list[int] = field(default_factory=list)


class Log(Protocol):
    """Programs, that are read anew each time."""

    def __iter__(self) -> Iterator[Recorded]: ...
    def __reversed__(self) -> Iterator[Recorded]: ...
    def at(self, n: int) -> Recorded: ...


def plan(log: Log) -> Plan:
    """Return what is to be done for each program of a log, in order; programs of which nothing is left are missing."""
    return Plan(log)


class Plan:
    """Of the log it keeps the numbers of slots, and no data; that is read again as it is needed."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.lowest = 0  # slot of a live object inside a result
        self.static: set[int] = set()  # slots of modules, and of what is reached from them by attributes alone
        self.atoms: dict[int, int] = {}  # slot -> program that told it: immutable data or an error, which belongs to no group
        self.copies: dict[int, int] = {}  # slot -> likewise, other data
        self.live: set[int] = set()
        self.pinned: set[int] = set()  # what modules hold since something was set on them
        self.groups = _Groups()
        self.sizes: dict[int, int] = {}  # slot -> ops that touched it
        for one in log:
            self._results(one)
        for one in log:
            self._look(one)
        self.wanted = {self.groups.find(slot) for slot in self.live | self.pinned if not self._is_known(slot)}

    def __iter__(self) -> Iterator[Again]:
        chosen = self._chosen()
        for one in self.log if chosen else ():
            if chosen[-1].n == one.n:
                yield self._again(one, chosen.pop())
                if not chosen:
                    return

    def _chosen(self) -> list[_Choice]:
        """Choose from the last program to the first, so that what is referred to is known to be needed."""
        needed: set[int] = set(self.live)
        choices = (self._choose(one, needed) for one in reversed(self.log))
        return [choice for choice in choices if choice.ops or choice.known]

    def _again(self, one: Recorded, choice: _Choice) -> Again:
        known = {
            slot: None if n is None else _told(one if n == one.n else self.log.at(n), slot) for slot, n in choice.known.items()
        }
        ops = [one.program["ops"][op] if isinstance(op, int) else op for op in choice.ops]
        return Again(one, known, ops, choice.exports, list(_released(one)))

    # Looking at what was recorded

    def _results(self, one: Recorded) -> None:
        """Note who first told what is recorded, by slot."""
        for slot, mode, result in _pulled(one):
            if _tells(mode, result):
                (self.atoms if _is_atom(result) else self.copies).setdefault(slot, one.n)
        for slot, _ in one.reply.get("known", ()):
            self.atoms.setdefault(slot, one.n)

    def _look(self, one: Recorded) -> None:
        for _, op in _tried(one):
            if op[0] not in ("pull", "release"):
                self._touch(op)
        for slot, _, result in _pulled(one):
            exports = list(_exports(result))
            self.groups.join([slot, *exports] if exports and slot not in self.static else exports)
            self.live.update(exports)
            self.lowest = min(self.lowest, *exports, 0)
        self.live.difference_update(_released(one))

    def _touch(self, op: Op) -> None:
        slot = op[1]
        self._is_static(op)
        touched = self._touched(op)
        self.groups.join(touched)
        for one in touched:
            self.sizes[one] = self.sizes.get(one, 0) + 1
        if slot:
            self.live.add(slot)
        if self._is_setting(op):
            self.pinned.update(touched)

    def _is_static(self, op: Op) -> bool:
        if op[0] == "import" or (op[0] == "getattr" and len(op) == 4 and self._base(op) in self.static):
            self.static.add(op[1])
            return True
        return op[1] in self.static

    def _base(self, op: Op) -> Any:
        """The slot that the target of an op begins with, if it is a reference."""
        target = op[2] if len(op) > 2 else None
        if type(target) is list and len(target) > 1 and target[0] == "ref" and type(target[1]) is int:
            return target[1]
        return None

    def _is_setting(self, op: Op) -> bool:
        return op[0] in SETTING and self._base(op) in self.static

    def _touched(self, op: Op) -> list[int]:
        """The slots of objects that an op may change or bring together."""
        own = [op[1]] if op[1] else []
        return [slot for slot in (*own, *references(op)) if slot not in self.static and slot not in self.atoms]

    def _is_known(self, slot: int) -> bool:
        """Tell whether what stands in a slot is recorded, and as good as the object itself."""
        return slot in self.static or slot in self.atoms or (slot in self.copies and self.sizes.get(slot, 0) <= 1)

    # Choosing

    def _choose(self, one: Recorded, needed: set[int]) -> _Choice:
        step = _Choice(one.n)
        once = set(one.program.get("once", ()))
        pulls = list(_pulled(one))
        for place, op in reversed(_tried(one)):
            if op[0] == "pull":
                self._choose_pull(step, op, pulls, needed)
            elif op[0] != "release":
                self._choose_op(step, place, op, op[1] in once, needed)
        step.ops.reverse()
        return step

    def _choose_pull(self, step: _Choice, op: Op, pulls: list[tuple[int, str, Any]], needed: set[int]) -> None:
        """Pull again what had live objects inside that are needed."""
        kept: list[int] = []
        for slot in reversed(op[2:]):
            exports = list(_exports(pulls.pop()[2]))
            if exports and self._is_wanted(exports):
                kept.insert(0, slot)
                step.exports[:0] = exports
                needed.add(slot)
        if kept:
            step.ops.append(["pull", op[1], *kept])

    def _choose_op(self, step: _Choice, place: int, op: Op, once: bool, needed: set[int]) -> None:
        slot = op[1]
        if once:
            if slot in needed or self._is_wanted([slot]):
                step.known[slot] = None
            return
        static = slot in self.static
        if static and slot in needed:
            runs = True
        elif static:
            runs = False
        else:
            runs = self._is_setting(op) or self._is_wanted(self._touched(op))
        if runs:
            step.ops.append(place)
            needed.update(references(op))
        elif slot in needed and self._is_known(slot) and not static:
            step.known[slot] = self.atoms.get(slot) or self.copies[slot]  # the number of a program is never 0

    def _is_wanted(self, slots: Iterable[int]) -> bool:
        return any(self.groups.find(slot) in self.wanted for slot in slots)


class _Groups:
    """Slots that belong together."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def find(self, slot: int) -> int:
        """Return the slot that stands for the group."""
        root = slot
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while slot != root:
            self._parents[slot], slot = root, self._parents.get(slot, root)
        return root

    def join(self, slots: Sequence[int]) -> None:
        """Make one group of those of all slots."""
        for slot in slots[1:]:
            self._parents[self.find(slot)] = self.find(slots[0])


SETTING = ("setattr", "delattr", "setitem", "delitem")
ATOMS = "float int complex bytes datetime date time timedelta decimal fraction uuid range ellipsis error".split()


def _pulled(one: Recorded) -> Iterator[tuple[int, str, Any]]:
    """Each slot that was asked for, the mode and the result."""
    results = iter(one.reply["results"])
    for _, op in _tried(one):
        if op[0] == "pull":
            for slot in op[2:]:
                yield slot, op[1], next(results)


def _tells(mode: str, result: Any) -> bool:
    """Tell whether a result is as good as what stands in the slot."""
    return mode == "auto" and _is_data(result) and not _is_refused(result)


def _told(one: Recorded, slot: int) -> Known:
    """Return what a program told of a slot."""
    for pulled, mode, result in _pulled(one):
        if pulled == slot and _tells(mode, result):
            return Known(result, one.answered)
    return Known(dict(one.reply["known"])[slot], ())


def _released(one: Recorded) -> Iterator[int]:
    yield from one.program.get("released", ())
    for _, op in _tried(one):
        if op[0] == "release":
            yield from (slot for slot in op[1:] if type(slot) is int)


def _tried(one: Recorded) -> list[tuple[int, Op]]:
    """Return the ops that may have filled, told or released something, with their places: none of a program that was refused as
    a whole, and none whose shape is so wrong that it has no slot."""
    failed = {place for place, _ in one.reply.get("failed", ())}
    if None in failed:
        return []
    return [
        (place, op) for place, op in enumerate(one.program["ops"]) if _has_slots(op) and not (op[0] == "pull" and place in failed)
    ]


def _has_slots(op: Any) -> bool:
    if type(op) is not list or len(op) < 2 or type(op[0]) is not str:
        return False
    return op[0] in ("pull", "release") or (type(op[1]) is int and op[1] >= 0)


def _is_data(result: Any) -> bool:
    """Tell whether a result says all there is: no live object, nothing of the client."""
    return not any(form[0] in ("handle", "exposed") for form in _forms(result))


def _is_refused(result: Any) -> bool:
    """Tell whether it was the telling that failed, not the op."""
    return type(result) is list and result[0] == "error" and str(result[1].get("op", "")).startswith("pull ")


def _is_atom(result: Any) -> bool:
    """Tell whether a result is immutable, whatever is done with it."""
    return type(result) is not dict and (type(result) is not list or result[0] in ATOMS)


def _exports(result: Any) -> Iterator[int]:
    """The slots of live objects inside a result (§6.3)."""
    return (form[1] for form in _forms(result) if form[0] == "handle" and form[1] < 0)


def _forms(value: Any) -> Iterator[list[Any]]:
    """Every tagged form in a result."""
    if type(value) is dict:
        for one in value.values():
            yield from _forms(one)
    elif type(value) is list and value:
        if type(value[0]) is not list:
            yield value
        if value[0] != "error":
            for one in value[0] if type(value[0]) is list else value[1:]:
                yield from _forms(one)
