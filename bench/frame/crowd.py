"""Many sessions from several processes at once: how long calls take, as a whole and session by session."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from frame.stage import Stage
from frame.task import MICROSECONDS, ROUND

WARM = 5  # calls of each session before the first that counts

Judge = Callable[[list[Any]], float]


@dataclass(frozen=True)
class Crowd:
    """Each contestant makes the calls with its sessions, all at the same time; `judge` makes one number of all times (us)."""

    contestants: tuple[str, ...]
    call: str
    judge: Judge
    count: int = 1
    unit: str = MICROSECONDS
    workers: int = 2
    foreign: bool = False

    def prepare(self, stage: Stage, scale: float) -> None:
        stage.serve("two workers")
        stage.await_workers("polyloom:", self.workers)
        for name in self.contestants:  # one after the other, so that they are placed evenly
            stage.driver(name)
        self._ask(stage, "steady", WARM)

    def measure(self, stage: Stage, scale: float) -> float:
        return self.judge(self._ask(stage, self.call, max(1, round(self.count * scale))))

    def _ask(self, stage: Stage, call: str, count: int) -> list[Any]:
        request = {"call": call, "mode": "figure", "count": count, "check": False}
        with ThreadPoolExecutor(len(self.contestants)) as threads:
            asked = [threads.submit(stage.driver(name).ask, request, ROUND) for name in self.contestants]
            return [one for reply in asked for one in reply.result()["figure"]]


def quantile(share: float) -> Judge:
    return lambda times: at(times, share)


def at(times: Sequence[float], share: float) -> float:
    """The time that so many of the calls do not exceed."""
    ordered = sorted(times)
    return ordered[round(share * (len(ordered) - 1))]


def unevenness(share: float) -> Judge:
    """The p99 over the p50 of each session by itself, and of these the one that so many sessions do not exceed."""
    return lambda sessions: at([at(times, 0.99) / at(times, 0.5) for times in sessions], share)
