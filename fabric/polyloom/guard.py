"""Interrupting one op that runs (§5.8), and no other.

An interrupt is an exception that CPython raises in a thread at its next instruction. Who interrupts and who ends the op draw
for one token, by `list.pop`, which is one step under the GIL and needs no lock that the exception itself could leave behind:

    the op wins      it has ended, nothing is raised
    the other wins   the op waits until the exception is on its way, and takes it

While an op waits inside the bridge it holds the token itself, so the bridge's own code is never interrupted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType


class Interrupt(BaseException):
    """Raised in the code of an op that the client gave up; `except Exception` does not catch it."""


class _Local(threading.local):
    guard: Guard | None = None


_LOCAL = _Local()


class Guard:
    """One op that may be interrupted while it runs on this thread."""

    def __init__(self) -> None:
        self.cancelled = False
        self.wake: Callable[[], None] | None = None  # ends the wait of an op inside the bridge
        self._token = [True]
        self._mine = False  # the op itself has the token; known to its thread alone
        self._raised = False
        self._thread = threading.get_ident()
        self._outer = _LOCAL.guard
        _LOCAL.guard = self

    def cancel(self) -> None:
        """Interrupt the op, from another thread; nothing when it has ended."""
        self.cancelled = True
        if self._take():
            _raise_in(self._thread, Interrupt)
            self._raised = True
        elif (wake := self.wake) is not None:
            wake()

    def end(self) -> None:
        """The op has ended: from here on nothing is raised. An exception on its way may be raised by this very call, once."""
        if not self._keep():
            self._absorb()
        _LOCAL.guard = self._outer

    def suspend(self) -> None:
        """Keep the exception away from here to `resume`."""
        if not self._keep():
            self._absorb()
            raise Interrupt

    def resume(self) -> None:
        """Let the exception come again; raise it at once where it was due meanwhile."""
        if not self.cancelled:
            self._mine = False
            self._token.append(True)
            if not self.cancelled:
                return
            self.suspend()
        raise Interrupt

    def _keep(self) -> bool:
        """Take the token, or have it already; False when an exception is on its way."""
        self._mine = self._mine or self._take()
        return self._mine

    def _take(self) -> bool:
        try:
            return self._token.pop()
        except IndexError:
            return False

    def _absorb(self) -> None:
        while not self._raised:
            time.sleep(0)
        _raise_in(self._thread, None)


class shielded:
    """`with shielded() as guard:` keeps an interrupt of the op on this thread out of the block; `guard` is its, or None."""

    __slots__ = ("_guard",)

    def __enter__(self) -> Guard | None:
        self._guard = _LOCAL.guard
        if self._guard is not None:
            self._guard.suspend()
            _LOCAL.guard = None
        return self._guard

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self._guard is not None:
            _LOCAL.guard = self._guard
            self._guard.resume()


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    import ctypes  # a host that never interrupts starts without it

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind) if kind else None)
