"""Commands counted by the server: what a program costs Redis, whoever sends it."""

from dataclasses import dataclass

import redis

from frame.stage import Stage
from frame.task import ROUND

UNIT = "commands"


@dataclass(frozen=True)
class Commands:
    """All that the server carried out while `count` programs ran, for one program: of clients and worker, within scripts,
    leases, reads that found nothing, and the question for the count."""

    contestant: str
    call: str
    count: int
    unit: str = UNIT
    foreign: bool = False

    def prepare(self, stage: Stage, scale: float) -> None:
        self._ran(stage, scale)

    def measure(self, stage: Stage, scale: float) -> float:
        with redis.Redis.from_url(stage.url) as server:
            before = carried_out(server)
            programs = self._ran(stage, scale)
            return (carried_out(server) - before) / programs

    def _ran(self, stage: Stage, scale: float) -> float:
        request = {"call": self.call, "mode": "figure", "count": max(1, round(self.count * scale)), "check": False}
        return float(stage.driver(self.contestant).ask(request, ROUND)["figure"])


def carried_out(server: redis.Redis) -> int:
    """Commands since the server started, also those of scripts."""
    found: dict[str, dict[str, int]] = server.info("commandstats")
    return sum(one["calls"] for one in found.values())
