"""F5: C code that holds the interpreter for three leases; the worker keeps its lease, and the call returns."""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis

from polyloom.embedded import Server
from wire_client import RedisClient
from worker_process import WorkerProcess

LEASE = 2.0  # seconds
HELD = 7  # seconds; more than three leases
LOOK = 0.02


def test_a_call_that_holds_the_interpreter(own_server: Server, start_worker: Callable[..., WorkerProcess]) -> None:
    environ = {"POLYLOOM_LEASE": str(LEASE)}
    busy = start_worker(own_server.url, "--allow", "ctypes", **environ).ready()
    other = start_worker(own_server.url, "--allow", "*", **environ).ready()
    client = RedisClient(own_server.url, busy.id)
    client.hello()
    session = client.open()
    # PyDLL calls C without letting the lock go: nothing of Python runs in the worker until it returns.
    ops = ["import", 1, "ctypes"], ["call", 2, ["ref", 1, "PyDLL"], [None]], ["getattr", 3, ["ref", 2], "sleep"]
    assert client.run(session, *ops, ["pull", "keep", 3])[0][0] == "handle"
    with Watch(own_server.url, busy.id) as watch:
        assert client.run(session, ["call", 4, ["ref", 3], [HELD]], ["pull", "auto", 4]) == [0]
    print(f"looked {watch.looks} times; without a lease or a place in the registry {watch.missing} times")
    assert watch.looks > HELD / LEASE
    assert watch.missing == 0
    assert client.run(session, ["operator", 5, "+", 1, 2], ["pull", "auto", 5]) == [3], "the session is there still"
    client.close()
    beside = RedisClient(own_server.url, other.id)
    beside.hello()
    assert beside.run(beside.open(), ["operator", 1, "+", 1, 2], ["pull", "auto", 1]) == [3]
    beside.close()


class Watch:
    """Looks all the time whether a worker holds its lease, by the server's clock, and whether its inbox is there."""

    def __init__(self, url: str, worker: str) -> None:
        self.looks = self.missing = 0
        self._worker = worker
        self._client = redis.Redis.from_url(url)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._end.wait(LOOK):
            lease, inbox = (f"polyloom:{{w:{self._worker}}}:{key}" for key in ("lease", "inbox"))
            until = self._client.zscore("polyloom:workers", self._worker)
            seconds, microseconds = self._client.time()
            held = until is not None and float(until) > seconds * 1000 + microseconds / 1000
            self.looks += 1
            self.missing += not (held and self._client.exists(lease) and self._client.exists(inbox))
