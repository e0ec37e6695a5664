"""F7: Redis restarts, breaks connections, pauses, or is behind a bad network; nobody loses, repeats or restarts anything."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time

import pytest
import redis

from deadline import until
from history import check
from load import Verdict
from polyloom.embedded import Server
from proxy import Proxy

AOF = ("--appendonly", "yes", "--appendfsync", "always")
ENOUGH = 200  # answers after a fault that show that all goes on
PLAN = {"task": "steady", "clients": 3, "sessions": 3, "registers": 16}


class Network:
    """A server that keeps what it has, its worker behind one proxy and the clients behind another."""

    def __init__(self, start_worker, start_load, effects, seed, secret):
        self.effects, self.seed, self.secret = effects, seed, secret
        self.chance = random.Random(seed)
        self.server = Server(0, AOF)
        self.server.start()
        port = int(self.server.url.rpartition(":")[2].partition("/")[0])
        self.near, self.far = Proxy(port, seed), Proxy(port, seed + 1)
        self.start_worker, self.start_load = start_worker, start_load

    def begin(self):
        """Start a worker and its clients."""
        self.worker = self.start_worker(
            self.far.url, "--allow", "*", POLYLOOM_SECRET=self.secret, **self.effects.environment
        ).ready()
        self.load = self.start_load(self.near.url, **PLAN, seed=self.seed, options={"secret": self.secret} if self.secret else {})
        self.load.wait("ready")
        time.sleep(1)

    def answered(self):
        return self.load.said.read_text().count('"type":"ok"')

    def pause(self, most):
        time.sleep(self.chance.uniform(0, most))

    def hold(self, fault):
        """Whatever was, all goes on: what is asked for now is answered, and nothing was lost, repeated or left out."""
        moment, answered = time.time(), self.answered()
        until(lambda: time.sleep(0.2) or self.answered() > answered + ENOUGH, "the clients go on")
        print(f"the clients went on {time.time() - moment:.1f} s after the fault")
        history = self.load.end()
        Verdict(f"F7 {fault} (seed {self.seed})", history, self.effects).hold()
        unanswered = [one for one in history if one.type != "ok"]
        assert unanswered == []
        assert all(one.value is True for one in history if one.f == "turned"), "large bytes came back whole"
        check(history)

    def stop(self):
        self.load.kill()
        self.worker.process.kill()  # Celery waits long for connections that are half open
        self.near.stop()
        self.far.stop()
        self.server.stop()


@pytest.fixture
def secret():
    """What frames are signed with, where a test says so."""
    return ""


@pytest.fixture
def network(start_worker, start_load, effects, seed, secret):
    made = Network(start_worker, start_load, effects, seed, secret)
    yield made
    made.stop()


def restart(server, seconds):
    """Kill the server, and start it anew on what it has written."""
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    time.sleep(seconds)
    server.start()


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
