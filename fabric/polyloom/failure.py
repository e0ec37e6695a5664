"""A failed op as the error object of §7. What is in it is made at once, so that no frame of a traceback stays alive."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from polyloom.codec import Encoder
from polyloom.errors import ErrorObject, InternalError, PolyloomError, ValueRefused
from polyloom.exposed import Exposed
from polyloom.js import JSError

LONGEST_REPR = 1000  # characters; an error must not be larger than what it is about
DEEPEST_CHAIN = 16  # causes and contexts followed
_OF_PROMISES = {
    "catch": "write .then(undefined, fn), or try and await",
    "finally": "write Promise.resolve(it).finally(fn), or try and await",
}


class Failure:
    """Stands in the slot of a failed op; `error` is the error object, `thrown` what must be held as long (§12.4).

    `exception` is what was raised, for a context that is left because of it (§5.9).
    """

    __slots__ = ("error", "exception", "thrown")

    def __init__(self, error: ErrorObject, thrown: Sequence[object] = (), exception: BaseException | None = None) -> None:
        self.error = error
        self.thrown = thrown
        self.exception = exception


class Failed(Exception):
    """Raised when an op uses a slot whose op failed: the first failure, passed on (§7.4)."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def failure_of(
    error: BaseException,
    op: str,
    redact: bool = False,
    exposed: Exposed | None = None,
    around: BaseException | None = None,
) -> Failure:
    """Return the failure of an op; `exposed` has the objects of the client, which may have thrown one of its own.

    The exception loses its traceback; `around` is one that is still at work on this thread.
    """
    wire = describe(error, op, redact)
    thrown = [*_thrown(wire, error, exposed)] if exposed is not None else ()
    return Failure(wire, thrown, cut(error, around))


def cut(error: BaseException, around: BaseException | None = None) -> BaseException | None:
    """Take the tracebacks out of an exception and its chain, since they keep frames alive; None where that cannot be done.

    An exception `around` it, which is still at work, stays whole and is taken out of the chain.
    """
    left, seen = [error], {id(None), id(around)}
    if error is around:
        return None
    try:
        while left:
            one = left.pop()
            seen.add(id(one))
            BaseException.with_traceback(one, None)
            if one.__context__ is around:
                one.__context__ = None
            parts = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
            left += [part for part in (one.__cause__, one.__context__, *parts) if part is not None and id(part) not in seen]
    except Exception:  # exceptions may lie about themselves
        return None
    return error


def _thrown(wire: ErrorObject, error: BaseException, exposed: Exposed) -> Iterator[object]:
    """Name what the client threw, through the chain, and give what keeps it."""
    if isinstance(error, JSError) and (number := exposed.id_of(error.thrown)) is not None:
        wire["exposed"] = number
        yield error.thrown
    for key, one in (("cause", error.__cause__), ("context", error.__context__)):
        if key in wire and one is not None:
            yield from _thrown(wire[key], one, exposed)
    if "group" in wire and isinstance(error, BaseExceptionGroup):
        for part, one in zip(wire["group"], error.exceptions, strict=False):
            yield from _thrown(part, one, exposed)


def describe(error: BaseException, op: str, redact: bool = False) -> ErrorObject:
    """Return the error object for what an op raised; `op` is the step in words (§7.3). `redact` hides where files are."""
    own = issubclass(type(error), PolyloomError)  # asked of the type: exceptions may lie about their class
    return {**(_describe_own(error) if own else describe_exception(error, redact=redact)), "op": op}


def _describe_own(error: Any) -> ErrorObject:
    wire: ErrorObject = (error.rooted() if error.path else error).to_wire()
    return wire


def describe_exception(error: BaseException, depth: int = 0, redact: bool = False) -> ErrorObject:
    """Return the error object of a Python exception (§7.2), with its chain."""
    try:
        return _describe(error, depth, redact)
    except Exception as fault:  # its own attributes are not what Python's are
        return {
            "code": "PythonError",
            "message": safe_text(str, error),
            "type": qualified_name(type(error)),
            "mro": [],
            "args": [],
            "frames": [],
            "traceback": f"{type(error).__qualname__}: to describe it raised {type(fault).__name__}",
        }


