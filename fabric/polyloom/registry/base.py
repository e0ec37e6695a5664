"""The contract of a registry, and the record it keeps of a worker."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import asdict, dataclass
from typing import Protocol

from polyloom import __version__
from polyloom.ops import PROTOCOL


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker says of itself; `started` in seconds of Unix time, all else as it is."""

    id: str
    host: str = ""
    pid: int = 0
    python: str = ""
    protocol: int = PROTOCOL
    version: str = __version__
    started: float = 0.0

    @classmethod
    def here(cls, worker: str, started: float) -> Worker:
        """Describe the worker of this process."""
        python = ".".join(map(str, sys.version_info[:3]))
        return cls(worker, socket.gethostname(), os.getpid(), python, started=started)

    def to_fields(self) -> dict[str, str]:
        """Return the fields of the `info` hash."""
        return {name: str(value) for name, value in asdict(self).items()}

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
        )


class Registry(Protocol):
    """Workers and their leases. Times are the registry's own: clocks of hosts are never compared."""

    def lease(self, worker: Worker, seconds: float) -> None:
        """Enter a worker, or renew its lease."""

    def release(self, worker: str) -> None:
        """Take a worker out: it ends."""

    def workers(self) -> list[Worker]:
        """Return the workers whose lease holds, the oldest first."""
