"""F3, F9: a worker dies, or stops and wakes, with 1,000 programs under way."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
import redis

from deadline import until
from history import check
from load import Verdict
from worker_process import keeper_of, lease_of, listed

LEASE = 2.0  # seconds
ALLOWED = LEASE + 3.0  # seconds from the fault to the last promise: a lease, a second, and two for a loaded machine
PLAN = {
    "task": "pending",
    "clients": 4,
    "sessions": 5,
    "programs": 50,
    "seconds": 0.03,
    "registers": 40,
    "options": {"leaseMs": 60_000},
}


@pytest.fixture
def fleet(own_server, start_worker, effects):
    """A server of our own and a worker with a short lease."""
    return own_server, start_worker(own_server.url, "--allow", "*", "--lease", str(LEASE), **effects.environment).ready()


def struck(fleet, start_load, seed, strike):
    """Strike a worker with 1,000 programs pending, at a moment that the seed chooses; the history, and when it was."""
    server, worker = fleet
    load = start_load(server.url, **PLAN, seed=seed)
    load.wait("pending")
    time.sleep(random.Random(seed).uniform(0, 0.5))
    strike(worker)
    moment = time.time()
    return load.end(), moment


def kill(worker):
    """The process dies; its keeper lives, and gives its lease up."""
    worker.process.kill()


def vanish(worker):
    """The whole machine dies."""
    keeper = keeper_of(worker)
    os.kill(keeper, signal.SIGSTOP)
    worker.process.kill()
    os.kill(keeper, signal.SIGKILL)


def stop(worker):
    worker.process.send_signal(signal.SIGSTOP)


def wake(worker):
    worker.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("strike", [kill, vanish, stop], ids=lambda one: one.__name__)
def test_f3_dead_worker_leaves_no_promise_and_says_the_truth_of_what_began(fleet, start_load, effects, seed, strike):
    history, moment = struck(fleet, start_load, seed, strike)
    pending = [one for one in history if one.settled > moment]
    assert len(pending) > 100, "the moment came too late"
    assert {one.value.split()[0] for one in pending if one.type != "ok"} == {"WorkerLost"}
    Verdict(f"F3 {strike.__name__} (seed {seed})", history, effects).settled(moment, ALLOWED).hold()
    check(history)
    if strike is not kill:  # a keeper takes the inbox away, and with it the knowledge
        assert any(one.type == "fail" for one in history), "that something did not begin could be known"


def test_f9_stopped_worker_that_wakes_begins_nothing_that_was_said_not_to_begin(fleet, start_load, effects, seed):
    server, worker = fleet
    history, moment = struck(fleet, start_load, seed, stop)
    wake(worker)
    until(lambda: listed(server.url) == [worker.id], "the worker is listed again")
    with redis.Redis.from_url(server.url, decode_responses=True) as database:
        until(lambda: database.exists(lease_of(worker)), "it has its lease again")
        until(lambda: database.hget(f"polyloom:{{w:{worker.id}}}:info", "sessions") == "0", "it has freed all sessions")
        until(lambda: database.xlen(f"polyloom:{{w:{worker.id}}}:inbox") == 0, "it has done with its inbox")
        assert all(database.pttl(key) > 0 for key in database.keys("polyloom:{c:*")), "nothing is left for ever"
    Verdict(f"F9 (seed {seed})", history, effects).settled(moment, ALLOWED).hold()
    check(history)
