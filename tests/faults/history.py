"""Histories of what clients asked for and were told, and the question whether one serial execution explains them.

A record is `{"process", "op", "type", "on", "f", "value", "time"}`: `op` pairs an `invoke` with its end, `on` names the object,
`time` is in seconds of the wall clock. An operation ends as `ok` (answered with `value`), `fail` (certainly not done) or `info`:
it may have happened, at any time after its call, or not at all. One that never ended counts as `info`.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Protocol

STEPS = 200_000  # states that a search visits before it gives up


class Undecided(Exception):
    """The search was too long; the history is neither right nor wrong. Use fewer operations on one object."""


class Operation(NamedTuple):
    """One operation on one object. `end` is infinite where nobody knows whether it was done."""

    process: str
    op: str
    on: str
    f: str
    argument: Any
    type: str  # ok, fail or info
    value: Any  # what an `ok` was answered with; of the other two, why
    begin: float
    end: float
    settled: float  # when its caller was told; infinite where it never was

    @property
    def maybe(self) -> bool:
        """Tell whether nobody knows if it was done."""
        return self.type == "info"


class Model(Protocol):
    """An object as it should be: its state is hashable."""

    first: Any

    def step(self, state: Any, f: str, argument: Any) -> tuple[Any, Any]:
        """Return the next state and the answer."""

    def only_looks(self, f: str, answer: Any) -> bool:
        """Tell whether what was answered so has changed nothing, in whatever state."""


class Counter:
    """`add` answers with the new value."""

    first = 0

    def step(self, state: int, f: str, argument: Any) -> tuple[int, Any]:
        assert f == "add", f
        return state + 1, state + 1

    def only_looks(self, f: str, answer: Any) -> bool:
        return False


class Register:
    """`read`, `write` of a value, and `cas` of `[old, new]`, which answers whether it was done."""

    first = None

    def step(self, state: Any, f: str, argument: Any) -> tuple[Any, Any]:
        if f == "read":
            return state, state
        if f == "write":
            return argument, None
        assert f == "cas", f
        old, new = argument
        return (new, True) if state == old else (state, False)

    def only_looks(self, f: str, answer: Any) -> bool:
        return f == "read" or answer is False


class Whole:
    """A counter and a register in one, which do not touch each other."""

    first = (Counter.first, Register.first)

    def step(self, state: Any, f: str, argument: Any) -> tuple[Any, Any]:
        count, value = state
        if f == "add":
            count, answer = Counter().step(count, f, argument)
        else:
            value, answer = Register().step(value, f, argument)
        return (count, value), answer

    def only_looks(self, f: str, answer: Any) -> bool:
        return f != "add" and Register().only_looks(f, answer)


def read(path: Path) -> list[Operation]:
    """Return the operations of a file with a record on each line; other lines, and a last one that was cut off, are left out."""
    whole, _, _ = path.read_text().rpartition("\n")
    lines = [json.loads(line) for line in whole.splitlines()]
    return operations(line for line in lines if "process" in line)


def operations(records: Iterable[dict[str, Any]]) -> list[Operation]:
    """Pair invokes with their ends, in the order of the invokes; AssertionError for an end that has no invoke, or two."""
    begun: dict[str, dict[str, Any]] = {}
    ended: dict[str, dict[str, Any]] = {}
    for record in records:
        seen = begun if record["type"] == "invoke" else ended
        assert record["op"] not in seen, f"{record} came twice"
        assert seen is begun or record["op"] in begun, f"{record} ends what never began"
        seen[record["op"]] = record
    return [_operation(begin, ended.get(name)) for name, begin in begun.items()]


def _operation(begin: dict[str, Any], end: dict[str, Any] | None) -> Operation:
    kind = end["type"] if end else "info"
    settled = end["time"] if end else math.inf
    value = end["value"] if end else "never told"
    place = begin["process"], begin["op"], begin["on"], begin["f"], begin["value"]
    return Operation(*place, kind, value, begin["time"], math.inf if kind == "info" else settled, settled)


def by(history: Iterable[Operation], field: str) -> dict[str, list[Operation]]:
    """Return the operations by process or by object, each in its order."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for one in history:
        found[getattr(one, field)].append(one)
    return dict(found)


