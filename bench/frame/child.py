"""Child processes: each in a group of its own, ended by id, its last words kept for the report."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress

from frame.places import ROOT

PATIENCE = 10.0  # seconds from asking a child to end to forcing it
TAIL = 600  # bytes of a child's last words kept in an error


class ChildError(Exception):
    """A child that died, kept silent, or reported a failure."""


class Child:
    """One process and what it starts; stdout goes where stderr goes, unless it is to be read."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None, piped: bool = False) -> None:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else self._words,
            stderr=self._words,
            start_new_session=True,
        )

    def alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self) -> str:
        size = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, size - TAIL))
        return self._words.read().decode(errors="replace").strip() or "without a word"

    def close(self) -> None:
        """Asks the child to end, then forces it and what it left behind in its group."""
        self.signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        self.signal(signal.SIGKILL)
        self.process.wait()
        self._words.close()

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)
