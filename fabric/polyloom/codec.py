"""Values to wire forms and back (§3). Mirrors `codec.ts`: same tags, same order, same names.

Both directions are tables: a type or a tag, and a function of a few lines. Paths of errors are put together while an
error leaves the containers, so that the way of good values costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from polyloom import arrays
from polyloom.errors import LimitExceeded, PolyloomError, ValueRefused
from polyloom.frames import Buffer
from polyloom.limits import DEFAULT_LIMITS, Limits

Wire = Any
"""JSON values: what `json.loads` returns."""

SAFE_INT = 2**53 - 1
DECIMAL_DIGITS = 4300  # Python's own limit for int <-> str; beyond it Decimal converts, without that limit
DECIMAL_BITS = 14_280  # what fits into that many digits
PLAIN = frozenset({str, bool, type(None)})


def step(key: object) -> str:
    """Return one segment of a path: `[2]`, `.name` or `["odd name"]`."""
    if isinstance(key, int):
        return f"[{key}]"
    text = str(key)
    return f".{text}" if text.isidentifier() else f'["{text}"]'


class Encoder:
    """Turns data into wire forms; `attachments` collects the bytes of one frame.

    `export` is called with an object that is not data and returns its wire form; without it such objects are refused.
    """

    __slots__ = ("attachments", "export", "limits")

    def __init__(self, export: Callable[[object], Wire] | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
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
            return self.export(value)
        raise ValueRefused(f"an object of type {kind.__module__}.{kind.__qualname__} is not data")

    def items(self, values: Sequence[object], depth: int) -> list[Wire]:
        """Return the wire forms of a sequence one level deeper."""
        depth += 1
        if depth > self.limits.depth:
            raise _too_deep(self.limits)
        index = -1
        wires = []
        try:
            for index, value in enumerate(values):
                wires.append(value if type(value) in PLAIN else self.encode(value, depth))
        except PolyloomError as error:
            error.within(step(index))
            raise
        return wires

    def attach(self, data: Buffer) -> int:
        """Add an attachment and return its number."""
        self.attachments.append(data)
        return len(self.attachments) - 1


def _encode_int(_: Encoder, value: int, _depth: int) -> Wire:
    return value if -SAFE_INT <= value <= SAFE_INT else ["int", digits_of(value)]


def _encode_float(_: Encoder, value: float, _depth: int) -> Wire:
    return value if math.isfinite(value) else ["float", repr(value)]


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
        raise _too_deep(encoder.limits)
    key: object = None
    texts = True
    wires: dict[Any, Wire] = {}
    try:
        for key, item in value.items():
            texts = texts and type(key) is str
            wires[key] = item if type(item) in PLAIN else encoder.encode(item, depth)
    except PolyloomError as error:
        error.within(step(key))
        raise
    if texts:
        return wires
    return ["dict", *(part for key, wire in wires.items() for part in (encoder.encode(key, depth), wire))]


def _encode_bytes(encoder: Encoder, value: bytes, _depth: int) -> Wire:
    return ["bytes", encoder.attach(value)]


def _encode_bytearray(encoder: Encoder, value: bytearray, _depth: int) -> Wire:
    return ["bytearray", encoder.attach(bytes(value))]


def _encode_datetime(_: Encoder, value: datetime, _depth: int) -> Wire:
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
    return ["datetime", value.isoformat(), value.fold, zone]


def _encode_date(_: Encoder, value: date, _depth: int) -> Wire:
    return ["date", value.isoformat()]


def _encode_time(_: Encoder, value: time, _depth: int) -> Wire:
    if value.tzinfo is not None and value.utcoffset() is None:
        raise ValueRefused(f"a time of day in {value.tzinfo} has no offset without a date", hint="send a datetime")
    return ["time", value.isoformat(), value.fold]


def _encode_timedelta(_: Encoder, value: timedelta, _depth: int) -> Wire:
    return ["timedelta", value.days, value.seconds, value.microseconds]


def _encode_range(encoder: Encoder, value: range, depth: int) -> Wire:
    return ["range", *encoder.items((value.start, value.stop, value.step), depth)]


def _encode_slice(encoder: Encoder, value: slice, depth: int) -> Wire:
    return ["slice", *encoder.items((value.start, value.stop, value.step), depth)]


def _encode_text(tag: str) -> Callable[[Encoder, object, int], Wire]:
    return lambda _encoder, value, _depth: [tag, str(value)]


def _encode_array(encoder: Encoder, value: object, _depth: int) -> Wire:
    data, dtype, shape = arrays.pack(value)
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
    datetime: _encode_datetime,
    date: _encode_date,
    time: _encode_time,
    timedelta: _encode_timedelta,
    Decimal: _encode_text("decimal"),
    Fraction: _encode_text("fraction"),
    UUID: _encode_text("uuid"),
    range: _encode_range,
    slice: _encode_slice,
    type(...): lambda _encoder, _value, _depth: ["ellipsis"],
}


class Decoder:
    """Turns wire forms into values. `resolve` gives the object of a `ref` form; without it references are refused."""

    __slots__ = ("attachments", "limits", "resolve")

    def __init__(
        self,
        attachments: Sequence[Buffer] = (),
        resolve: Callable[[list[Any]], object] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.attachments = attachments
        self.resolve = resolve
        self.limits = limits

    def decode(self, wire: Wire, depth: int = 0) -> Any:
        """Return the value; ValueRefused or LimitExceeded with the path to the offending part."""
        kind = type(wire)
        if kind is list:
            return self._tagged(wire, depth)
        if kind is dict:
            return self._dict(wire, depth)
        return wire

    def items(self, wires: Sequence[Wire], depth: int) -> list[Any]:
        """Return the values of a sequence one level deeper."""
        depth += 1
        if depth > self.limits.depth:
            raise _too_deep(self.limits)
        index = -1
        values = []
        try:
            for index, wire in enumerate(wires):
                kind = type(wire)
                if kind is list:
                    wire = self._tagged(wire, depth)
                elif kind is dict:
                    wire = self._dict(wire, depth)
                values.append(wire)
        except PolyloomError as error:
            error.within(step(index))
            raise
        return values

    def _tagged(self, wire: list[Any], depth: int) -> Any:
        tag = wire[0] if wire else None
        if type(tag) is list:
            if len(wire) != 1:
                raise ValueRefused("a list is written as an array around one array")
            return self.items(tag, depth)
        decoder = DECODERS.get(tag) if type(tag) is str else None
        if decoder is None:
            raise ValueRefused(f"unknown tag {tag!r}")
        try:
            return decoder(self, wire, depth)
        except PolyloomError:
            raise
        except (ValueError, TypeError, IndexError, ArithmeticError) as error:
            raise ValueRefused(f"a {tag!r} form of the wrong shape: {error}") from None

    def _dict(self, wire: dict[str, Any], depth: int) -> dict[str, Any]:
        depth += 1
        if depth > self.limits.depth:
            raise _too_deep(self.limits)
        key = ""
        values = {}
        try:
            for key, item in wire.items():
                values[key] = self.decode(item, depth)
        except PolyloomError as error:
            error.within(step(key))
            raise
        return values

    def attachment(self, number: object) -> Buffer:
        """Return an attachment of this frame by its number."""
        if type(number) is not int or not 0 <= number < len(self.attachments):
            raise ValueRefused(f"the frame has no attachment {number!r}")
        return self.attachments[number]


def _exactly(wire: list[Any], *kinds: type) -> list[Any]:
    """Return what follows the tag, if there are as many parts as kinds and each is of its kind."""
    parts = wire[1:]
    if len(parts) != len(kinds) or not all(type(part) is kind for part, kind in zip(parts, kinds, strict=True)):
        raise ValueError(f"it takes {', '.join(kind.__name__ for kind in kinds) or 'nothing'}")
    return parts


def _decode_tuple(decoder: Decoder, wire: list[Any], depth: int) -> object:
    return tuple(decoder.items(wire[1:], depth))


def _decode_set(decoder: Decoder, wire: list[Any], depth: int) -> object:
    return set(decoder.items(wire[1:], depth))


def _decode_frozenset(decoder: Decoder, wire: list[Any], depth: int) -> object:
    return frozenset(decoder.items(wire[1:], depth))


def _decode_dict(decoder: Decoder, wire: list[Any], depth: int) -> object:
    parts = decoder.items(wire[1:], depth)
    if len(parts) % 2:
        raise ValueError("keys and values come in pairs")
    values = dict(zip(parts[::2], parts[1::2], strict=True))
    if len(values) * 2 != len(parts):
        raise ValueError("two keys are equal in Python")
    return values


def _decode_int(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    (text,) = _exactly(wire, str)
    digits = text.removeprefix("-")
    if len(digits) > decoder.limits.int_digits:
        raise LimitExceeded(f"int_digits: {len(digits):,} digits are above {decoder.limits.int_digits:,}")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{text[:20]!r} is no decimal integer")
    return int(text) if len(text) <= DECIMAL_DIGITS else int(Decimal(text))


_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _decode_float(_: Decoder, wire: list[Any], _depth: int) -> object:
    (text,) = _exactly(wire, str)
    return _FLOATS[text] if text in _FLOATS else float(text)


def _decode_complex(decoder: Decoder, wire: list[Any], depth: int) -> object:
    real, imag = decoder.items(wire[1:], depth)
    if type(real) not in (int, float) or type(imag) not in (int, float):
        raise ValueError("it takes two numbers")
    return complex(float(real), float(imag))


def _decode_bytes(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    (number,) = _exactly(wire, int)
    data = decoder.attachment(number)
    return data if type(data) is bytes else bytes(data)


def _decode_bytearray(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    (number,) = _exactly(wire, int)
    return bytearray(decoder.attachment(number))


def _decode_datetime(_: Decoder, wire: list[Any], _depth: int) -> object:
    _tag, text, fold, zone = wire
    value = datetime.fromisoformat(text)
    try:
        if zone is not None:
            value = value.replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, OSError):
        raise ValueRefused(f"unknown time zone {zone!r}", hint="install tzdata on the worker") from None
    return value.replace(fold=fold)


def _decode_date(_: Decoder, wire: list[Any], _depth: int) -> object:
    return date.fromisoformat(*_exactly(wire, str))


def _decode_time(_: Decoder, wire: list[Any], _depth: int) -> object:
    text, fold = _exactly(wire, str, int)
    return time.fromisoformat(text).replace(fold=fold)


def _decode_timedelta(_: Decoder, wire: list[Any], _depth: int) -> object:
    return timedelta(*_exactly(wire, int, int, int))


def _decode_decimal(_: Decoder, wire: list[Any], _depth: int) -> object:
    return Decimal(*_exactly(wire, str))


def _decode_fraction(_: Decoder, wire: list[Any], _depth: int) -> object:
    return Fraction(*_exactly(wire, str))


def _decode_uuid(_: Decoder, wire: list[Any], _depth: int) -> object:
    return UUID(*_exactly(wire, str))


def _decode_range(decoder: Decoder, wire: list[Any], depth: int) -> object:
    start, stop, stride = decoder.items(wire[1:], depth)
    return range(start, stop, stride)


def _decode_slice(decoder: Decoder, wire: list[Any], depth: int) -> object:
    start, stop, stride = decoder.items(wire[1:], depth)
    return slice(start, stop, stride)


def _decode_ellipsis(_: Decoder, wire: list[Any], _depth: int) -> object:
    _exactly(wire)
    return ...


def _decode_ndarray(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    number, dtype, shape = _exactly(wire, int, str, list)
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("a shape is made of integers from 0")
    return arrays.unpack(decoder.attachment(number), dtype, shape)


def _decode_ref(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    if decoder.resolve is None:
        raise ValueRefused("a reference has no meaning here")
    return decoder.resolve(wire)


DECODERS: dict[str, Callable[[Decoder, list[Any], int], object]] = {
    "tuple": _decode_tuple,
    "set": _decode_set,
    "frozenset": _decode_frozenset,
    "dict": _decode_dict,
    "int": _decode_int,
    "float": _decode_float,
    "complex": _decode_complex,
    "bytes": _decode_bytes,
    "bytearray": _decode_bytearray,
    "datetime": _decode_datetime,
    "date": _decode_date,
    "time": _decode_time,
    "timedelta": _decode_timedelta,
    "decimal": _decode_decimal,
    "fraction": _decode_fraction,
    "uuid": _decode_uuid,
    "range": _decode_range,
    "slice": _decode_slice,
    "ellipsis": _decode_ellipsis,
    "ndarray": _decode_ndarray,
    "ref": _decode_ref,
}

# Forms that only a host sends (§3.2): results, never arguments.
RESULT_TAGS = ("handle", "error")


def is_data(value: object) -> bool:
    """Tell whether a pull in `auto` mode copies the value (§6.2): by its exact type alone."""
    kind = type(value)
    return kind in PLAIN or (kind in ENCODERS and kind not in NOT_PULLED) or arrays.is_array(value) or arrays.is_scalar(value)


NOT_PULLED = frozenset({slice, type(...)})


def digits_of(value: int) -> str:
    """Return the decimal text of an int of any size."""
    return str(value) if value.bit_length() <= DECIMAL_BITS else f"{Decimal(value):f}"


def _too_deep(limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"depth: nested deeper than {limits.depth} levels, or containing itself")