def _describe(error: BaseException, depth: int, redact: bool) -> ErrorObject:
    frames = _frames(error.__traceback__, redact)
    wire: ErrorObject = {
        "code": "PythonError",
        "message": safe_text(str, error),
        "type": qualified_name(type(error)),
        "mro": [qualified_name(kind) for kind in type(error).__mro__ if kind is not object],
        "args": [_plain(argument) for argument in error.args],
        "frames": [[f.filename, f.lineno, f.name, f.line or ""] for f in frames],
        "traceback": _text(error, frames),
    }
    if isinstance(error, ModuleNotFoundError) and error.name:
        wire["hint"] = _install_hint(error.name.partition(".")[0], redact)
    if isinstance(error, AttributeError) and error.name in _OF_PROMISES and not frames:
        wire["hint"] = f"the names of a remote object are Python's: for a promise's {error.name}, {_OF_PROMISES[error.name]}"
    if isinstance(error, SyntaxError):
        wire["syntax"] = [_filename(str(error.filename), redact), error.lineno, error.offset, error.text]
    attributes = {name: _plain(value) for name, value in vars(error).items() if name != "__notes__"}
    if attributes:
        wire["attributes"] = attributes
    notes = getattr(error, "__notes__", None)
    if notes:
        wire["notes"] = [safe_text(str, note) for note in notes]
    if depth < DEEPEST_CHAIN:
        if error.__cause__ is not None:
            wire["cause"] = describe_exception(error.__cause__, depth + 1, redact)
        elif error.__context__ is not None and not error.__suppress_context__:
            wire["context"] = describe_exception(error.__context__, depth + 1, redact)
        if isinstance(error, BaseExceptionGroup):
            wire["group"] = [describe_exception(one, depth + 1, redact) for one in error.exceptions]
    return wire


def internal(error: BaseException) -> InternalError:
    """Return the error for a fault of the host itself."""
    return InternalError(f"the host failed: {type(error).__name__}: {safe_text(str, error)}", hint="please report it")


def qualified_name(kind: type) -> str:
    """Return `module.Name`, without the module for builtins."""
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def safe_text(how: type[str] | object, value: object) -> str:
    """Return `str(value)` or `repr(value)`, or a stand-in when that raises."""
    try:
        return str(how(value))  # type: ignore[operator]
    except BaseException as error:  # whatever it is, it comes from the text and not from the op
        return f"<{type(value).__qualname__}: its text raised {type(error).__name__}>"


def _plain(value: object) -> object:
    encoder = Encoder()
    try:
        wire = encoder.encode(value)
    except ValueRefused:
        return safe_text(repr, value)[:LONGEST_REPR]
    except PolyloomError:
        return f"<{type(value).__qualname__}: too large>"
    return safe_text(repr, value)[:LONGEST_REPR] if encoder.attachments else wire


def _frames(trace: TracebackType | None, redact: bool) -> traceback.StackSummary:
    """Return the frames of a traceback, without those of the bridge itself."""
    own = (pair for pair in traceback.walk_tb(trace) if not _is_bridge(pair[0].f_globals.get("__name__")))
    frames = traceback.StackSummary.extract(own)
    if redact:
        for frame in frames:
            frame.line  # noqa: B018 - reads the line while the name of its file is whole
            frame.filename = _filename(frame.filename, redact)
    return frames


def _filename(name: str, redact: bool) -> str:
    """Return the name of a file, redacted to what comes after the folder that Python imports it from."""
    if not redact or not os.path.isabs(name):
        return name
    roots = [root for root in sys.path if root and name.startswith(os.path.join(root, ""))]
    return os.path.relpath(name, max(roots, key=len)) if roots else os.path.basename(name)


def _install_hint(package: str, redact: bool) -> str:
    if redact:
        return f"the worker's Python has no module {package!r}: have it installed there"
    return f"not installed for {sys.executable}: try {sys.executable} -m pip install {ascii(package)[1:-1]}"


def _is_bridge(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in ("polyloom", "polyloom_workers")


def _text(error: BaseException, frames: traceback.StackSummary) -> str:
    try:
        lines = ["Traceback (most recent call last):\n", *frames.format()]
        return "".join([*lines, *traceback.format_exception_only(error)])
    except Exception as fault:
        return f"{type(error).__qualname__}: the traceback raised {type(fault).__name__}"
