"""F7: Redis restarts, breaks connections, pauses, or is behind a bad network; nobody loses, repeats or restarts anything."""

from __future__ import annotations

import shutil
import time

import pytest
import redis

from network import Network, restart

PLAN = {"task": "steady", "clients": 3, "sessions": 3, "registers": 16}


@pytest.fixture
def secret():
    """What frames are signed with, where a test says so."""
    return ""


@pytest.fixture
def network(start_worker, start_load, effects, seed, secret):
    made = Network(start_worker, start_load, effects, seed, PLAN, secret)
    yield made
    made.stop()


@pytest.fixture(params=["valkey", "redis"])
def kind(request, monkeypatch):
    """Both servers; set before the network is made."""
    if request.param == "redis":
        if (binary := shutil.which("redis-server")) is None:
            pytest.skip("redis-server is not installed")
        monkeypatch.setenv("POLYLOOM_SERVER", binary)
    return request.param


def test_f7_restarted_server_loses_nothing_that_it_has_taken(kind, network):
    network.begin()
    for seconds in (0, 1):
        restart(network.server, seconds)
        network.pause(2)
    network.hold(f"{kind} restarted")


@pytest.mark.parametrize("secret", ["", "s" * 32], ids=["unsigned", "signed"])
def test_f7_connections_broken_again_and_again_lose_nothing(network):
    network.begin()
    with redis.Redis.from_url(network.server.url) as control:
        for _ in range(20):
            control.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            network.pause(0.4)
    network.hold("CLIENT KILL")


@pytest.mark.parametrize("mode", ["ALL", "WRITE"])
def test_f7_paused_server_ends_no_lease_and_loses_nothing(network, mode):
    network.begin()
    with redis.Redis.from_url(network.server.url) as control:
        control.execute_command("CLIENT", "PAUSE", 5000, mode)
    network.hold(f"CLIENT PAUSE 5000 {mode}")


def test_f7_network_that_delays_resets_and_tears_loses_nothing(network):
    network.begin()
    for proxy in (network.near, network.far):
        proxy.delay = 0.05
    for _ in range(12):
        proxy = network.chance.choice((network.near, network.far))
        network.chance.choice((proxy.reset, proxy.tear))()
        network.pause(0.8)
    for proxy in (network.near, network.far):
        proxy.delay = 0.0
    network.hold("torn connections")


def test_f7_network_that_is_away_for_longer_than_a_lease_ends_nothing(network):
    network.begin()
    network.far.refuse()
    time.sleep(3)
    network.near.refuse()
    time.sleep(4)
    network.far.accept()
    network.near.accept()
    network.hold("7 s and 4 s away")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("side", ["near", "far"])
def test_f7_half_open_connections_are_noticed_and_replaced(network, side):
    network.begin()
    getattr(network, side).half_open()
    network.hold(f"half open at the {'clients' if side == 'near' else 'worker'}")
