"""What the ops of a recorded program refer to (§5.3). They stand there as they came: what has the wrong shape has failed, and
does so again, so it is passed over here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polyloom.limits import DEFAULT_LIMITS

Op = list[Any]

PLAIN = ("tuple", "set", "frozenset", "dict", "slice")  # forms whose items are values


def references(op: Op) -> Iterator[int]:
    """The slots that an op refers to, wherever in its values."""
    name, values = op[0], op[2:]
    if name == "call":
        yield from _in_all(values[:1])
        yield from _in_all(_array(values[1:2]))
        yield from _in_all(_array([list(one.values()) for one in values[2:3] if type(one) is dict]))
    elif name == "map":
        yield from _in_all(values[:1] + values[3:4])
        for inner in _array(values[2:3]):
            if type(inner) is list and inner:
                yield from references(inner)
    else:
        if name == "exit" and values and type(values[0]) is int:
            yield values[0]
        yield from _in_all(values)


def _array(items: list[Any]) -> list[Any]:
    """The one array that is there, or an empty one."""
    return items[0] if items and type(items[0]) is list else []


def _in(value: Any, depth: int) -> Iterator[int]:
    """The slots that a value refers to (§3.2); what is deeper than any value is none."""
    if depth > DEFAULT_LIMITS.depth:
        return
    if type(value) is dict:
        yield from _in_all(list(value.values()), depth)
    elif type(value) is list and value:
        if type(value[0]) is list:
            yield from _in_all(value[0], depth)
        elif value[0] == "ref":
            if len(value) > 1 and type(value[1]) is int:
                yield value[1]
        elif value[0] in PLAIN or str(value[0]).startswith("x:"):
            yield from _in_all(value[1:], depth)


def _in_all(values: list[Any], depth: int = 0) -> Iterator[int]:
    for value in values:
        yield from _in(value, depth + 1)
