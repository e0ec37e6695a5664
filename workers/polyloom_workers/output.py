"""What Python code prints while a program runs, on its way to the client of that program (§6.5).

`sys.stdout` and `sys.stderr` are replaced by streams that know which program the current context runs. A thread of its
own sends what was printed, so that a long call is heard while it runs; what a program printed is sent before its reply, and
what a coroutine printed before its late result.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple, TextIO

from polyloom.frames import Buffer, Frame, write_frame
from polyloom.guard import shielded
from polyloom_workers.session import RUNNING, Session

PAUSE = 0.01  # seconds in which prints are gathered into one frame
WAITING = 1 << 20  # characters that may wait; whoever prints more sends them itself


class Source(NamedTuple):
    """Where a text comes from: the stream, and the program and slot that printed it."""

    session: Session
    n: int
    slot: int
    stream: str


class Output:
    """Gathers and sends texts. `send(client, frame, entry)` and `flush()` are the host's transport."""

    def __init__(self, send: Callable[[str, Frame, None], None], flush: Callable[[], None]) -> None:
        self._send = send
        self._flush = flush
        self._texts: deque[tuple[Source, str]] = deque()
        self._size = 0
        self._sending = threading.Lock()
        self._news = threading.Event()

    def install(self) -> None:
        """Take the place of the standard streams of this process, and begin to send."""
        sys.stdout = Stream(self, "stdout", sys.stdout)
        sys.stderr = Stream(self, "stderr", sys.stderr)
        threading.Thread(target=self._run, name="polyloom-output", daemon=True).start()

    def uninstall(self) -> None:
        """Give the standard streams back."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, Stream):
                setattr(sys, name, stream.before)

    def drain(self) -> None:
        """Send what was printed before what is sent next."""
        if self._texts:
            with self._sending:
                self._drain()

    def write(self, stream: str, text: str) -> bool:
        """Take a text of the running program; False when none runs in this context."""
        running = RUNNING.get()
        if running is None:
            return False
        session, n, _, table = running
        session.printed(table.filling, stream, text)
        self._texts.append((Source(session, n, table.filling, stream), text))
        self._size += len(text)
        if self._size > WAITING:
            with shielded():
                self._deliver()
        self._news.set()
        return True

    def _run(self) -> None:
        while True:
            self._news.wait()
            time.sleep(PAUSE)
            self._news.clear()
            self._deliver()

    def _deliver(self) -> None:
        with self._sending:
            self._drain()
            self._flush()

    def _drain(self) -> None:
        """Make frames of what waits, one for each run of texts from one source."""
        texts = []
        while self._texts:
            texts.append(self._texts.popleft())
        self._size = 0
        for source, parts in groupby(texts, key=lambda pair: pair[0]):
            body = {"t": "output", "session": source.session.id, "n": source.n, "slot": source.slot, "stream": source.stream}
            self._send(source.session.client, write_frame({**body, "text": "".join(text for _, text in parts)}), None)


class Stream(io.TextIOBase):
    """A standard stream: to the client of the running program, or where it went before."""

    def __init__(self, output: Output, name: str, before: TextIO) -> None:
        self._output = output
        self._name = name
        self.before = before

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not self._output.write(self._name, text):
            self.before.write(text)
        return len(text)

    def flush(self) -> None:
        self.before.flush()

    def fileno(self) -> int:
        return self.before.fileno()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in the base class
        return "utf-8"

    @property
    def buffer(self) -> object:
        """The stream of bytes below."""
        return Octets(self)


class Octets(io.BufferedIOBase):
    """The bytes of a standard stream: UTF-8, what is none shown by its code."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, octets: Buffer) -> int:  # type: ignore[override]  # of the buffers, only these
        data = bytes(octets)
        self._stream.write(data.decode("utf-8", "backslashreplace"))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True
