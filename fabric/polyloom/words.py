"""An op in words (§7.3), for errors."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from polyloom.failure import qualified_name
from polyloom.table import Table


def words_of(op: Any, table: Table) -> str:
    """Return an op in words, for errors: `call numpy.linalg.inv`, `import numpyy`, `setattr color`."""
    if type(op) is not list or not op or type(op[0]) is not str:
        return "op"
    if op[0] in ("setattr", "delattr") and len(op) > 3:
        return f"{op[0]} {op[3]}"
    subject = op[2] if len(op) > 2 else ""
    if op[0] == "exit":
        subject = ["ref", subject]
    if type(subject) is list and len(subject) > 1 and subject[0] == "ref":
        names = [_name_of(subject[1], table), *map(str, subject[2:])]
        if op[0] == "getattr" and len(op) > 3:
            names.append(str(op[3]))
        return f"{op[0]} {'.'.join(name for name in names if name)}"
    return f"{op[0]} {subject}" if type(subject) is str else op[0]


_FUNCTIONS = (FunctionType, BuiltinFunctionType)


def _name_of(slot: object, table: Table) -> str:
    """Return what stands in a slot, by name: a module, a function or a type."""
    value: Any = table.objects.get(slot) if type(slot) is int else None
    kind = type(value)
    if issubclass(kind, ModuleType):
        return str(value.__name__)
    if issubclass(kind, _FUNCTIONS):
        return f"{value.__module__}.{value.__qualname__}"
    return "" if value is None else qualified_name(value if issubclass(kind, type) else kind)
