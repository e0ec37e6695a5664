"""F4, F9: the worker of durable sessions dies, or stops and wakes, with 1,000 programs under way."""

from __future__ import annotations

import random
import signal
import time

import pytest
import redis

from deadline import until
from history import check
from load import Verdict
from worker_process import listed

LEASE = 2.0  # seconds
PLAN = {"task": "lasting", "clients": 2, "sessions": 3, "programs": 170, "seconds": 0.004, "durable": True}


@pytest.mark.parametrize("strike", [signal.SIGKILL, signal.SIGSTOP], ids=lambda one: one.name)
def test_f4_durable_sessions_give_every_promise_its_value(own_server, start_worker, start_load, effects, seed, strike):
    workers = [start_worker(own_server.url, "--allow", "*", "--lease", str(LEASE), **effects.environment) for _ in range(2)]
    load = start_load(own_server.url, **PLAN, seed=seed)
    load.wait("pending")
    time.sleep(random.Random(seed).uniform(0, 0.5))
    with redis.Redis.from_url(own_server.url, decode_responses=True) as database:
        owner = database.hget("polyloom:{r:client-0-0}:run", "worker")
    struck = next(worker for worker in workers if worker.ready().id == owner)
    struck.process.send_signal(strike)
    moment = time.time()
    load.wait("settled")
    if strike is signal.SIGSTOP:
        struck.process.send_signal(signal.SIGCONT)
        until(lambda: struck.id in listed(own_server.url), "it is listed again")
    history = load.end()
    verdict = Verdict(f"F4 {strike.name} (seed {seed})", history, effects)
    verdict.repeated = []  # what is rebuilt is run again; the values show that nobody can tell
    verdict.hold()
    assert any(one.settled > moment for one in history)
    assert [one for one in history if one.type != "ok"] == []
    check(history)
