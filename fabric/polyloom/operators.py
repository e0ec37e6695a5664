"""Python's operators by their signs (§5.2). Mirrors `ops.ts`."""

from __future__ import annotations

import operator
from collections.abc import Callable

_BINARY: dict[str, Callable[..., object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda item, container: item in container,
    "is": operator.is_,
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "@=": operator.imatmul,
    "&=": operator.iand,
    "|=": operator.ior,
    "^=": operator.ixor,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
}
_UNARY: dict[str, Callable[..., object]] = {
    "not": operator.not_,
    "~": operator.invert,
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": operator.abs,
}
# symbol -> (number of operands, function)
OPERATORS = {symbol: (2, function) for symbol, function in _BINARY.items()} | {
    symbol: (1, function) for symbol, function in _UNARY.items()
}
