"""Tasks: what is measured once in every round, and gives one number."""

import subprocess
import time
from dataclasses import dataclass
from typing import Any, Protocol

from contestants import CONTESTANTS
from frame.child import ChildError
from frame.contestant import Command
from frame.places import ROOT
from frame.stage import Stage

ROUND = 60.0  # seconds for one round of one task
WARM = 3  # rounds before the first that counts: compilers need thousands of calls
WARM_TIME = 1.0  # seconds after which a slow contestant needs no further round
RATE = "/s"
MICROSECONDS = "us"
SECONDS = "s"


class Task(Protocol):
    @property
    def unit(self) -> str: ...

    @property
    def foreign(self) -> bool:
        """Whether it is somebody else's program that may fail."""

    def prepare(self, stage: Stage, scale: float) -> None:
        """Starts what is needed, warms it up, and checks its answers."""

    def measure(self, stage: Stage, scale: float) -> float: ...


@dataclass(frozen=True)
class Calls:
    """`count` calls: the median time of one in mode `sequential`, else calls per second."""

    contestant: str
    call: str = "add"
    mode: str = "sequential"
    count: int = 500
    window: int = 1000

    @property
    def unit(self) -> str:
        return MICROSECONDS if self.mode == "sequential" else RATE

    @property
    def foreign(self) -> bool:
        return CONTESTANTS[self.contestant].package is not None

    def prepare(self, stage: Stage, scale: float) -> None:
        enough = time.monotonic() + WARM_TIME
        for _ in range(WARM):
            self._ask(stage, scale, check=True)
            if time.monotonic() > enough:
                return

    def measure(self, stage: Stage, scale: float) -> float:
        reply = self._ask(stage, scale, check=False)
        if self.mode == "sequential":
            return float(reply["median"]) * 1e6
        return self._count(scale) / float(reply["seconds"])

    def _count(self, scale: float) -> int:
        return max(1, round(self.count * scale))

    def _ask(self, stage: Stage, scale: float, check: bool) -> dict[str, Any]:
        sizes = {"count": self._count(scale), "window": self.window}
        request = {"call": self.call, "mode": self.mode, "check": check, **sizes}
        return stage.driver(self.contestant).ask(request, ROUND)


@dataclass(frozen=True)
class Asked:
    """A number that the contestant finds out by itself, over `count` objects."""

    contestant: str
    call: str
    unit: str
    count: int
    foreign: bool = False

    def prepare(self, stage: Stage, scale: float) -> None:
        stage.driver(self.contestant)

    def measure(self, stage: Stage, scale: float) -> float:
        request = {"call": self.call, "mode": "figure", "check": False, "count": max(1, round(self.count * scale))}
        return float(stage.driver(self.contestant).ask(request, ROUND)["figure"])


@dataclass(frozen=True)
class Launch:
    """A command from start to end: seconds of wall time, and a text that it must print."""

    command: Command
    prints: str = ""
    unit: str = SECONDS
    foreign: bool = False

    def prepare(self, stage: Stage, scale: float) -> None:
        self._run()

    def measure(self, stage: Stage, scale: float) -> float:
        begin = time.perf_counter()
        self._run()
        return time.perf_counter() - begin

    def _run(self) -> None:
        try:
            done = subprocess.run(self.command, cwd=ROOT, capture_output=True, text=True, timeout=ROUND, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ChildError(str(error)) from error
        if done.returncode or self.prints not in done.stdout:
            words = (done.stderr or done.stdout).strip()[-600:]
            raise ChildError(f"{self.command[0]} gave status {done.returncode}: {words}")
