"""Copies of what is not data, made only when a pull asks for `value` (§6.4): by what its type derives from.

Nothing that a subclass overrides is called, except the items of an OrderedDict, which alone knows their order.
"""

from __future__ import annotations

import array
import dataclasses
from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType, SimpleNamespace
from typing import Any

from polyloom import arrays
from polyloom.encoder import CONTAINERS, Encoder, Export, Wire, is_data
from polyloom.errors import ValueRefused
from polyloom.limits import Limits

# The first line that a type derives from decides; an Enum comes before the int or str that it may also be.
COPIES: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (Enum, lambda value: value.value),
    (OrderedDict, lambda value: dict(OrderedDict.items(value))),
    (dict, lambda value: dict(dict.items(value))),
    (MappingProxyType, lambda value: dict(value.items())),
    (SimpleNamespace, lambda value: dict(vars(value))),
    (list, list.copy),
    (tuple, lambda value: tuple.__getitem__(value, slice(None))),
    (deque, lambda value: list(deque.__iter__(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
    (type({}.keys()), list),
    (type({}.values()), list),
    (type({}.items()), list),
    (int, int.__int__),
    (float, float.__float__),
    (complex, complex.__complex__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (bytearray, lambda value: bytearray(bytearray.__getitem__(value, slice(None)))),
    (array.array, memoryview),
    (PurePath, PurePath.__str__),
)

NO_COPY = object()


def copy_of(value: object) -> object:
    """Return data with the same content, one level deep; NO_COPY where there is none."""
    kind = type(value)
    listed = arrays.listed(value)
    if listed is not None:
        return listed
    for base, copy in COPIES:
        if issubclass(kind, base):
            return copy(value)
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    return NO_COPY


class Copier(Encoder):
    """Encodes copies, `levels` containers deep; what stands deeper, and what has no copy, is exported."""

    __slots__ = ("levels", "open", "own_export")

    def __init__(self, export: Export, limits: Limits, levels: int | None = None) -> None:
        super().__init__(self.substitute, limits)
        self.own_export = export
        self.open: list[int] = []  # id() of the objects whose copies are being encoded
        self.levels = limits.depth + 1 if levels is None else levels

    def encode(self, value: object, depth: int = 0) -> Wire:
        if depth >= self.levels and type(value) in CONTAINERS:
            return self.own_export(value, depth)
        return super().encode(value, depth)

    def substitute(self, value: object, depth: int) -> Wire:
        """Encode what is not data."""
        if id(value) in self.open:
            raise ValueRefused("a value that contains itself has no wire form")
        copy = copy_of(value)
        if copy is NO_COPY or (type(copy) in CONTAINERS and depth >= self.levels):
            return self.own_export(value, depth)
        self.open.append(id(value))
        wire = self.encode(copy, depth) if is_data(copy) else self.substitute(copy, depth)
        self.open.pop()
        return wire
