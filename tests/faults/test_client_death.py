"""F6: a client is killed; what it held is freed, and what it had entered is left."""

from __future__ import annotations

import json
import time

import redis

from deadline import until
from worker_process import polyloom

LEASE = 2.0  # seconds, of the client
ALLOWED = LEASE + 3.0  # seconds: a lease, a second, and two for a loaded machine
PLAN = {"task": "hold", "clients": 2, "sessions": 3, "options": {"leaseMs": LEASE * 1000}}


def sessions(url):
    """Return how many sessions the one worker is shown with."""
    (shown,) = json.loads(polyloom("ps", "--json", "--url", url).stdout)
    return shown["sessions"]


def test_f6_killed_client_is_forgotten_within_a_lease(own_server, start_worker, start_load, effects):
    start_worker(own_server.url, "--allow", "*", **effects.environment).ready()
    load = start_load(own_server.url, **PLAN)
    load.wait("holds", 6)
    until(lambda: len(effects.read("entered")) == 6, "every context is open")
    load.process.kill()
    moment = time.time()
    until(lambda: len(effects.read("left")) == 6, "every context is left")
    until(lambda: sum(name.endswith("/held") for name in effects.read("freed")) == 6, "every object is freed")
    took = time.time() - moment
    with redis.Redis.from_url(own_server.url) as database:
        until(lambda: not database.keys("polyloom:{c:*:lease"), "no lease is left")
        until(lambda: all(database.pttl(key) > 0 for key in database.keys("polyloom:{c:*")), "and no mailbox for long")
    assert set(effects.read("left").values()) == {1}
    assert set(effects.read("freed").values()) == {1}
    until(lambda: sessions(own_server.url) == 0, "no session is shown")
    print(f"F6: all was freed {took:.1f} s after the client was killed")
    assert took < ALLOWED
