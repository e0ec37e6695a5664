"""One fleet of the simulation: a server, light workers, and Node processes with clients."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import redis

from frame.child import Child, ChildError
from frame.driver import Driver
from frame.places import BENCH, NODE, NODE_SOURCES, PYTHON
from frame.processes import cpu, family
from frame.server import Server

START = 120.0  # seconds for all workers, and for all clients, to be there
ANSWER = 120.0
POLL = 0.1
PROCESSES = 2  # of clients


class Fleet:
    """Started part by part, so that what each part costs can be seen."""

    def __init__(self) -> None:
        self._ending = ExitStack()
        self.server = Server()
        self._ending.callback(self.server.close)
        self.redis = redis.Redis.from_url(self.server.url, decode_responses=True)
        self._ending.callback(self.redis.close)
        self._workers: Child | None = None
        self._clients: list[Driver] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.close()

    def hire(self, workers: int) -> None:
        self._workers = Child([PYTHON, str(BENCH / "scale" / "light.py"), self.server.url, str(workers)])
        self._ending.callback(self._workers.close)
        deadline = time.monotonic() + START
        while self.redis.zcard("polyloom:workers") < workers:
            if time.monotonic() > deadline or not self._workers.alive():
                raise ChildError(f"not all workers came: {self._workers.last_words()}")
            time.sleep(POLL)

    def connect(self, clients: int, sessions: int, rate: float) -> None:
        """`rate` programs in a second, from all sessions together."""
        for number in range(min(PROCESSES, clients)):
            shares = [len(range(number, whole, min(PROCESSES, clients))) for whole in (clients, sessions)]
            arguments = [self.server.url, *map(str, shares), str(rate * shares[1] / sessions)]
            module = "../scale/clients"
            driver = Driver([NODE, str(NODE_SOURCES / "drive.mjs"), module, *arguments])
            self._ending.callback(driver.close)
            driver.hear(START)
            self._clients.append(driver)

    def ask(self, call: str, counts: Sequence[int] | int = 1) -> int:
        """Have all client processes do something at once; the sum of what they give."""
        shares = [counts] * len(self._clients) if isinstance(counts, int) else counts
        requests = [{"call": call, "mode": "figure", "count": count, "check": False} for count in shares]
        with ThreadPoolExecutor(len(self._clients)) as threads:
            return sum(threads.map(lambda one, request: int(one.ask(request, ANSWER)["figure"]), self._clients, requests))

    def worker_cpu(self) -> float:
        """Seconds of all workers and their keepers."""
        return sum(map(cpu, family(self._workers.process.pid))) if self._workers else 0.0

    def client_cpu(self) -> float:
        return sum(cpu(one) for client in self._clients for one in family(client.process.pid))
