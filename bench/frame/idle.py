"""What stands idle and costs all the same: CPU time of a worker, commands of a worker and of a client."""

import time
from dataclasses import dataclass
from typing import Any

import redis

from frame.commands import UNIT
from frame.processes import cpu, family
from frame.stage import Stage

SETTLED = 3.0  # seconds after which what has just been started rests
CLIENT = "polyloom/"  # how names of a client's connections begin


@dataclass(frozen=True)
class IdleCpu:
    """CPU time of a service and all its processes in `seconds`, in percent of one core."""

    service: str
    prefix: str
    contestant: str | None = None  # a client that is connected and asks nothing
    seconds: float = 15.0
    unit: str = "%"
    foreign: bool = False

    def prepare(self, stage: Stage, scale: float) -> None:
        stage.serve(self.service)
        stage.await_workers(self.prefix, 1)
        if self.contestant is not None:
            stage.driver(self.contestant)
        time.sleep(SETTLED)

    def measure(self, stage: Stage, scale: float) -> float:
        seconds = self.seconds * scale
        processes = family(stage.serve(self.service).process.pid)
        before = sum(map(cpu, processes))
        time.sleep(seconds)
        return 100 * (sum(map(cpu, processes)) - before) / seconds


@dataclass(frozen=True)
class IdleCommands:
    """Commands of an idle client in a second, or of all `workers` that have their connections beside it, for one of them."""

    contestant: str
    of: str  # "client" or "worker"
    workers: int = 1
    seconds: float = 15.0
    unit: str = f"{UNIT}/s"
    foreign: bool = False

    def prepare(self, stage: Stage, scale: float) -> None:
        stage.driver(self.contestant)
        time.sleep(SETTLED)

    def measure(self, stage: Stage, scale: float) -> float:
        seconds = self.seconds * scale
        with redis.Redis.from_url(stage.url) as server:
            before = self._sent(server)
            time.sleep(seconds)
            return (self._sent(server) - before) / seconds / (1 if self.of == "client" else self.workers)

    def _sent(self, server: redis.Redis) -> int:
        own = server.client_id()
        connections: list[dict[str, Any]] = server.client_list()
        return sum(int(one["tot-cmds"]) for one in connections if self._counts(one) and int(one["id"]) != own)

    def _counts(self, connection: dict[str, Any]) -> bool:
        return bool(connection["name"].startswith(CLIENT)) == (self.of == "client")
