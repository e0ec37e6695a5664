"""F6, F7: a client that only waits loses its network for longer than its lease: nobody asks it anything, and it must be told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import redis

from deadline import LONG, until
from network import Network
from worker_process import clean_environment

SCRIPT = Path(__file__).parent / "waits.mjs"
LEASE = 2.0  # seconds, of the client; what it asked for has ended before


@pytest.fixture
def network(start_worker, start_load, effects):
    made = Network(start_worker, start_load, effects, 0, {})
    yield made
    made.stop()


@pytest.mark.parametrize(("name", "told"), [("", "LeaseExpired"), ("nightly", "value")], ids=["plain", "durable"])
def test_f7_client_that_only_waits_is_told_that_its_lease_has_ended(network, name, told):
    network.start()
    command = ["node", str(SCRIPT), network.near.url, name, str(LEASE * 1000)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment())
    try:
        assert client.stdout.readline() == "asked\n"
        network.near.refuse()
        with redis.Redis.from_url(network.server.url) as database:
            until(lambda: not database.keys("polyloom:{c:*}:lease"), "the lease has ended")
        until(lambda: "is gone; freeing its objects" in network.workers[0].log.read_text(), "that is seen")
        network.near.accept()
        said, _ = client.communicate(timeout=LONG)
    finally:
        client.kill()
        client.wait()
    assert said == f"{told}\n"
