"""The local host: the protocol on standard input and output (§1.4), or the line dialect when the first byte is `{`.

The process's own standard input and output are put aside first, so that what Python code prints goes to standard error
and what it reads is empty: neither can meet the protocol.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import deque
from typing import Any

from polyloom.errors import PolyloomError, UsageError
from polyloom.frames import Buffer, Frame
from polyloom.framing import FrameReader, pack_frame
from polyloom.policy import Policy
from polyloom.settings import Settings
from polyloom_workers import sleep
from polyloom_workers.crew import Crew
from polyloom_workers.host import Host
from polyloom_workers.output import Output
from polyloom_workers.session import Strand

CHUNK = 1 << 16  # bytes asked for in one read; a larger buffer is mapped and unmapped for every read
PIECES = 512  # buffers in one write; the kernel takes 1024
GRACE = 0.5  # seconds for the main thread to end by itself after the input ended
PARTING = 10.0  # seconds for contexts that are open then (§5.9)
CLIENT = "pipe"  # the one client there is


class Pipe:
    """Reads frames from one descriptor and writes frames to another."""

    def __init__(self, source: int, sink: int, settings: Settings) -> None:
        self._source = source
        self._sink = sink
        self._reader = FrameReader(settings.limits)
        self._outbox: deque[list[Buffer]] = deque()
        self._writing = threading.Lock()
        self.crew: Crew[Strand] = Crew(self.receive, self.flush, settings.threads)
        self.host = Host(
            Policy(),
            settings.worker_limits(),
            self.send,
            ready=self.crew.ready,
            wake=self.crew.wake,
            attend=self.crew.attend,
            flush=self.flush,
            leave=self.crew.leave,
        )

    def receive(self) -> bool:
        """Write what is answered and take what comes; False at the end of the input."""
        if self._outbox:
            self.flush()
        return self.take(os.read(self._source, CHUNK))

    def take(self, chunk: bytes) -> bool:
        """Take what was read; False at the end of the input, or where it cannot be read on."""
        if not chunk:
            self.host.forget(CLIENT)
            return False
        try:
            for frame in self._reader.feed(chunk):
                self.host.receive(CLIENT, frame)
        except PolyloomError as error:  # the stream cannot be read on
            self.host.end(CLIENT, error)
            self.flush()
            return False
        return True

    def send(self, _client: str, frame: Frame, _entry: Any) -> None:
        """Put a frame among those that the next flush writes."""
        if frame.text:
            self._outbox.append(pack_frame(frame))

    def flush(self) -> None:
        """Write what waits; whoever comes while another thread writes leaves it to that thread."""
        outbox = self._outbox
        while outbox and self._writing.acquire(blocking=False):
            try:
                pieces = outbox.popleft()
                while outbox:
                    pieces += outbox.popleft()
                _write(self._sink, pieces)
            except BrokenPipeError:
                self.leave()
            finally:
                self._writing.release()

    def leave(self) -> None:
        """End the process although the main thread may be in a long call: nobody is left who waits for it."""
        self.host.forget(CLIENT)
        time.sleep(GRACE)
        self.host.part(PARTING)
        os._exit(0)


def _write(sink: int, pieces: list[Buffer]) -> None:
    while pieces:
        batch, pieces = pieces[:PIECES], pieces[PIECES:]
        left = os.writev(sink, batch)
        if left == sum(map(len, batch)):
            continue
        for index, piece in enumerate(batch):
            if left < len(piece):
                pieces = [memoryview(piece)[left:], *batch[index + 1 :], *pieces]
                break
            left -= len(piece)


def serve(source: int, sink: int, settings: Settings, first: bytes) -> None:
    """Serve one client until its end of the pipe closes."""
    pipe = Pipe(source, sink, settings)
    pipe.host.runner.output = Output(pipe.send, pipe.flush)
    pipe.host.runner.output.install()
    sleep.install()
    try:
        if pipe.take(first):
            pipe.crew.serve(pipe.host.runner.turn, on_end=pipe.leave)
    finally:
        pipe.host.forget(CLIENT)
        pipe.host.part(PARTING, before=lambda: pipe.crew.join(GRACE))


def put_aside_stdio() -> tuple[int, int]:
    """Return private copies of standard input and output; the public ones become nothing and standard error."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return source, sink


def main() -> None:
    """Run the host; `polyloom stdio` and `python -m polyloom_workers.stdio`."""
    try:
        settings = Settings.from_env(os.environ)
    except UsageError as error:
        sys.stderr.write(f"polyloom stdio: {error}\n  hint: {error.hint}\n")
        sys.exit(2)
    source, sink = put_aside_stdio()
    first = os.read(source, CHUNK)
    try:
        if first.startswith(b"{"):
            from polyloom_workers import lines

            lines.serve(source, sink, first)
        elif first:
            serve(source, sink, settings, first)
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the client is gone
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(0)  # threads that Python code left running must not keep the process


if __name__ == "__main__":
    main()
