"""Wire forms to values (§3); see `codec.py`. The table DECODERS goes by tag."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from polyloom import arrays
from polyloom.errors import PolyloomError, ValueRefused
from polyloom.exposed import Exposed
from polyloom.frames import Buffer
from polyloom.limits import DEFAULT_LIMITS, Limits
from polyloom.paths import int_of, step, too_deep

Wire = Any


class Decoder:
    """Turns wire forms into values. `resolve` gives the object of a `ref` form, `exposed` has those of `exposed` forms;
    `borrow` gives those of `far` forms; without them such forms are refused."""

    __slots__ = ("attachments", "borrow", "exposed", "limits", "named", "resolve")

    def __init__(
        self,
        attachments: Sequence[Buffer] = (),
        resolve: Callable[[list[Any]], object] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        exposed: Exposed | None = None,
        borrow: Callable[[str, int, int], object] | None = None,
    ) -> None:
        self.attachments = attachments
        self.resolve = resolve
        self.exposed = exposed
        self.borrow = borrow
        self.limits = limits
        self.named: list[int] | None = None  # ids of objects of the client that were met

    def decode(self, wire: Wire, depth: int = 0) -> Any:
        """Return the value; ValueRefused or LimitExceeded with the path to the offending part."""
        kind = type(wire)
        if kind is list:
            return self._tagged(wire, depth)
        if kind is dict:
            return self.entries(wire, depth)
        return wire

    def items(self, wires: Sequence[Wire], depth: int) -> list[Any]:
        """Return the values of a sequence one level deeper."""
        depth += 1
        if depth > self.limits.depth:
            raise too_deep(self.limits)
        index = -1
        values = []
        try:
            for index, wire in enumerate(wires):
                kind = type(wire)
                if kind is list:
                    wire = self._tagged(wire, depth)
                elif kind is dict:
                    wire = self.entries(wire, depth)
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
            raise _unknown(tag)
        try:
            return decoder(self, wire, depth)
        except PolyloomError:
            raise
        except (ValueError, TypeError, IndexError, ArithmeticError) as error:
            raise ValueRefused(f"a {tag!r} form of the wrong shape: {error}") from None

    def entries(self, wire: dict[str, Any], depth: int) -> dict[str, Any]:
        """Return a dict of the values of an object, one level deeper."""
        depth += 1
        if depth > self.limits.depth:
            raise too_deep(self.limits)
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


def _unknown(tag: object) -> ValueRefused:
    if type(tag) is not str or not tag.startswith("x:"):
        return ValueRefused(f"unknown tag {tag!r:.60}")
    hint = "polyloom.codec.register it on the worker, or import the module that does"
    return ValueRefused(f"a value under the tag {tag!r:.60}, which nobody registered here", code="NotData", hint=hint)


def _exactly(wire: list[Any], *kinds: type) -> list[Any]:
    """Return what follows the tag, if there are as many parts as kinds and each is of its kind."""
    parts = wire[1:]
    if len(parts) != len(kinds) or not all(type(part) is kind for part, kind in zip(parts, kinds, strict=True)):
        raise ValueError(f"it takes {', '.join(kind.__name__ for kind in kinds) or 'nothing'}")
    return parts


def _text(wire: list[Any], pattern: re.Pattern[str]) -> str:
    """Return the one text after the tag, if it has the form that Python prints (§3.2)."""
    text: str
    (text,) = _exactly(wire, str)
    return _matching(text, pattern)


def _matching(text: Any, pattern: re.Pattern[str]) -> str:
    if type(text) is not str or pattern.fullmatch(text) is None:
        raise ValueError(f"{text!r:.40} is not of the form that it takes")
    return text


_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?"
_OFFSET = r"(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?"
_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_INT = re.compile(r"-?\d+", re.ASCII)
_FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)", re.ASCII | re.IGNORECASE)
_FRACTION = re.compile(r"(-?\d+)(?:/(\d+))?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_DATE = re.compile(_DAY, re.ASCII)
_TIME = re.compile(_CLOCK + _OFFSET, re.ASCII)
_DATETIME = re.compile(f"{_DAY}T{_CLOCK}{_OFFSET}", re.ASCII)


def _decode_tuple(decoder: Decoder, wire: list[Any], depth: int) -> object:
    return tuple(decoder.items(wire[1:], depth))


def _decode_set(decoder: Decoder, wire: list[Any], depth: int) -> object:
    return _members(set(parts := decoder.items(wire[1:], depth)), parts)


def _decode_frozenset(decoder: Decoder, wire: list[Any], depth: int) -> object:
    return _members(frozenset(parts := decoder.items(wire[1:], depth)), parts)


def _members(made: set[Any] | frozenset[Any], parts: list[Any]) -> object:
    if len(made) != len(parts):
        raise ValueError("two members are equal in Python")
    return made


def _decode_dict(decoder: Decoder, wire: list[Any], depth: int) -> object:
    parts = decoder.items(wire[1:], depth)
    if len(parts) % 2:
        raise ValueError("keys and values come in pairs")
    values = dict(zip(parts[::2], parts[1::2], strict=True))
    if len(values) * 2 != len(parts):
        raise ValueError("two keys are equal in Python")
    return values


def _decode_int(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    return int_of(_text(wire, _INT), decoder.limits)


_FLOATS = ("nan", "inf", "-inf")  # each NaN is an object of its own: as keys Python tells them apart


def _decode_float(_: Decoder, wire: list[Any], _depth: int) -> object:
    (text,) = _exactly(wire, str)
    return float(text if text in _FLOATS else _matching(text, _FLOAT))


def _decode_complex(decoder: Decoder, wire: list[Any], depth: int) -> object:
    if not all(type(part) is not list or part[:1] == ["float"] for part in wire):
        raise ValueError("its parts are numbers or float forms")
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
    value = datetime.fromisoformat(_matching(text, _DATETIME))
    return value.replace(fold=fold) if zone is None else value.replace(fold=fold, tzinfo=_zone(zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueRefused(f"unknown time zone {name!r:.60}", hint="install tzdata on the worker") from None


def _decode_date(_: Decoder, wire: list[Any], _depth: int) -> object:
    return date.fromisoformat(_text(wire, _DATE))


def _decode_time(_: Decoder, wire: list[Any], _depth: int) -> object:
    if len(wire) == 3:
        text, fold = _exactly(wire, str, int)
        return time.fromisoformat(_matching(text, _TIME)).replace(fold=fold)
    text, fold, zone = _exactly(wire, str, int, str)
    value = time.fromisoformat(_matching(text, _TIME))
    if value.tzinfo is not None:
        raise ValueError("a time of day in a named zone has no offset")
    return value.replace(fold=fold, tzinfo=_zone(zone))


def _decode_timedelta(_: Decoder, wire: list[Any], _depth: int) -> object:
    return timedelta(*_exactly(wire, int, int, int))


def _decode_decimal(_: Decoder, wire: list[Any], _depth: int) -> object:
    return Decimal(_text(wire, _DECIMAL))


def _decode_fraction(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    parts = _FRACTION.fullmatch(_text(wire, _FRACTION))
    above, below = parts.groups() if parts else ("", "")
    return Fraction(int_of(above, decoder.limits), int_of(below or "1", decoder.limits))


def _decode_uuid(_: Decoder, wire: list[Any], _depth: int) -> object:
    return UUID(_text(wire, _UUID))


def _decode_range(decoder: Decoder, wire: list[Any], depth: int) -> object:
    parts = decoder.items(wire[1:], depth)
    if len(parts) != 3 or not all(type(part) is int for part in parts):
        raise ValueError("it takes three ints")
    return range(*parts)


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


def _decode_far(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    session, n, slot = _exactly(wire, str, int, int)
    if decoder.borrow is None:
        raise ValueRefused("an object of another session has no meaning here", hint="await it and send its value")
    return decoder.borrow(session, n, slot)


def _decode_exposed(decoder: Decoder, wire: list[Any], _depth: int) -> object:
    if decoder.exposed is None:
        raise ValueRefused("an object of the client has no meaning here", hint="nobody could be asked: a job has no client")
    found = decoder.exposed.find(*wire[1:])
    if decoder.named is None:
        decoder.named = []
    decoder.named.append(wire[1])
    return found


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
    "far": _decode_far,
    "exposed": _decode_exposed,
}

# Forms that only a host sends (§3.2): results, never arguments.
RESULT_TAGS = ("handle", "error", "pending")
