"""numpy at the border (§3.2 `ndarray`), without importing it before somebody uses an array.

Attachments hold items in C order, little-endian. Encoding copies once, so that a later change of the array cannot
reach a frame on its way; decoding copies once, so that the array is writable and owns its memory.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from polyloom.errors import ValueRefused
from polyloom.frames import Buffer

# Codes of the dtypes that travel: bool, ints, floats, complex, timedelta64 and datetime64. A long double is of another
# size on every machine, texts, objects and structures have no counterpart: their arrays stay live.
TRAVELLING = frozenset("?bhilqnpBHILQNPefdFDmM")
HUGE = 1 << 22  # bytes from which numpy asks for huge pages: its copies are made several times sooner than bytes objects
MOMENTS = "mM"  # kinds: timedelta64, datetime64
SCALARS = "biufcmMSU"  # kinds of scalars that have a plain value: all but objects and structures


def loaded() -> Any:
    """Return the numpy module if this process has imported it, else None."""
    return sys.modules.get("numpy")


def is_array(value: object) -> bool:
    """Tell an array whose items travel; arrays of texts, objects and structures stay live."""
    numpy = loaded()
    if numpy is None or type(value) is not numpy.ndarray:
        return False
    return value.dtype.char in TRAVELLING  # type: ignore[attr-defined]


def is_scalar(value: object) -> bool:
    """Tell a numpy scalar that has a plain value; a subclass of one is not data."""
    numpy = loaded()
    if numpy is None or not issubclass(type(value), numpy.generic):
        return False
    dtype: Any = value.dtype  # type: ignore[attr-defined]
    return dtype.kind in SCALARS and dtype.type is type(value) and not isinstance(value.item(), numpy.generic)  # type: ignore[attr-defined]


def plain(scalar: Any) -> Any:
    """Return the value of a numpy scalar; a moment that Python cannot hold (nanoseconds, NaT) as an array of no dimensions."""
    item = scalar.item()
    return loaded().asarray(scalar) if scalar.dtype.kind in MOMENTS and type(item) in (int, type(None)) else item


def listed(value: object) -> Any:
    """Return a copy of an array or scalar that is not data: nested lists, or an array without its subclass; else None."""
    numpy = loaded()
    if numpy is None or not issubclass(type(value), (numpy.ndarray, numpy.void)):
        return None
    array: Any = value
    if array.dtype.char in TRAVELLING and not isinstance(array, numpy.ma.MaskedArray):
        return numpy.asarray(array)
    return array.tolist()


def pack(array: Any) -> tuple[Buffer, str, list[int]]:
    """Return the bytes, the name of the dtype and the shape."""
    order = array.dtype.newbyteorder("<")
    if array.nbytes >= HUGE:
        data = array.astype(order, order="C").reshape(-1).view("uint8").data
    else:
        data = array.astype(order, order="C", copy=False).tobytes(order="C")
    return data, array.dtype.name, list(array.shape)


def unpack(data: Buffer, dtype: str, shape: Sequence[int]) -> Any:
    """Return the array; where numpy is not installed, a typed memoryview of the same shape."""
    try:
        import numpy
    except ImportError:
        return _view(data, dtype, shape)
    try:
        kind = numpy.dtype(dtype).newbyteorder("<")
        if kind.char not in TRAVELLING or kind.name != dtype:
            raise ValueError("this dtype does not travel")
        return numpy.frombuffer(data, dtype=kind).copy().reshape(shape)
    except (TypeError, ValueError) as error:
        raise ValueRefused(f"no array of dtype {dtype!r} and shape {list(shape)}: {error}") from None


_FORMATS = {
    "bool": "?",
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
_KINDS = {
    **dict.fromkeys("bhilqn", "int"),
    **dict.fromkeys("BHILQN", "uint"),
    **dict.fromkeys("efd", "float"),
    "Zf": "complex",
    "Zd": "complex",
}


def pack_view(view: memoryview) -> tuple[bytes, str, list[int]] | None:
    """Return what `pack` does for a typed memoryview; None for one of bare bytes."""
    letter = view.format.lstrip("@=<>!")
    if view.ndim == 1 and letter in ("B", "c"):
        return None
    if letter != "?" and letter not in _KINDS:
        raise ValueRefused(f"a memoryview of format {view.format!r} has no wire form", hint="cast it, or send its bytes")
    dtype = "bool" if letter == "?" else f"{_KINDS[letter]}{8 * view.itemsize}"
    little = sys.byteorder == "little" if view.format[0] not in "<>!" else view.format[0] == "<"
    data = view.tobytes()
    return data if little else _swapped(data, view.itemsize // (1 + (letter[0] == "Z"))), dtype, list(view.shape or ())


def _swapped(data: bytes, size: int) -> bytes:
    return b"".join(data[at : at + size][::-1] for at in range(0, len(data), size))


def _view(data: Buffer, dtype: str, shape: Sequence[int]) -> memoryview:
    if dtype not in _FORMATS:
        raise ValueRefused(f"dtype {dtype!r} needs numpy", hint="install numpy on the worker")
    try:
        view: memoryview = memoryview(bytearray(data)).cast(_FORMATS[dtype], tuple(shape))  # type: ignore[call-overload]
        return view
    except (TypeError, ValueError) as error:
        raise ValueRefused(f"no array of dtype {dtype!r} and shape {list(shape)}: {error}") from None
