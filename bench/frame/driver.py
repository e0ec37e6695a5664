"""A child that is asked: one JSON line to its stdin, one marked JSON line back."""

import json
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Timer
from typing import Any

from frame.child import PATIENCE, Child, ChildError

REPLY_MARK = b"> "


class Driver(Child):
    """Measures calls from inside the process that makes them."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        super().__init__(command, env, piped=True)
        assert self.process.stdin is not None  # both are pipes
        assert self.process.stdout is not None
        self._requests, self._replies = self.process.stdin, self.process.stdout

    def ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Sends one request; gives the reply to it."""
        with suppress(BrokenPipeError):
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        return self.hear(timeout)

    def hear(self, timeout: float) -> dict[str, Any]:
        """The next reply, within so many seconds."""
        timer = Timer(timeout, self.signal, [signal.SIGKILL])
        timer.start()
        try:
            reply: dict[str, Any] = json.loads(self._line(timeout))
        finally:
            timer.cancel()
        if "error" in reply:
            raise ChildError(reply["error"])
        return reply

    def _line(self, timeout: float) -> bytes:
        for line in self._replies:
            if line.startswith(REPLY_MARK):
                return line.removeprefix(REPLY_MARK)
        raise ChildError(f"ended, or gave no answer in {timeout:g} s: {self.last_words()}")

    def close(self) -> None:
        """A driver ends by itself when its stdin is closed."""
        with suppress(BrokenPipeError):
            self._requests.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        super().close()
        self._replies.close()
