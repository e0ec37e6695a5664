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
from concurrent.futures import Future
from itertools import groupby
from typing import NamedTuple, Protocol, TextIO

from polyloom.frames import Buffer, Frame, write_frame
from polyloom.guard import shielded
from polyloom_workers.loop import is_on_loop
from polyloom_workers.session import RUNNING, Session

PAUSE = 0.01  # seconds in which prints are gathered into one frame
WAITING = 1 << 20  # characters that may wait; whoever prints more sends them itself
REMEMBERED = 1000  # clients that did not read
DEAF = 5.0  # seconds that a print waits for a client with a full mailbox; one that reads acknowledges long before


class Source(NamedTuple):
    """Where a text comes from: the stream, and the program and slot that printed it."""

    session: Session
    n: int
    slot: int
    stream: str


class Text(NamedTuple):
    """What was printed, or the mark of what was left out: so many characters."""

    source: Source
    text: str
    left_out: int = 0


class Mailbox(Protocol):
    """What a printing program has to know of the mailboxes of clients."""

    def is_full(self, client: str) -> bool: ...
    def room(self, client: str) -> Future[None] | None: ...


class Endless:
    """Where a transport needs no mailboxes."""

    def is_full(self, client: str) -> bool:
        return False

    def room(self, client: str) -> Future[None] | None:
        return None


class Output:
    """Gathers and sends texts. `send(client, frame, entry)` and `flush()` are the host's transport. A print waits for a client
    that reads; for one that does not it is left out, and counted (§6.5)."""

    def __init__(
        self, send: Callable[[str, Frame, None], None], flush: Callable[[], None], mailboxes: Mailbox | None = None
    ) -> None:
        self._send = send
        self._flush = flush
        self._mailboxes = mailboxes or Endless()
        self._texts: deque[Text] = deque()
        self._size = 0
        self._sending = threading.Lock()
        self._news = threading.Event()
        self._deaf: set[str] = set()  # clients that nobody waits for any more, until they have read
        self._omitted: dict[Source, int] = {}  # characters that were left out, by program and stream
        self._counting = threading.Lock()

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
        if self._omitted:
            for source in [one for one in [*self._omitted] if (one.session, one.n) == (session, n)]:
                self._confess(source)
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
        whole = Source(session, n, 0, stream)
        if self._mailboxes.is_full(session.client) and not self._wait(session.client):
            with self._counting:
                self._omitted[whole] = self._omitted.get(whole, 0) + len(text)
            return True
        if self._deaf:
            self._deaf.discard(session.client)
        if self._omitted:
            self._confess(whole)
        self._texts.append(Text(Source(session, n, table.filling, stream), text))
        self._size += len(text)
        if self._size > WAITING:
            with shielded():
                self._deliver()
        self._news.set()
        return True

    def _wait(self, client: str) -> bool:
        """Wait until a client has read; False where it does not, or nobody may wait: on an event loop."""
        if client in self._deaf or is_on_loop():
            return False
        with shielded():
            self._deliver()  # it can read no more than it was sent
            room = self._mailboxes.room(client)
            try:
                if room is not None:
                    room.result(DEAF)
            except TimeoutError:
                if len(self._deaf) >= REMEMBERED:
                    self._deaf.clear()  # of those that have gone
                self._deaf.add(client)
                return False
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
        for (source, left_out), parts in groupby(texts, key=lambda one: (one.source, one.left_out)):
            body = {"t": "output", "session": source.session.id, "n": source.n, "slot": source.slot, "stream": source.stream}
            told = {"text": "".join(one.text for one in parts)} | ({"left_out": left_out} if left_out else {})
            self._send(source.session.client, write_frame(body | told), None)

    def _confess(self, source: Source) -> None:
        """Tell a client how much was left out of what a program has printed."""
        with self._counting:
            count = self._omitted.pop(source, 0)
        if count:
            text = f"[polyloom: {count:,} characters left out: this client had not read what came before]\n"
            self._texts.append(Text(source, text, count))


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