def is_serial(history: Sequence[Operation], model: Model) -> bool:
    """Tell whether the operations of one session, done in the order of their calls, give these answers."""
    states = {model.first}
    for one in history:
        if one.type == "fail":
            continue
        steps = [(state, *model.step(state, one.f, one.argument)) for state in states]
        if one.maybe:
            states |= {after for _, after, _ in steps}
        else:
            states = {after for _, after, answer in steps if answer == one.value}
    return bool(states)


def is_linearizable(history: Sequence[Operation], model: Model) -> bool:
    """Tell whether some serial order of the operations on one object, each at a moment between its call and its end, those of one
    process in the order of their calls, gives these answers (Wing and Gong, with a memory of what was tried); or Undecided."""
    search = _Search([one for one in history if one.type != "fail"], model)
    seen = {(0, model.first)}
    waiting = [(0, model.first)]
    while waiting:
        taken, state = waiting.pop()
        if taken & search.must == search.must:
            return True
        for following in search.after(taken, state):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
        if len(seen) > STEPS:
            raise Undecided(f"{len(history)} operations, {len(seen)} states")
    return False


class _Search:
    """What may come next, after some operations have been taken: sets of them are the bits of an int."""

    def __init__(self, done: Sequence[Operation], model: Model) -> None:
        self.model = model
        self.done = sorted(enumerate(done), key=lambda pair: (pair[1].end, pair[1].begin))  # the likeliest first
        self.must = sum(1 << at for at, one in self.done if not one.maybe)
        self.before: dict[int, int] = {}
        self.later: dict[int, int] = {}
        for at, one in self.done:
            its = [other for other, two in self.done if two.process == one.process]
            self.before[at] = sum(1 << other for other in its if other < at)
            self.later[at] = sum(1 << other for other in its if other > at)

    def after(self, taken: int, state: Any) -> list[tuple[int, Any]]:
        """Return what was taken and the state after each operation that may come next; the likeliest one last."""
        found = []
        bound = next(one.end for at, one in self.done if not taken >> at & 1)
        for at, one in self.done:
            if taken >> at & 1 or one.begin > bound or taken & self.later[at] or self.before[at] & self.must & ~taken:
                continue
            after, answer = self.model.step(state, one.f, one.argument)
            if one.maybe and after != state:
                found.append((taken | 1 << at, after))
            elif not one.maybe and answer == one.value:
                if self.model.only_looks(one.f, one.value) and not self.before[at] & ~taken:
                    return [(taken | 1 << at, state)]  # it rules nothing out
                found.append((taken | 1 << at, after))
        return found[::-1]


def is_counted(history: Sequence[Operation]) -> bool:
    """`is_linearizable` for a Counter, in a time that grows with the length alone: the answers name the order, and each number
    that nobody was told belongs to one of the operations that may have happened."""
    told = {one.value: one for one in history if one.type == "ok"}
    if len(told) < sum(one.type == "ok" for one in history) or any(type(value) is not int or value < 1 for value in told):
        return False
    unknown = iter(sorted(one.begin for one in history if one.maybe))
    begins: list[float] = []
    for number in range(1, max(told, default=0) + 1):
        begin = told[number].begin if number in told else next(unknown, math.inf)
        begins.append(begin)
    ends = [told[number].end if number in told else math.inf for number in range(1, len(begins) + 1)]
    return all(begin < math.inf and begin <= end for begin, end in zip(accumulate(begins, max), ends, strict=True))


def check(history: Sequence[Operation]) -> None:
    """AssertionError where no serial execution explains what was acknowledged: by the object that has the name of the session, in
    the order of its calls; by the shared objects `counter-…` and `register-…`, at moments between call and end."""
    for on, its in by(history, "on").items():
        if on.startswith("counter-"):
            assert is_counted(its), f"{on}: {_told(its)}"
        elif on.startswith("register-"):
            assert is_linearizable(its, Register()), f"{on}: {_told(its)}"
        elif on in {one.process for one in its}:
            assert is_serial(its, Whole()), f"{on}: {_told(its)}"


def _told(history: Sequence[Operation]) -> str:
    return "\n".join(f"{one.op} {one.f} {one.argument} {one.type} {one.value} {one.begin} {one.end}" for one in history)
