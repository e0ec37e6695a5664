"""numpy at the border (§3.2 `ndarray`), without importing it before somebody uses an array.

Attachments hold items in C order, little-endian. Encoding copies once, so that a later change of the array cannot
reach a frame on its way; decoding copies once, so that the array is writable and owns its memory.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from polyloom.errors import ValueRefused

# Kinds of numpy dtypes that travel: bool, int, unsigned, float, complex, datetime64, timedelta64.
KINDS = "biufcmM"


def loaded() -> Any:
    """Return the numpy module if this process has imported it, else None."""
    return sys.modules.get("numpy")


def is_array(value: object) -> bool:
    """Tell an array whose items travel; arrays of objects and structures stay live."""
    numpy = loaded()
    if numpy is None or type(value) is not numpy.ndarray:
        return False
    dtype: Any = value.dtype  # type: ignore[attr-defined]
    return dtype.kind in KINDS and dtype.itemsize <= 16


def is_scalar(value: object) -> bool:
    """Tell a numpy scalar that has a plain value."""
    numpy = loaded()
    return numpy is not None and issubclass(type(value), numpy.generic) and not isinstance(value.item(), numpy.generic)  # type: ignore[attr-defined]


def plain(scalar: Any) -> Any:
    """Return the value of a numpy scalar; a moment that Python cannot hold (nanoseconds, NaT) as an array of no dimensions."""
    item = scalar.item()
    return loaded().asarray(scalar) if scalar.dtype.kind in "mM" and type(item) in (int, type(None)) else item


def pack(array: Any) -> tuple[bytes, str, list[int]]:
    """Return the bytes, the name of the dtype and the shape."""
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return little.tobytes(order="C"), array.dtype.name, list(array.shape)


def unpack(data: bytes | bytearray | memoryview, dtype: str, shape: Sequence[int]) -> Any:
    """Return the array; where numpy is not installed, a typed memoryview of the same shape."""
    try:
        import numpy
    except ImportError:
        return _view(data, dtype, shape)
    try:
        kind = numpy.dtype(dtype).newbyteorder("<")
        if kind.kind not in KINDS:
            raise ValueError("this dtype does not travel")
        return numpy.frombuffer(bytearray(data), dtype=kind).reshape(shape)
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


def _view(data: bytes | bytearray | memoryview, dtype: str, shape: Sequence[int]) -> memoryview:
    if dtype not in _FORMATS:
        raise ValueRefused(f"dtype {dtype!r} needs numpy", hint="install numpy on the worker")
    try:
        view: memoryview = memoryview(bytearray(data)).cast(_FORMATS[dtype], tuple(shape))  # type: ignore[call-overload]
        return view
    except (TypeError, ValueError) as error:
        raise ValueRefused(f"no array of dtype {dtype!r} and shape {list(shape)}: {error}") from None
