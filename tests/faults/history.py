"""Histories of what clients asked for and were told, and the question whether one serial execution explains them.

A record is `{"process", "op", "type", "on", "f", "value", "time"}`: `op` pairs an `invoke` with its end, `on` names the object,
`time` is in seconds of the wall clock. An operation ends as `ok` (answered with `value`), `fail` (certainly not done) or `info`: it
may have happened, at any time after its call, or not at all. One that never ended counts as `info`.
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


class Counter:
    """`add` answers with the new value."""

    first = 0

    def step(self, state: int, f: str, argument: Any) -> tuple[int, Any]:
        assert f == "add", f
        return state + 1, state + 1


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


def read(path: Path) -> list[Operation]:
    """Return the operations of a file with a record on each line; a last line that was cut off is left out."""
    whole, _, _ = path.read_text().rpartition("\n")
    return operations(json.loads(line) for line in whole.splitlines())


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
    """Tell whether some serial order of the operations on one object, each at a moment between its call and its end, gives
    these answers (Wing and Gong, with a memory of what was tried). Undecided after STEPS states."""
    done = [one for one in history if one.type != "fail"]
    must = sum(1 << at for at, one in enumerate(done) if not one.maybe)
    seen = {(0, model.first)}
    waiting = [(0, model.first)]
    while waiting:
        taken, state = waiting.pop()
        if taken & must == must:
            return True
        for following in _following(done, taken, state, model):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
        if len(seen) > STEPS:
            raise Undecided(f"{len(done)} operations, {len(seen)} states")
    return False


def _following(done: Sequence[Operation], taken: int, state: Any, model: Model) -> list[tuple[int, Any]]:
    """Return what may come next: those that began before any other that is left has ended; the likeliest one last."""
    left = [(at, one) for at, one in enumerate(done) if not taken >> at & 1]
    bound = min(one.end for _, one in left)
    found = []
    for at, one in sorted(left, key=lambda pair: (pair[1].end, pair[1].begin), reverse=True):
        if one.begin <= bound:
            after, answer = model.step(state, one.f, one.argument)
            if one.maybe or answer == one.value:
                found.append((taken | 1 << at, after))
    return found


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
