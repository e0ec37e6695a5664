"""The contract of a registry, and the record it keeps of a worker."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from polyloom import __version__
from polyloom.ops import PROTOCOL

FULL = 1_000_000  # sessions that a full worker counts for: clients are placed there only where all are full


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker says of itself: `started` in seconds of the server's time, `skew` the seconds that its host's clock was ahead
    then, `sessions` open and those `running` a program, `full` 1 where it takes no more, `proof` of its secret (§16.5)."""

    id: str
    host: str = ""
    pid: int = 0
    python: str = ""
    protocol: int = PROTOCOL
    version: str = __version__
    started: float = 0.0
    skew: float = 0.0
    labels: tuple[str, ...] = ()
    sessions: int = 0
    running: int = 0
    full: int = 0
    proof: str = ""

    @property
    def load(self) -> int:
        """What counts when clients are placed."""
        return self.sessions + self.running + FULL * self.full

    @classmethod
    def here(cls, worker: str, started: float, labels: tuple[str, ...] = (), proof: str = "") -> Worker:
        """Describe the worker of this process, which starts now."""
        python = ".".join(map(str, sys.version_info[:3]))
        skew = time.time() - started
        return cls(worker, socket.gethostname(), os.getpid(), python, started=started, labels=labels, skew=skew, proof=proof)

    def to_fields(self) -> dict[str, str]:
        """Return the fields of the `info` hash."""
        return {name: str(value) for name, value in asdict(self).items()} | {"labels": " ".join(self.labels)}

    @classmethod
    def from_fields(cls, fields: dict[str, str]) -> Worker:
        """Read the fields of the `info` hash; unknown ones are ignored."""
        return cls(
            id=fields.get("id", ""),
            host=fields.get("host", ""),
            pid=int(fields.get("pid", 0)),
            python=fields.get("python", ""),
            protocol=int(fields.get("protocol", 0)),
            version=fields.get("version", ""),
            started=float(fields.get("started", 0)),
            skew=float(fields.get("skew", 0)),
            labels=tuple(fields.get("labels", "").split()),
            sessions=int(fields.get("sessions", 0)),
            running=int(fields.get("running", 0)),
            full=int(fields.get("full", 0)),
            proof=fields.get("proof", ""),
        )


class Registry(Protocol):
    """Workers and their leases. Times are the registry's own: clocks of hosts are never compared."""

    def lease(self, worker: Worker, seconds: float, arrived: Sequence[str] = (), *, listed: bool = True) -> None:
        """Enter a worker, or renew its lease. `arrived` are clients that its load counts since the last time. One that is not
        `listed` keeps its lease, but nobody is placed there."""

    def leave(self, worker: str) -> None:
        """Take a worker off the list: it will end. It keeps its lease."""

    def release(self, worker: str) -> None:
        """Take a worker out: it ends."""

    def workers(self) -> list[Worker]:
        """Return the listed workers whose lease holds, the oldest first."""

    def share(self, name: str, worker: str) -> str:
        """Enter the name of a shared object for a worker, unless another listed one has it; return who has it then."""

    def unshare(self, name: str, worker: str) -> None:
        """Take out a name that this worker has."""

    def names(self) -> dict[str, str]:
        """Return the names of shared objects, each with its worker, as long as that is listed."""
