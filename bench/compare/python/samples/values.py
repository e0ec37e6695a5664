"""Values that are given, and questions about values that came."""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

LATE = datetime(2024, 5, 17, 12, 30, 15, 123456)


def past_2_53() -> int:
    return 2**53 + 1


def forty_digits() -> int:
    return 10**40 + 7


def not_a_number() -> float:
    return math.nan


def minus_zero() -> float:
    return -0.0


def one() -> float:
    return 1.0


def lone_surrogate() -> str:
    return "\ud83e"


def every_byte() -> bytes:
    return bytes(range(256))


def many_bytes(size: int) -> bytes:
    return hashlib.shake_256(b"polyloom").digest(size)


def three() -> set[int]:
    return {1, 2, 3}


def moment() -> datetime:
    return datetime(2024, 5, 17, 12, 30, tzinfo=UTC)


def late() -> datetime:
    return LATE


def complex_number() -> complex:
    return complex(1.5, -2)


def price() -> Decimal:
    return Decimal("0.10")


def pair() -> tuple[int, str]:
    return (1, "x")


def mixed_keys() -> dict[Any, str]:
    return {"2020-01-01": "date", 3: "int", "3": "text"}


def places() -> dict[tuple[int, int], str]:
    return {(1, 2): "x"}


def constructed() -> dict[str, Any]:
    return {"__proto__": {"admin": True}, "name": "Io"}


def circle() -> list[Any]:
    ring: list[Any] = [1]
    ring.append(ring)
    return ring


def truths() -> list[Any]:
    return [True, 1, False, 0, None]


def table() -> dict[str, Any]:
    return {"rows": [[1, 2.5], ["x", None]], "empty": {}}


def ordered() -> OrderedDict[str, Any]:
    return OrderedDict(b=1, a=[2])


def numpy_floats() -> Any:
    import numpy

    return numpy.array([[1.5, 2.5], [-0.0, 4]])


def same(value: Any) -> Any:
    return value


def described(value: Any) -> str:
    return repr(value)


def kind(value: Any) -> str:
    return type(value).__name__


def sign(value: float) -> float:
    return math.copysign(1, value)


def isoformat(value: datetime) -> str:
    return value.isoformat()


def items(values: Iterable[Any]) -> list[Any]:
    return list(values)


def code_points(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def length(text: str) -> int:
    return len(text)


def digest(data: Sequence[int]) -> str:
    return hashlib.sha256(bytes(data)).hexdigest()
