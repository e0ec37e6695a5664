"""What passes between the objects of a session and its client: references in, live objects out (§5.3, §6.3)."""

from __future__ import annotations

from typing import Any

from polyloom.encoder import Wire
from polyloom.errors import LimitExceeded
from polyloom.failure import qualified_name
from polyloom.js import FOREIGN
from polyloom.policy import Policy
from polyloom.table import Table


class Shape(Exception):
    """An op of the wrong shape; becomes a BadOp with the op's name."""


def text(value: Any) -> str:
    """Return a name that a client gave, if it is one."""
    if type(value) is not str:
        raise Shape(f"a name is a string, not {value!r:.40}")
    return value


class Exchange:
    """`resolve` for a decoder, `export` for an encoder."""

    def __init__(self, table: Table, policy: Policy) -> None:
        self.table = table
        self.policy = policy
        self.exports: list[int] = []  # slots of live objects found inside data

    def resolve(self, ref: list[Any]) -> object:
        """Return the object of `["ref", slot, name, …]` (§5.3)."""
        value = self.table.get(ref[1] if len(ref) > 1 else None)
        names = len(ref) - 2
        if names < 1:
            return value
        if names > self.table.limits.path_names:
            raise LimitExceeded(f"path_names: {names} names are above {self.table.limits.path_names}")
        get = self.policy.get
        for name in ref[2:]:
            value = get(value, name if type(name) is str else text(name))
        return value

    def handle(self, slot: int, value: object) -> Wire:
        """Return the form of a live object that stands in a slot."""
        return ["handle", slot, qualified_name(type(value)), self.table.identity(slot, value)]

    def own(self, value: object) -> Wire | None:
        """Return the form of an object that the client itself gave, else None."""
        exposed = self.table.exposed
        number = exposed.id_of(value) if exposed is not None and type(value) in FOREIGN else None
        return None if number is None else ["exposed", number]

    def export(self, value: object, _depth: int) -> Wire:
        """Encode a live object that was found inside data."""
        if (own := self.own(value)) is not None:
            return own
        slot = self.table.export(value)
        self.exports.append(slot)
        return self.handle(slot, value)

    def take_back(self, kept: int) -> None:
        """Release what was exported after the first `kept`: it is not sent."""
        for slot in self.exports[kept:]:
            self.table.release(slot)
        del self.exports[kept:]
