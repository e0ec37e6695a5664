"""The line dialect of the stdio host: one JSON object a line, so that any language can drive it in twenty lines.

`docs/reference/line-dialect.md` is its page. Values here are JSON scalars, `{"__bytes__": base64}`, and
`{"__pyref__": n, "__type__": name}` for everything else.
"""

from __future__ import annotations

import base64
import importlib
import json
import math
import os
from collections.abc import Callable
from typing import Any

from polyloom import arrays
from polyloom.codec import DECIMAL_BITS
from polyloom.failure import describe_exception, safe_text

Request = dict[str, Any]


class BadOp(Exception):
    """The request asks for what this dialect does not have."""


class Lines:
    """The objects that one client holds, by number; a released number is never used again."""

    def __init__(self) -> None:
        self.objects: dict[int, object] = {}
        self.last = 0

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the reply to one line; it never raises."""
        try:
            request = json.loads(line)
            if type(request) is not dict:
                raise ValueError("a request is an object")
        except (ValueError, RecursionError) as error:
            return _failure(-1, "BridgeError", f"not a JSON request: {error}")
        number = request.get("id")
        if not _is_json(number) or number is None:
            number = -1
        try:
            operation = OPERATIONS.get(str(request.get("op")))
            if operation is None:
                raise BadOp(f"unknown op {request.get('op')!r}")
            return {"id": number, "ok": True, "result": operation(self, request)}
        except BadOp as error:
            return _failure(number, "BadOp", str(error))
        except BaseException as error:
            return _failure(
                number, "PyError", f"{type(error).__name__}: {safe_text(str, error)}", describe_exception(error)["traceback"]
            )

    def to_wire(self, value: object) -> object:
        """Return a result: data of JSON as it is, bytes in base64, anything else by reference."""
        if _is_json(plain := arrays.plain(value) if arrays.is_scalar(value) else value):
            return plain
        if isinstance(value, bytes):
            return {"__bytes__": base64.b64encode(value).decode("ascii")}
        self.last += 1
        self.objects[self.last] = value
        return {"__pyref__": self.last, "__type__": type(value).__name__}

    def from_wire(self, value: Any) -> Any:
        """Return an argument: arrays and objects converted, references resolved."""
        if type(value) is list:
            return [self.from_wire(item) for item in value]
        if type(value) is not dict:
            return value
        if "__pyref__" in value:
            return self.object(value)
        if value.keys() == {"__bytes__"}:
            return base64.b64decode(value["__bytes__"])
        return {key: self.from_wire(item) for key, item in value.items()}

    def object(self, reference: Any) -> Any:
        """Return the object of a reference, given as its form or as its bare number."""
        number = reference.get("__pyref__") if type(reference) is dict else reference
        if type(number) is not int or number not in self.objects:
            raise BadOp(f"no object {number!r}")
        return self.objects[number]


def _is_json(value: Any) -> bool:
    """Tell what JSON can say: neither nan and the infinities nor an int of more digits than Python prints."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in (str, bool, type(None)) or (type(value) is int and value.bit_length() <= DECIMAL_BITS)


def _failure(number: object, kind: str, message: str, trace: str = "") -> dict[str, Any]:
    return {"id": number, "ok": False, "error": {"type": kind, "message": message, "trace": trace}}


def _field(request: Request, name: str) -> Any:
    if name not in request:
        raise BadOp(f"op {request['op']!r} needs {name!r}")
    return request[name]


def _ping(_lines: Lines, _request: Request) -> object:
    return "pong"


def _import(lines: Lines, request: Request) -> object:
    return lines.to_wire(importlib.import_module(_field(request, "path")))


def _getattr(lines: Lines, request: Request) -> object:
    return lines.to_wire(getattr(lines.object(_field(request, "obj")), _field(request, "attr")))


def _setattr(lines: Lines, request: Request) -> object:
    target, name = lines.object(_field(request, "obj")), _field(request, "attr")
    setattr(target, name, lines.from_wire(_field(request, "value")))
    return True


def _call(lines: Lines, request: Request) -> object:
    target = lines.object(_field(request, "obj"))
    positional = lines.from_wire(request.get("args") or [])
    named = lines.from_wire(request.get("kwargs") or {})
    return lines.to_wire(target(*positional, **named))


def _repr(lines: Lines, request: Request) -> object:
    return repr(lines.object(_field(request, "obj")))


def _release(lines: Lines, request: Request) -> object:
    reference = _field(request, "ref")
    number = reference.get("__pyref__") if type(reference) is dict else reference
    if type(number) is not int:
        raise BadOp(f"no object {number!r}")
    lines.objects.pop(number, None)
    return True


OPERATIONS: dict[str, Callable[[Lines, Request], object]] = {
    "ping": _ping,
    "import": _import,
    "getattr": _getattr,
    "setattr": _setattr,
    "call": _call,
    "repr": _repr,
    "release": _release,
}


def serve(source: int, sink: int, first: bytes) -> None:
    """Answer lines until the input ends; `first` is what was read of it already."""
    lines = Lines()
    rest = first
    while True:
        *complete, rest = rest.split(b"\n")
        replies = [_text(lines.answer(line)) for line in complete if line.strip()]
        _write(sink, b"".join(replies))
        chunk = os.read(source, 1 << 16)
        if not chunk:
            if rest.strip():
                _write(sink, _text(lines.answer(rest)))
            return
        rest += chunk


def _text(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode("ascii") + b"\n"


def _write(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]
