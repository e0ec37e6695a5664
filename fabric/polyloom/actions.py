"""What each op does (§5.2): one small function a name, in the table OPS. The executor calls them.

No `from __future__` here: code that a client runs by `exec` or `eval` inherits it from the caller.
"""

import importlib
import operator
from collections.abc import Callable, Coroutine, Generator, Iterator
from functools import partial
from itertools import islice
from typing import Any, Protocol

from polyloom.encoder import Encoder
from polyloom.errors import LimitExceeded, OpError, PolyloomError, UnknownName, ValueRefused
from polyloom.exchange import Shape, text
from polyloom.failure import Failed, Failure, qualified_name
from polyloom.guard import shielded
from polyloom.js import js_error
from polyloom.lent import Copy, Loan
from polyloom.operators import OPERATORS
from polyloom.pending import Pending, Steps
from polyloom.policy import Policy
from polyloom.shared import Shared
from polyloom.table import Table
from polyloom.words import words_of


class Run(Protocol):
    """What an op sees of the program that it is part of."""

    table: Table
    policy: Policy
    root: str  # where paths to its ops begin
    reply: Any  # its `called` is what was called last

    def value(self, op: list[Any], index: int) -> Any:
        """Return the value that stands at a place of an op."""

    def arguments(self, op: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and keyword arguments of a call."""

    def outcome(self, words: str, error: BaseException) -> Failure:
        """Return the failure that an exception is for an op."""

    def step(self, index: int, op: Any) -> None:
        """Run one op and file its outcome under its slot."""


def _import(run: Run, op: list[Any]) -> object:
    name = text(run.value(op, 2))
    run.policy.check_import(name)
    return importlib.import_module(name)


def _getattr(run: Run, op: list[Any]) -> object:
    target, name = run.value(op, 2), text(run.value(op, 3))
    if len(op) == 4:
        return run.policy.get(target, name)
    try:
        return run.policy.get(target, name)
    except AttributeError:
        return run.value(op, 4)


def _setattr(run: Run, op: list[Any]) -> object:
    target, name = run.value(op, 2), text(run.value(op, 3))
    run.policy.check_name(target, name)
    setattr(target, name, run.value(op, 4))
    return None


def _delattr(run: Run, op: list[Any]) -> object:
    target, name = run.value(op, 2), text(run.value(op, 3))
    run.policy.check_name(target, name)
    delattr(target, name)
    return None


def _getitem(run: Run, op: list[Any]) -> object:
    return run.value(op, 2)[run.value(op, 3)]


def _setitem(run: Run, op: list[Any]) -> object:
    return operator.setitem(run.value(op, 2), run.value(op, 3), run.value(op, 4))


def _delitem(run: Run, op: list[Any]) -> object:
    return operator.delitem(run.value(op, 2), run.value(op, 3))


def _call(run: Run, op: list[Any]) -> object:
    target = run.value(op, 2)
    positional, named = run.arguments(op)
    run.reply.called = target
    value = target(*positional, **named) if named else target(*positional)
    kind = type(value)
    if kind in _COMMON or run.table.spawn is None:
        return value
    if issubclass(kind, Coroutine):  # steps of asynchronous generators too
        return Pending(run.table.spawn(value), partial(run.outcome, words_of(op, run.table)))
    return value


_COMMON = frozenset(
    {int, float, str, bool, bytes, list, tuple, dict, type(None)}
)  # asking an abstract class costs as much as a call


def _operator(run: Run, op: list[Any]) -> object:
    entry = OPERATORS.get(op[2]) if type(op[2]) is str else None
    if entry is None or len(op) - 3 != entry[0]:
        raise Shape(f"there is no operator {op[2]!r:.40} of {len(op) - 3} operands")
    return entry[1](*(run.value(op, index) for index in range(3, len(op))))


def _iter(run: Run, op: list[Any]) -> object:
    iterable = run.value(op, 2)
    if run.table.spawn is not None and hasattr(type(iterable), "__aiter__") and not hasattr(type(iterable), "__iter__"):
        return Steps(aiter(iterable), run.table.spawn, run.table.wait)
    return iter(iterable)


def _next(run: Run, op: list[Any]) -> object:
    iterator, count = run.value(op, 2), run.value(op, 3)
    if type(count) is not int or count < 1:
        raise Shape("it takes an iterator and a count from 1")
    return _take(run.table, iterator, count)


def _take(table: Table, iterator: Iterator[object], count: int) -> dict[str, object]:
    """Take items up to an error; the error is raised by the next `next`, so that no item before it is lost."""
    if (late := table.late_errors.pop(id(iterator), None)) is not None:
        raise late
    items: list[object] = []
    try:
        items.extend(islice(iterator, count))
    except Exception as error:
        if not items:
            raise
        table.late_errors[id(iterator)] = error
        return {"items": items, "done": False}
    return {"items": items, "done": len(items) < count}


def _close(run: Run, op: list[Any]) -> None:
    """End a generator, so that its `finally` runs now; other iterators have no end of their own."""
    iterator = run.value(op, 2)
    run.table.late_errors.pop(id(iterator), None)
    if isinstance(iterator, (Generator, Steps)):
        iterator.close()


def _map(run: Run, op: list[Any]) -> list[object]:
    """Run the ops of a body for each item, with slots that last as long as the item (§5.6)."""
    items, place, body = run.value(op, 2), op[3], op[4]
    slots = [place, *map(_body_slot, body if type(body) is list else [None])]
    if any(type(slot) is not int or slot < 1 for slot in slots):
        raise Shape("it takes an iterable, a slot for the item, an array of ops with slots, and a value")
    root, run.root = run.root, "$.body"
    try:
        return [_turn(run, item, slots, op) for item in items]
    finally:
        run.root = root


def _turn(run: Run, item: object, slots: list[int], op: list[Any]) -> object:
    """Run a body once; the first of its ops that fails is the failure of the map."""
    table = run.table
    try:
        table.put(slots[0], item)
        for index, inner in enumerate(op[4]):
            run.step(index, inner)
            table.get(slots[index + 1])
        return run.value(op, 5)
    finally:
        for slot in slots:
            table.release(slot)


def _enter(run: Run, op: list[Any]) -> object:
    asynchronous = op[3] if len(op) == 4 else None
    if not op[1] or type(asynchronous) not in (bool, type(None)):
        raise Shape("it takes a slot that is not 0, a manager, and whether that is asynchronous")
    table = run.table
    if len(table.entered) >= table.limits.session_slots:
        raise LimitExceeded(f"session_slots: this session has entered {len(table.entered):,} contexts", hint="leave some")
    fail = partial(run.outcome, words_of(op, table))
    return table.entered.enter(op[1], run.value(op, 2), asynchronous, table.spawn, fail)


def _exit(run: Run, op: list[Any]) -> object:
    """Leave a context; no interrupt comes between."""
    slot, error = op[2], _error(run, op)
    if type(slot) is not int:
        raise Shape("it takes the slot of an enter, and an error")
    with shielded():
        left = run.table.entered.exit(slot, error, partial(run.outcome, words_of(op, run.table)))
    if left:
        return left[0]
    run.table.get(slot)  # raises what the enter failed with
    raise UnknownName(f"no context is open in slot {slot}", hint="it was left already")


def _error(run: Run, op: list[Any]) -> BaseException | None:
    """Return the exception that a context is left with (§5.9)."""
    said = run.value(op, 3) if len(op) == 4 else None
    if said is None:
        return None
    if type(said) is not dict:
        raise Shape("its error is an object")
    return _raised_by(run.table, said.get("slot")) or js_error(said, said.get("thrown"))


def _raised_by(table: Table, slot: object) -> BaseException | None:
    """Return what the op of a slot raised, as long as the slot is held."""
    try:
        table.get(slot)
    except Failed as failed:
        return failed.failure.exception
    except UnknownName:
        pass
    return None


def _lend(run: Run, op: list[Any]) -> None:
    """Lend an object to other sessions, until its slot is released; for another worker with a copy of what it is now."""
    slot, table = op[1], run.table
    if not slot or (len(op) == 4 and type(op[3]) is not bool):
        raise Shape("it takes a slot that is not 0, a value, and whether it is copied")
    try:
        value = run.value(op, 2)
        table.put(slot, None)
    except Failed as dependent:
        table.lent.give(slot, Loan(dependent.failure))
        raise
    except BaseException as error:
        table.lent.give(slot, Loan(run.outcome(words_of(op, table), error)))
        raise
    table.lent.give(slot, Loan(value, _copy(table, value) if op[3:] == [True] else None))


def _copy(table: Table, value: object) -> Copy:
    encoder = Encoder(_refuse_live, table.limits)
    try:
        wire = encoder.encode(value)
    except PolyloomError as error:
        return Copy(None, error=error.rooted().to_wire())
    return Copy(wire, encoder.attachments)


def _refuse_live(value: object, _depth: int) -> object:
    raise ValueRefused(f"an object of type {qualified_name(type(value))} is not data", code="NotData")


def _share(run: Run, op: list[Any]) -> None:
    value, name = run.value(op, 2), text(run.value(op, 3))
    with shielded():
        _shared(run).share(name, value)


def _named(run: Run, op: list[Any]) -> object:
    return _shared(run).get(text(run.value(op, 2)))


def _unshare(run: Run, op: list[Any]) -> None:
    name = text(run.value(op, 2))
    with shielded():
        _shared(run).unshare(name)


def _shared(run: Run) -> Shared:
    if run.table.shared is None:
        raise OpError("nothing is shared here", hint="names are for sessions: a job ends with what it holds")
    return run.table.shared


def _body_slot(op: object) -> object:
    """Return the slot that an op in a body fills, or None where it has no place there."""
    return op[1] if type(op) is list and len(op) > 1 and op[0] not in _NOT_IN_BODIES else None


_NOT_IN_BODIES = ("pull", "release", "enter", "exit")


def _repr(run: Run, op: list[Any]) -> object:
    return repr(run.value(op, 2))


def _str(run: Run, op: list[Any]) -> object:
    return str(run.value(op, 2))


def _type(run: Run, op: list[Any]) -> object:
    return qualified_name(type(run.value(op, 2)))


# name -> (function, how many items the op has)
OPS: dict[str, tuple[Callable[[Run, list[Any]], object], range]] = {
    "import": (_import, range(3, 4)),
    "getattr": (_getattr, range(4, 6)),
    "setattr": (_setattr, range(5, 6)),
    "delattr": (_delattr, range(4, 5)),
    "getitem": (_getitem, range(4, 5)),
    "setitem": (_setitem, range(5, 6)),
    "delitem": (_delitem, range(4, 5)),
    "call": (_call, range(4, 6)),
    "operator": (_operator, range(4, 6)),
    "iter": (_iter, range(3, 4)),
    "next": (_next, range(4, 5)),
    "close": (_close, range(3, 4)),
    "map": (_map, range(6, 7)),
    "enter": (_enter, range(3, 5)),
    "exit": (_exit, range(3, 5)),
    "lend": (_lend, range(3, 5)),
    "share": (_share, range(4, 5)),
    "named": (_named, range(3, 4)),
    "unshare": (_unshare, range(3, 4)),
    "repr": (_repr, range(3, 4)),
    "str": (_str, range(3, 4)),
    "type": (_type, range(3, 4)),
}
