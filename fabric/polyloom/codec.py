"""Values to wire forms and back (§3). Mirrors `codec.ts`: same tags, same order, same names.

Both directions are tables: a type or a tag, and a function of a few lines; `register` adds a line to both. Paths of errors
are put together while an error leaves the containers, so that the way of good values costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from polyloom.decoder import DECODERS, RESULT_TAGS, Decoder
from polyloom.encoder import CONTAINERS, ENCODERS, PLAIN, SAFE_INT, Encoder, Wire, is_data, marked_float
from polyloom.errors import PolyloomError, UsageError, ValueRefused
from polyloom.paths import DECIMAL_BITS, step

__all__ = [
    "CONTAINERS",
    "DECIMAL_BITS",
    "DECODERS",
    "ENCODERS",
    "PLAIN",
    "RESULT_TAGS",
    "SAFE_INT",
    "Decoder",
    "Encoder",
    "Wire",
    "is_data",
    "marked_float",
    "register",
    "step",
]

T = TypeVar("T")

_NAME = re.compile(r"[a-z][a-z0-9._-]*", re.ASCII)


def register(kind: type[T], name: str, encode: Callable[[T], object], decode: Callable[[Any], T]) -> Callable[[], None]:
    """Make a type data, under the tag `x:<name>` (§3.6); return what takes it back.

    `encode(value)` gives any other data, bytes and arrays included, and `decode` makes the value of it. UsageError where the
    type or the name is taken.
    """
    tag = f"x:{name}"
    if not isinstance(kind, type) or kind in PLAIN or kind in ENCODERS:
        raise UsageError(f"{kind!r} has a wire form already, or is no type", hint="register each class of yours once")
    if _NAME.fullmatch(name) is None or tag in DECODERS:
        hint = "names look like `name`, `my-name` or `my.name`"
        raise UsageError(f"the name {name!r} is taken, or is no name", hint=hint)

    def encoded(encoder: Encoder, value: T, depth: int) -> Wire:
        return [tag, *encoder.items((_guarded(encode, value, f"encoding {tag!r}"),), depth)]

    def decoded(decoder: Decoder, wire: list[Any], depth: int) -> object:
        (data,) = decoder.items(wire[1:], depth)
        return _guarded(decode, data, f"decoding {tag!r}")

    def take_back() -> None:
        if ENCODERS.get(kind) is encoded:
            del ENCODERS[kind], DECODERS[tag]

    ENCODERS[kind] = encoded
    DECODERS[tag] = decoded
    return take_back


def _guarded(convert: Callable[[Any], object], value: object, what: str) -> object:
    try:
        return convert(value)
    except PolyloomError:
        raise
    except Exception as error:  # whatever a converter raises, only this value is refused
        raise ValueRefused(f"{what} raised {type(error).__name__}: {error}") from None
