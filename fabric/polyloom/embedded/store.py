"""A folder in which an embedded server keeps its data, for one server at a time."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from polyloom.errors import Gone


class Store:
    """Locked from `open` to `close`, or to the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: IO[str] | None = None

    def open(self) -> list[str]:
        """Lock the folder, which is made if need be, and return the server's options; Gone when another one has it."""
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self._folder / "lock").open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self.close()
                hint = "wait for it, or let both use one fleet: polyloom up, and --url"
                raise Gone(f"another process uses the data in {self._folder}", code="ConnectionLost", hint=hint) from None
        return ["--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "always"]

    def close(self) -> None:
        """Let others have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
