"""What encoding and decoding say about where a value is refused, and by which limit. Mirrors `paths.ts`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from polyloom.errors import LimitExceeded, PolyloomError, ValueRefused
from polyloom.limits import Limits

DECIMAL_DIGITS = 4300  # Python's own limit for int <-> str; beyond it Decimal converts, without that limit
DECIMAL_BITS = 14_280  # what fits into that many digits
BITS_OF_A_DIGIT = 3.3219280948873626


def step(key: object) -> str:
    """Return one segment of a path: `[2]`, `.name` or `["odd name"]`."""
    if isinstance(key, int):
        return f"[{key}]"
    text = str(key)
    return f".{text}" if text.isidentifier() else f'["{text}"]'


def digits_of(value: int, limits: Limits) -> str:
    """Return the decimal text of an int; LimitExceeded, before the work is done, where it is too long."""
    bits = value.bit_length()
    if bits > BITS_OF_A_DIGIT * (limits.int_digits + 1):
        raise too_long("int_digits", int(bits / BITS_OF_A_DIGIT), limits.int_digits)
    text = str(value) if bits <= DECIMAL_BITS else f"{Decimal(value):f}"
    check_digits(text, limits)
    return text


def int_of(text: str, limits: Limits) -> int:
    """Return the int of a decimal text that is known to be one."""
    check_digits(text, limits)
    return int(text) if len(text) <= DECIMAL_DIGITS else int(Decimal(text))


def check_digits(text: str, limits: Limits) -> None:
    """Raise LimitExceeded for the decimal text of an int that is too long."""
    digits = len(text) - text.startswith("-")
    if digits > limits.int_digits:
        raise too_long("int_digits", digits, limits.int_digits)


def too_deep(limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"depth: nested deeper than {limits.depth} levels")


def too_long(name: str, size: int, limit: int) -> LimitExceeded:
    return LimitExceeded(f"{name}: {size:,} are above {limit:,}")


def explained(error: PolyloomError, root: object, limits: Limits) -> PolyloomError:
    """Return the error of a value that contains itself, in place of the limit that it ran into."""
    if type(error) is not LimitExceeded or not error.message.startswith("depth"):
        return error
    path = _cycle(root, [], set(), limits.depth)
    return error if path is None else ValueRefused("a value that contains itself has no wire form", path=path)


def _cycle(value: object, around: list[int], done: set[int], depth: int) -> str | None:
    """Return the path to the first container that stands inside itself; each container is entered once."""
    if id(value) in around:
        return ""
    if id(value) in done or len(around) > depth:
        return None
    around.append(id(value))
    for key, part in _parts(value):
        path = _cycle(part, around, done, depth)
        if path is not None:
            return step(key) + path
    done.add(around.pop())
    return None


def _parts(value: Any) -> Iterator[tuple[object, object]]:
    if type(value) is dict:
        yield from value.items()
    elif type(value) in (list, tuple):
        yield from enumerate(value)
