"""Clocks that differ by hours, and a server's clock that is set: leases, placement and sweeps go by the server's alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from deadline import until
from node_script import NodeScript
from polyloom.embedded import Server
from wire_client import RedisClient
from worker_process import WorkerProcess, polyloom

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)

pytestmark = pytest.mark.skipif(
    LIBRARY is None or shutil.which("faketime") is None, reason="libfaketime is not installed (apt-get install faketime)"
)


@pytest.fixture
def database(own_server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


def shifted(by: str) -> dict[str, str]:
    """Return the environment of a process whose wall clock is off; the one that nobody sets goes as it does."""
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": by, "DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}


SHIFT = """
import os, time
_time, _time_ns, _shift = time.time, time.time_ns, int(os.environ["SHIFT_HOURS"]) * 3600
time.time = lambda: _time() + _shift
time.time_ns = lambda: _time_ns() + _shift * 10**9
"""


@pytest.mark.parametrize(("of_worker", "of_client"), [(5, "-7h"), (-5, "+7h")])
def test_worker_and_client_whose_clocks_differ_by_hours(
    own_server: Server,
    start_worker: Callable[..., WorkerProcess],
    database: redis.Redis,
    tmp_path: Path,
    of_worker: int,
    of_client: str,
) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(SHIFT)  # libfaketime breaks the sleeps of Python 3.11
    environ = {"PYTHONPATH": str(modules), "SHIFT_HOURS": str(of_worker)}
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "2", **environ).ready()
    wrapper = ("env", *(f"{name}={value}" for name, value in shifted(of_client).items()))
    client = NodeScript("steps.mjs", own_server.url, '{"leaseMs": 2000}', wrapper=wrapper)
    assert client.ask("connect") == worker.id
    assert client.ask("sqrt") == 3
    assert client.ask("timeout")["code"] == "Timeout"
    ends = {database.zscore("polyloom:workers", worker.id)}
    until(lambda: ends.add(database.zscore("polyloom:workers", worker.id)) or len(ends) > 5, "the lease is renewed")
    assert client.ask("begin") == 40
    assert {one["value"] for one in client.ask("answers")} >= {1, 20}
    assert client.end() == 0
    until(lambda: not database.keys("polyloom:{c:*}:lease"), "the client's lease ended")
    until(lambda: _sessions(own_server) == 0, "and the worker has swept it")
    found = json.loads(polyloom("doctor", "--json", "--url", own_server.url).stdout)
    assert [one["level"] for one in found if one["subject"] == "clocks"] == ["warning"]
    (told,) = json.loads(polyloom("ps", "--json", "--url", own_server.url).stdout)
    seconds, _ = database.time()
    assert abs(seconds - told["started"]) < 3_600


def _sessions(server: Server) -> int:
    told = json.loads(polyloom("ps", "--json", "--url", server.url).stdout)
    return sum(len(one["sessions"]) for worker in told for one in worker["clients"])


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Callable[[str], None]]]:
    """A server and a function that sets its clock."""
    setting = tmp_path / "clock"
    setting.write_text("+0")
    with monkeypatch.context() as patch:
        for name, value in (shifted("") | {"FAKETIME_TIMESTAMP_FILE": str(setting)}).items():
            if name != "FAKETIME":
                patch.setenv(name, value)
        server = Server(0)
        server.start()
    yield server, lambda by: setting.write_text(by) and None
    server.stop()


@pytest.mark.parametrize("by", ["+3h", "-3h"])
def test_server_whose_clock_is_set_is_served_on(
    clock: tuple[Server, Callable[[str], None]], start_worker: Callable[..., WorkerProcess], by: str
) -> None:
    """Entries keep their order. A clock set forward ends leases at once: who holds one renews it, or is told."""
    server, set_clock = clock
    worker = start_worker(server.url, "--allow", "*", "--lease", "2").ready()
    client = RedisClient(server.url, worker.id)
    client.hello()
    session = client.open()
    client.run(session, ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []], ["pull", "keep", 2])
    before, _ = client.redis.time()
    set_clock(by)
    until(lambda: abs(client.redis.time()[0] - before) > 9_000, "the server's clock is set")
    client.redis.set(client.lease, 1)
    for number in range(50):
        client.post(session, ["call", 0, ["ref", 2, "append"], [number]])
    n = client.post(session, ["pull", "auto", 2])
    body = client.find(lambda body: body["t"] == "closed" or body.get("n") == n, "an answer or the end")
    if body["t"] == "reply":
        assert body["results"] == [[list(range(50))]]
    else:
        assert body["error"][1]["code"] == "LeaseExpired"
    other = NodeScript("steps.mjs", server.url)
    assert other.ask("connect") == worker.id
    assert other.ask("sqrt") == 3
    assert other.end() == 0
    client.redis.close()
