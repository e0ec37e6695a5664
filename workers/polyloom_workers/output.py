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
from typing import Any, NamedTuple, TextIO

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
    """Gathers and sends texts. `send(client, frame, entry)` and `flush()` are the host's transport; what is printed for a client
    that is `full` is left out, and the client is told how much (§6.5)."""

    def __init__(
        self,
        send: Callable[[str, Frame, None], None],
        flush: Callable[[], None],
        full: Callable[[str], bool] = lambda client: False,
    ) -> None:
        self._send = send
        self._flush = flush
        self._full = full
        self._omitted: dict[Source, int] = {}  # characters that a client had no room for, by program and stream
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

    def drain(self, session: Session, n: int) -> None:
        """Send what was printed before what a program comes to, which is sent next."""
        if self._texts or self._omitted:
            with self._sending:
                self._drain()
                for source in [one for one in self._omitted if (one.session, one.n) == (session, n)]:
                    self._confess(source)

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
        for source in [one for one in self._omitted if not self._full(one.session.client)]:
            self._confess(source)
        for source, parts in groupby(texts, key=lambda pair: pair[0]):
            text = "".join(part for _, part in parts)
            whole = source._replace(slot=0)
            full = self._full(source.session.client)
            if not full and whole in self._omitted:
                self._confess(whole)
            if full:
                self._omitted[whole] = self._omitted.get(whole, 0) + len(text)
            else:
                self._tell(source, {"text": text})

    def _confess(self, source: Source) -> None:
        """Tell a client how much was left out of what a program printed."""
        count = self._omitted.pop(source)
        text = f"[polyloom: {count:,} characters left out: this client had not read what came before]\n"
        self._tell(source, {"text": text, "left_out": count})

    def _tell(self, source: Source, what: dict[str, Any]) -> None:
        body = {"t": "output", "session": source.session.id, "n": source.n, "slot": source.slot, "stream": source.stream}
        self._send(source.session.client, write_frame(body | what), None)


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
