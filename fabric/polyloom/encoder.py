"""Values to wire forms (§3); see `codec.py`. The table ENCODERS goes by type: the exact type alone decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from polyloom import arrays
from polyloom.errors import PolyloomError, ValueRefused
from polyloom.frames import Buffer
from polyloom.limits import DEFAULT_LIMITS, Limits
from polyloom.paths import digits_of, explained, step, too_deep, too_long

Wire = Any
"""JSON values: what `json.loads` returns."""

Export = Callable[[object, int], Wire]
"""`export(value, depth)` returns the wire form of an object that is not data."""

SAFE_INT = 2**53 - 1
PLAIN = frozenset({str, bool, type(None)})
MANY = 8  # items from which looking at all of them first pays


class Encoder:
    """Turns data into wire forms; `attachments` collects the bytes of one frame.

    `export` is called with an object that is not data; without it such objects are refused.
    """

    __slots__ = ("attachments", "export", "limits")

    def __init__(self, export: Export | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self.attachments: list[Buffer] = []
        self.export = export
        self.limits = limits

    def encode(self, value: object, depth: int = 0) -> Wire:
        """Return the wire form; ValueRefused or LimitExceeded with the path to the offending part."""
        kind = type(value)
        if kind in PLAIN:
            return value
        encoder = ENCODERS.get(kind)
        if encoder is not None:
            return encoder(self, value, depth)
        if arrays.is_array(value):
            return _encode_array(self, value, depth)
        if arrays.is_scalar(value):
            return self.encode(arrays.plain(value), depth)
        if self.export is not None:
            return self.export(value, depth)
        raise ValueRefused(f"an object of type {kind.__module__}.{kind.__qualname__} is not data")

    def items(self, values: Sequence[object], depth: int) -> list[Wire]:
        """Return the wire forms of a sequence one level deeper."""
        depth += 1
        if depth > self.limits.depth:
            raise too_deep(self.limits)
        if len(values) >= MANY and _stand_for_themselves(values):
            return list(values)
        index = -1
        wires = []
        try:
            for index, value in enumerate(values):
                wires.append(value if type(value) in PLAIN else self.encode(value, depth))
        except PolyloomError as error:
            error.within(step(index))
            raise (explained(error, values, self.limits) if depth == 1 else error) from None
        return wires

    def attach(self, data: Buffer) -> int:
        """Add an attachment and return its number."""
        if len(data) > self.limits.attachment_bytes:
            raise too_long("attachment_bytes", len(data), self.limits.attachment_bytes)
        if len(self.attachments) >= self.limits.attachments:
            raise too_long("attachments", len(self.attachments) + 1, self.limits.attachments)
        self.attachments.append(data)
        return len(self.attachments) - 1


def _stand_for_themselves(values: Sequence[Any]) -> bool:
    """Tell whether every item is written as it is, in passes that C makes: many scalars of one kind are common."""
    kinds = set(map(type, values))
    if kinds <= PLAIN:
        return True
    if kinds == {int}:
        return bool(min(values) >= -SAFE_INT and max(values) <= SAFE_INT)
    return kinds == {float} and all(map(math.isfinite, values))


def _encode_int(encoder: Encoder, value: int, _depth: int) -> Wire:
    return value if -SAFE_INT <= value <= SAFE_INT else ["int", digits_of(value, encoder.limits)]


def _encode_float(_: Encoder, value: float, _depth: int) -> Wire:
    return value if math.isfinite(value) else ["float", repr(value)]


def marked_float(value: float) -> Wire:
    """Return the form of a float that nobody takes for an int: `["float", "1.0"]` (§6.2)."""
    return ["float", repr(value)] if value.is_integer() or not math.isfinite(value) else value


def _encode_complex(encoder: Encoder, value: complex, depth: int) -> Wire:
    return ["complex", encoder.encode(value.real, depth), encoder.encode(value.imag, depth)]


def _encode_list(encoder: Encoder, value: list[object], depth: int) -> Wire:
    return [encoder.items(value, depth)]


def _encode_tuple(encoder: Encoder, value: tuple[object, ...], depth: int) -> Wire:
    return ["tuple", *encoder.items(value, depth)]


def _encode_set(encoder: Encoder, value: set[object], depth: int) -> Wire:
    return ["set", *encoder.items(list(value), depth)]


def _encode_frozenset(encoder: Encoder, value: frozenset[object], depth: int) -> Wire:
    return ["frozenset", *encoder.items(list(value), depth)]


def _encode_dict(encoder: Encoder, value: dict[object, object], depth: int) -> Wire:
    depth += 1
    if depth > encoder.limits.depth:
        raise too_deep(encoder.limits)
    key: object = None
    texts = True
    wires: dict[Any, Wire] = {}
    try:
        for key, item in value.items():
            texts = texts and type(key) is str
            wires[key] = item if type(item) in PLAIN else encoder.encode(item, depth)
        return wires if texts else ["dict", *_pairs(encoder, wires, depth)]
    except PolyloomError as error:
        error.within(step(key))
        raise (explained(error, value, encoder.limits) if depth == 1 else error) from None


def _pairs(encoder: Encoder, wires: dict[Any, Wire], depth: int) -> list[Wire]:
    parts: list[Wire] = []
    for key, wire in wires.items():
        parts += (encoder.encode(key, depth), wire)
    return parts


def _encode_bytes(encoder: Encoder, value: bytes, _depth: int) -> Wire:
    return ["bytes", encoder.attach(value)]


def _encode_bytearray(encoder: Encoder, value: bytearray, _depth: int) -> Wire:
    return ["bytearray", encoder.attach(bytes(value))]


def _encode_memoryview(encoder: Encoder, value: memoryview, _depth: int) -> Wire:
    packed = arrays.pack_view(value)
    return _array_form(encoder, *packed) if packed else ["bytes", encoder.attach(value.tobytes())]


def _encode_datetime(_: Encoder, value: datetime, _depth: int) -> Wire:
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
    return ["datetime", value.isoformat(), value.fold, zone]


def _encode_date(_: Encoder, value: date, _depth: int) -> Wire:
    return ["date", value.isoformat()]


def _encode_time(_: Encoder, value: time, _depth: int) -> Wire:
    zone = value.tzinfo
    if isinstance(zone, ZoneInfo) and zone.key is not None:
        return ["time", value.replace(tzinfo=None).isoformat(), value.fold, zone.key]
    if zone is not None and value.utcoffset() is None:
        raise ValueRefused(f"a time of day in {zone} has no offset without a date", hint="send a datetime")
    return ["time", value.isoformat(), value.fold]


def _encode_timedelta(_: Encoder, value: timedelta, _depth: int) -> Wire:
    return ["timedelta", value.days, value.seconds, value.microseconds]


def _encode_fraction(encoder: Encoder, value: Fraction, _depth: int) -> Wire:
    above, below = digits_of(value.numerator, encoder.limits), digits_of(value.denominator, encoder.limits)
    return ["fraction", above if below == "1" else f"{above}/{below}"]


def _encode_range(encoder: Encoder, value: range, depth: int) -> Wire:
    return ["range", *encoder.items((value.start, value.stop, value.step), depth)]


def _encode_slice(encoder: Encoder, value: slice, depth: int) -> Wire:
    return ["slice", *encoder.items((value.start, value.stop, value.step), depth)]


def _encode_text(tag: str) -> Callable[[Encoder, object, int], Wire]:
    return lambda _encoder, value, _depth: [tag, str(value)]


def _encode_array(encoder: Encoder, value: object, _depth: int) -> Wire:
    return _array_form(encoder, *arrays.pack(value))


def _array_form(encoder: Encoder, data: Buffer, dtype: str, shape: list[int]) -> Wire:
    return ["ndarray", encoder.attach(data), dtype, shape]


ENCODERS: dict[type, Callable[[Encoder, Any, int], Wire]] = {
    list: _encode_list,
    tuple: _encode_tuple,
    set: _encode_set,
    frozenset: _encode_frozenset,
    dict: _encode_dict,
    int: _encode_int,
    float: _encode_float,
    complex: _encode_complex,
    bytes: _encode_bytes,
    bytearray: _encode_bytearray,
    memoryview: _encode_memoryview,
    datetime: _encode_datetime,
    date: _encode_date,
    time: _encode_time,
    timedelta: _encode_timedelta,
    Decimal: _encode_text("decimal"),
    Fraction: _encode_fraction,
    UUID: _encode_text("uuid"),
    range: _encode_range,
    slice: _encode_slice,
    type(...): lambda _encoder, _value, _depth: ["ellipsis"],
}

CONTAINERS = frozenset({list, tuple, set, frozenset, dict})
NOT_PULLED = frozenset({slice, type(...)})


def is_data(value: object) -> bool:
    """Tell whether a pull in `auto` mode copies the value (§6.2): by its exact type alone."""
    kind = type(value)
    return kind in PLAIN or (kind in ENCODERS and kind not in NOT_PULLED) or arrays.is_array(value) or arrays.is_scalar(value)
