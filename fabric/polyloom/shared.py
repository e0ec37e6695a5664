"""Objects that a host holds under names, for all its sessions (§13). A name ends with the worker that holds it."""

from __future__ import annotations

import re
import threading
from typing import Protocol

from polyloom.errors import LimitExceeded, NameTaken, UnknownName, ValueRefused
from polyloom.failure import qualified_name
from polyloom.js import FOREIGN
from polyloom.limits import Limits

NAME = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")
SHOWN = 5  # names that an error lists


class Directory(Protocol):
    """Which live worker holds which name, for a whole fleet."""

    def share(self, name: str, worker: str) -> str:
        """Enter a name for a worker, unless a live one has it; return the worker that has it then."""

    def unshare(self, name: str, worker: str) -> None:
        """Take a name out that this worker has."""

    def names(self) -> dict[str, str]:
        """Return the names of live workers, each with its worker."""

    def lost(self, workers: set[str]) -> set[str]:
        """Return those of some workers whose lease has ended."""


class Shared:
    """Names to objects. With a directory a name is known to the fleet, without one to this host."""

    def __init__(self, worker: str, limits: Limits, directory: Directory | None = None) -> None:
        self._worker = worker
        self._limits = limits
        self._directory = directory
        self._objects: dict[str, object] = {}
        self._lock = threading.Lock()

    def share(self, name: str, value: object) -> None:
        """Hold an object under a name; NameTaken where another object has it, here or on another worker."""
        if type(value) in FOREIGN:
            raise ValueRefused("an object of the client ends with its session", hint="share an object of Python")
        _check(name)
        with self._lock:
            if self._objects.get(name, value) is not value:
                raise _taken(name, self._worker)
            if name not in self._objects and len(self._objects) >= self._limits.shared_names:
                raise LimitExceeded(f"shared_names: this host shares {len(self._objects):,} objects", hint="unshare some")
            if self._directory is not None:
                holder = self._directory.share(name, self._worker)
                if holder != self._worker:
                    raise _taken(name, holder)
            self._objects[name] = value

    def get(self, name: str) -> object:
        """Return the object of a name; UnknownName where this host holds none."""
        _check(name)
        try:
            return self._objects[name]
        except KeyError:
            raise self._unknown(name) from None

    def unshare(self, name: str) -> None:
        """Let a name go. Who uses the object keeps it."""
        _check(name)
        with self._lock:
            if name not in self._objects:
                raise self._unknown(name)
            if self._directory is not None:
                self._directory.unshare(name, self._worker)
            del self._objects[name]

    def types(self) -> list[dict[str, str]]:
        """Return each name with the type of its object."""
        return [{"name": name, "type": qualified_name(type(value))} for name, value in sorted(self._objects.copy().items())]

    def _unknown(self, name: str) -> UnknownName:
        known = self._directory.names() if self._directory is not None else dict.fromkeys(self._objects, self._worker)
        if (holder := known.get(name)) not in (None, self._worker):
            return UnknownName(f"{name!r} is shared by the worker {holder}, not here", code="UnknownShared", hint="ask again")
        return UnknownName(f"nothing is shared as {name!r}", code="UnknownShared", hint=_listed(sorted(known)))


def _check(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise ValueRefused(f"{name!r:.60} is no name for an object", hint="1 to 128 of A-Z a-z 0-9 and _.:/@+-: 'model:v1'")


def _taken(name: str, holder: str) -> NameTaken:
    return NameTaken(f"{name!r} is shared by the worker {holder} already", worker=holder, hint="unshare it, or take another name")


def _listed(names: list[str]) -> str:
    if not names:
        return "no names are shared"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"there are {', '.join(names[:SHOWN])}{more}"
