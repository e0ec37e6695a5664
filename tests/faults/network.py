"""A server, its workers and its clients with a bad network between them, and whether all goes on as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import time

from deadline import until
from history import check
from load import Verdict
from polyloom.embedded import Server
from proxy import Proxy

AOF = ("--appendonly", "yes", "--appendfsync", "always")
ENOUGH = 200  # answers after a fault that show that all goes on


class Network:
    """A server that keeps what it has, its worker behind one proxy and the clients behind another."""

    def __init__(self, start_worker, start_load, effects, seed, plan, secret=""):
        self.effects, self.seed, self.secret = effects, seed, secret
        self.plan = plan | ({"options": {"secret": secret}} if secret else {})
        self.chance = random.Random(seed)
        self.server = Server(0, AOF)
        self.server.start()
        port = int(self.server.url.rpartition(":")[2].partition("/")[0])
        self.near, self.far = Proxy(port, seed), Proxy(port, seed + 1)
        self.start_worker, self.start_load = start_worker, start_load
        self.workers, self.load = [], None

    def start(self):
        """Start a worker; durable sessions have another one, whose network is good."""
        urls = [self.far.url, *([self.server.url] if self.plan.get("durable") else [])]
        self.workers = [
            self.start_worker(url, "--allow", "*", POLYLOOM_SECRET=self.secret, **self.effects.environment) for url in urls
        ]
        for worker in self.workers:
            worker.ready()

    def begin(self):
        """Start all that there is, and let it run for a while."""
        self.start()
        self.load = self.start_load(self.near.url, **self.plan, seed=self.seed)
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
        verdict = Verdict(f"F7 {fault} (seed {self.seed})", history, self.effects)
        if self.plan.get("durable"):
            print(f"run again to rebuild objects, or because nothing was recorded: {len(verdict.repeated)}")
            verdict.repeated = []  # the values show that nobody can tell
        verdict.hold()
        unanswered = [one for one in history if one.type != "ok"]
        assert unanswered == []
        assert all(one.value is True for one in history if one.f == "turned"), "large bytes came back whole"
        check(history)

    def stop(self):
        if self.load is not None:
            self.load.kill()
        for worker in self.workers:
            worker.process.kill()  # Celery waits long for connections that are half open
        self.near.stop()
        self.far.stop()
        self.server.stop()


def restart(server, seconds):
    """Kill the server, and start it anew on what it has written."""
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    time.sleep(seconds)
    server.start()
