"""What the server holds for each worker, client, session and live handle, at rest."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from scale.fleet import Fleet

SETTLED = 3.0
WORKERS, CLIENTS, SESSIONS, HANDLES = 10, 100, 1_000, 10_000


@dataclass(frozen=True)
class Share:
    of: str
    number: int
    octets: float  # for each, all that the server has taken for it, buffers of connections included
    connections: float


def measure() -> list[Share]:
    with Fleet() as fleet:
        parts: list[tuple[str, int, Callable[[], object]]] = [
            ("worker without Celery", WORKERS, lambda: fleet.hire(WORKERS)),
            ("client", CLIENTS, lambda: fleet.connect(CLIENTS, SESSIONS, 1)),
            ("session", SESSIONS, lambda: fleet.ask("sessions")),
            ("live handle", HANDLES, lambda: fleet.ask("hold", HANDLES // 2)),
        ]
        return [share(fleet, *part) for part in parts]


def share(fleet: Fleet, of: str, number: int, add: Callable[[], object]) -> Share:
    before = held(fleet)
    add()
    time.sleep(SETTLED)
    octets, connections = (after - earlier for after, earlier in zip(held(fleet), before, strict=True))
    return Share(of, number, octets / number, connections / number)


def held(fleet: Fleet) -> tuple[int, int]:
    return fleet.redis.info("memory")["used_memory"], fleet.redis.info("clients")["connected_clients"]
