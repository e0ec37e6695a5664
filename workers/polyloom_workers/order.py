"""Which programs of a session with threads may begin (§4.5). It belongs to the runner's lock, and knows no thread."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyloom_workers.session import Program


class Order:
    """Programs that have not ended, by their numbers. What may begin does so by its number, at most `threads` at once."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.running: set[int] = set()  # those that have begun; without those that wait for the client, or run inside one
        self.resting: set[int] = set()  # those that wait for the client
        self._followers: dict[int, list[Program]] = {}  # number of a program that has not ended -> those that wait for it
        self._missing: dict[int, int] = {}  # number of a program that waits for others -> for how many
        self._ready: list[tuple[int, Program]] = []  # a heap
        self._closing = False

    @property
    def busy(self) -> bool:
        """Tell whether some program has not ended."""
        return bool(self._followers)

    @property
    def waiting(self) -> int:
        """How many programs have not begun."""
        return len(self._missing) + len(self._ready)

    def add(self, program: Program, after: Iterable[int] | None) -> None:
        """Take a program that begins when those of these numbers have ended, or all that came before."""
        before = [*self._followers] if after is None else {n for n in after if n in self._followers}
        for n in before:
            self._followers[n].append(program)
        self._followers[program.n] = []
        if before:
            self._missing[program.n] = len(before)
        else:
            heappush(self._ready, (program.n, program))

    def inside(self, n: int) -> None:
        """Note a program that runs inside another one, which waits for the client (§12.5)."""
        self._followers[n] = []

    def begin(self) -> list[Program | None]:
        """Return the programs that begin now, and None in the end, when all have ended and the session is to be closed."""
        begun: list[Program | None] = []
        while self._ready and len(self.running) < self.threads:
            n, program = heappop(self._ready)
            self.running.add(n)
            begun.append(program)
        if self._closing and not self._followers:
            self._closing = False
            begun.append(None)
        return begun

    def rest(self, n: int) -> None:
        """A program waits for the client: another one may run."""
        self.running.discard(n)
        self.resting.add(n)

    def resume(self, n: int) -> None:
        """It goes on, however many run."""
        self.running.add(n)
        self.resting.discard(n)

    def end(self, n: int) -> None:
        """A program has ended; those that waited for it alone may begin."""
        self.running.discard(n)
        self.resting.discard(n)
        for program in self._followers.pop(n, ()):
            self._missing[program.n] -= 1
            if not self._missing[program.n]:
                del self._missing[program.n]
                heappush(self._ready, (program.n, program))

    def close(self) -> None:
        """Have the session closed when all programs have ended."""
        self._closing = True
