"""What the server spends on placing a client and on renewing a lease, with up to a thousand workers and standing reservations."""

import subprocess
from dataclasses import dataclass

import redis
from polyloom.keys import Keys
from polyloom.registry import RedisRegistry, Worker

from frame.child import ChildError
from frame.places import BENCH, NODE
from frame.server import Server

TIMES = 200
KEYS = Keys()


@dataclass(frozen=True)
class Placement:
    workers: int
    reservations: int
    place: float  # us of the server for one client
    renew: float  # us of the server for one renewal


def measure(workers: int, reservations: int) -> Placement:
    """Of workers that have announced themselves and are not there: nobody is asked anything."""
    server = Server()
    try:
        with redis.Redis.from_url(server.url) as client:
            registry = RedisRegistry(client, KEYS)
            known = [Worker(f"worker-{number:017}", labels=("gpu",)) for number in range(workers)]
            for worker in known:
                registry.lease(worker, 600)
            _place(server.url, reservations)
            place = _spent(client, "eval", lambda: _place(server.url, TIMES))
            renew = _spent(client, "evalsha", lambda: [registry.lease(worker, 600) for worker in (known * TIMES)[:TIMES]])
            return Placement(workers, reservations, place, renew)
    finally:
        server.close()


def _place(url: str, times: int) -> None:
    done = subprocess.run(
        [NODE, str(BENCH / "scale" / "place.mjs"), url, str(times)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ChildError(done.stderr)


def _spent(client: redis.Redis, command: str, act: object) -> float:
    """Microseconds for one call of a command, counted by the server."""
    client.config_resetstat()
    act()  # type: ignore[operator]
    found = client.info("commandstats")[f"cmdstat_{command}"]
    return float(found["usec"]) / int(found["calls"])
