"""F4, F7: durable sessions while Redis pauses or is behind a bad network, for the clients or for one of their two workers."""

from __future__ import annotations

import time

import pytest
import redis

from network import Network

PLAN = {"task": "steady", "clients": 2, "sessions": 4, "durable": True}
SIDES = ["near", "far"]  # the network of the clients, that of a worker


@pytest.fixture
def network(start_worker, start_load, effects, seed):
    made = Network(start_worker, start_load, effects, seed, PLAN)
    yield made
    made.stop()


def where(side):
    return f"at the {'clients' if side == 'near' else 'worker'}, durable"


def asked(network, field):
    """What the log of each session says of it."""
    with redis.Redis.from_url(network.server.url, decode_responses=True) as database:
        return [database.hget(f"polyloom:{{r:{name}}}:run", field) for name in database.zrange("polyloom:runs", 0, -1)]


@pytest.mark.parametrize("mode", ["ALL", "WRITE"])
def test_f7_paused_server_moves_no_durable_session(network, mode):
    network.begin()
    owners = asked(network, "worker")
    with redis.Redis.from_url(network.server.url) as control:
        control.execute_command("CLIENT", "PAUSE", 5000, mode)
    network.hold(f"CLIENT PAUSE 5000 {mode}, durable")
    assert set(owners) == {worker.id for worker in network.workers}, "both workers had some"
    assert set(asked(network, "epoch")) == {"1"}


@pytest.mark.parametrize("side", SIDES)
def test_f7_durable_sessions_survive_a_network_that_delays_resets_and_tears(network, side):
    network.begin()
    proxy = getattr(network, side)
    proxy.delay = 0.05
    for _ in range(8):
        network.chance.choice((proxy.reset, proxy.tear))()
        network.pause(0.8)
    proxy.delay = 0.0
    network.hold(f"torn connections {where(side)}")


@pytest.mark.parametrize("side", SIDES)
def test_f7_durable_sessions_survive_a_network_that_is_away_for_longer_than_a_lease(network, side):
    network.begin()
    proxy = getattr(network, side)
    proxy.refuse()
    time.sleep(7)
    proxy.accept()
    network.hold(f"7 s away {where(side)}")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("side", SIDES)
def test_f7_durable_sessions_survive_half_open_connections(network, side):
    network.begin()
    getattr(network, side).half_open()
    network.hold(f"half open {where(side)}")
