"""`polyloom worker --processes N`: starts N workers, starts anew what dies, and passes signals on. One line of log an event."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from polyloom.embedded import child

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SOON = 10.0  # seconds; what dies sooner after its start is started anew later and later
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds
USAGE = 2  # exit status of a worker that was started in a wrong way: starting it again would not help


class Slot:
    """One of the N processes, through all its lives."""

    def __init__(self, number: int, command: Sequence[str]) -> None:
        self.number = number
        self.due: float | None = 0.0  # when to start it, in seconds of the monotonic clock; None when there is nothing to start
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self._started = 0.0
        self._delay = 0.0

    def start(self) -> None:
        # A session of its own: a Ctrl-C in the terminal reaches it once, through us.
        self.process = subprocess.Popen(self._command, preexec_fn=child.bind, start_new_session=True)
        self._started, self.due = time.monotonic(), None
        self.say(f"started as {self.process.pid}")

    def ended(self, status: int, *, ending: bool) -> None:
        """Note the end of the process, and when to start it anew."""
        assert self.process is not None
        words = f"{self.process.pid} ended with {describe(status)}"
        self.process = None
        if ending or status in (0, USAGE):  # it was asked to, or cannot start
            return self.say(words)
        lived = time.monotonic() - self._started
        self._delay = min(2 * self._delay or FIRST_DELAY, LONGEST_DELAY) if lived < SOON else 0.0
        self.due = time.monotonic() + self._delay
        self.say(f"{words}; starting it anew in {self._delay:g} s")

    def say(self, text: str) -> None:
        sys.stderr.write(f"polyloom worker: process {self.number} {text}\n")
        sys.stderr.flush()


class Supervisor:
    """Runs until all processes have ended for good."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._slots = [Slot(number, command) for number, command in enumerate(commands, 1)]
        self._signals: list[int] = []
        self._ending = False
        self._status = 0
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)

    def run(self) -> int:
        """Return the exit status: that of wrong usage, or 0."""
        signal.set_wakeup_fd(self._wake)
        for number in (*PASSED_ON, signal.SIGCHLD):
            signal.signal(number, self._note)
        while self._alive():
            self._pass_on()
            self._look()
            self._start()
            self._sleep()
        return self._status

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def _alive(self) -> bool:
        return any(slot.process is not None or slot.due is not None for slot in self._slots)

    def _pass_on(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number == signal.SIGCHLD:
                continue
            if number != signal.SIGHUP:
                self._end()
            for slot in self._running():
                slot.say(f"gets {signal.Signals(number).name}")
                assert slot.process is not None
                slot.process.send_signal(number)

    def _end(self) -> None:
        """Start nothing any more."""
        self._ending = True
        for slot in self._slots:
            slot.due = None

    def _look(self) -> None:
        for slot in self._running():
            assert slot.process is not None
            status = slot.process.poll()
            if status is not None:
                slot.ended(status, ending=self._ending)
                if status == USAGE and not self._ending:
                    self._give_up(slot)

    def _give_up(self, broken: Slot) -> None:
        broken.say("cannot start: see above what is wrong; the others are ended")
        self._status = USAGE
        self._end()
        for slot in self._running():
            assert slot.process is not None
            slot.process.terminate()

    def _start(self) -> None:
        for slot in self._slots:
            if slot.due is not None and slot.due <= time.monotonic():
                slot.start()

    def _sleep(self) -> None:
        """Wait for a signal, or until a process is to be started."""
        dues = [slot.due for slot in self._slots if slot.due is not None]
        pause = max(0.0, min(dues) - time.monotonic()) if dues else None
        if self._alive() and not self._signals:
            select.select([self._woken], [], [], pause)
        try:
            os.read(self._woken, 4096)
        except BlockingIOError:
            pass  # nothing came

    def _running(self) -> list[Slot]:
        return [slot for slot in self._slots if slot.process is not None]


def describe(status: int) -> str:
    """Return what `Popen.returncode` says, in words."""
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


def main() -> None:
    """Supervise: the number of processes, the name of the workers, then the arguments of each."""
    count, name, *arguments = sys.argv[1:]
    worker = [sys.executable, "-m", "polyloom_workers.worker", *arguments]
    commands = [[*worker, "--name", f"{name}{number}"] for number in range(1, int(count) + 1)]
    sys.exit(Supervisor(commands).run())


if __name__ == "__main__":
    main()
