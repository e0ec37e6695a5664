"""How a worker lives and dies: its lease says the truth, and its clients are told."""

from __future__ import annotations

import os
import signal

import pytest
import redis

from deadline import LONG, is_gone, until
from wire_client import RedisClient
from worker_process import keeper_of, lease_of, listed, polyloom


@pytest.fixture
def database(own_server):
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


def connected(server, worker):
    client = RedisClient(server.url, worker.id)
    client.hello()
    return client


def test_terminated_worker_tells_its_clients_and_leaves_nothing(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*", "--jobs").ready()
    client, other = connected(own_server, worker), connected(own_server, worker)
    session = client.open()
    client.run(session, ["repr", 1, 1], ["pull", "auto", 1])
    keeper = keeper_of(worker)
    worker.process.send_signal(signal.SIGTERM)
    for one in (client, other):
        closed = one.expect("closed")
        assert closed["error"][1]["code"] == "WorkerLost"
        assert closed["error"][1]["hint"]
        assert "session" not in closed
    assert worker.process.wait() == 0
    assert is_gone(keeper)
    assert listed(own_server.url) == []
    assert [key for key in database.keys("polyloom:*") if worker.id in key] == []
    client.redis.close()
    other.redis.close()


DOORS = """
class Door:
    def __init__(self, path, name): self.path, self.name = path, name
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        with open(self.path, 'a') as file: print(self.name, kind.__name__, error, file=file)
        raise OSError('in exit')
"""


def test_terminated_worker_leaves_the_contexts_of_its_clients(own_server, start_worker, tmp_path):
    worker = start_worker(own_server.url, "--allow", "*").ready()
    client = connected(own_server, worker)
    session = client.open()
    path = str(tmp_path / "left")
    make = ["import", 1, "types"], ["call", 2, ["ref", 1, "ModuleType"], ["doors"]], ["import", 3, "builtins"]
    fill = ["call", 4, ["ref", 3, "exec"], [DOORS, ["ref", 2, "__dict__"]]]
    doors = [["call", slot, ["ref", 2, "Door"], [path, name]] for slot, name in ((5, "outer"), (6, "inner"))]
    client.run(session, *make, fill, *doors, ["enter", 7, ["ref", 5]], ["enter", 8, ["ref", 6]], ["pull", "keep", 7, 8])
    worker.process.send_signal(signal.SIGTERM)
    assert client.expect("closed")["error"][1]["code"] == "WorkerLost"
    assert worker.process.wait() == 0
    assert (tmp_path / "left").read_text() == "".join(f"{name} Gone the worker was shut down\n" for name in ("inner", "outer"))
    client.redis.close()


def test_killed_worker_loses_its_lease_at_once_and_not_when_it_would_end(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "600").ready()
    keeper = keeper_of(worker)
    assert database.pttl(lease_of(worker)) > 500_000
    worker.process.kill()
    worker.process.wait()
    until(lambda: not database.exists(lease_of(worker)), "the lease is gone")
    until(lambda: is_gone(keeper), "the keeper ended")
    assert listed(own_server.url) == []
    assert [key for key in database.keys("polyloom:*") if worker.id in key] == []


def test_worker_whose_keeper_is_killed_too_is_given_up_after_one_lease(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "1").ready()
    keeper = keeper_of(worker)
    os.kill(keeper, signal.SIGSTOP)
    worker.process.kill()
    worker.process.wait()
    os.kill(keeper, signal.SIGKILL)
    until(lambda: not database.exists(lease_of(worker)), "the lease ended")
    assert listed(own_server.url) == []


def test_stopped_worker_loses_its_lease_and_regains_it_when_it_goes_on(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "1").ready()
    worker.process.send_signal(signal.SIGSTOP)
    try:
        until(lambda: not database.exists(lease_of(worker)), "the lease ended")
        assert listed(own_server.url) == []
    finally:
        worker.process.send_signal(signal.SIGCONT)
    until(lambda: listed(own_server.url) == [worker.id], "the worker is listed again")
    client = connected(own_server, worker)
    assert client.run(client.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    client.close()


def test_extension_that_holds_the_interpreter_lock_does_not_lose_the_lease(own_server, start_worker, database, tmp_path):
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "3").ready()
    client = connected(own_server, worker)
    session = client.open()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # PyDLL calls C without letting the lock go: nothing of Python runs in the worker until the pipe has a writer.
    n = client.post(session, ["import", 1, "ctypes"], ["call", 2, ["ref", 1, "PyDLL"], [None]],
                    ["import", 3, "os"], ["call", 4, ["ref", 3, "fsencode"], [str(pipe)]],
                    ["call", 5, ["ref", 2, "open"], [["ref", 4], 0]], ["repr", 6, "ended"], ["pull", "auto", 6])  # fmt: skip
    ends = {database.zscore("polyloom:workers", worker.id)}

    def renewed():
        assert database.exists(lease_of(worker))
        ends.add(database.zscore("polyloom:workers", worker.id))
        return len(ends) > 5  # more renewals than there are in one lease

    until(renewed, "the lease was renewed")
    with pipe.open("wb"):
        assert client.results(session, n) == ["'ended'"]
    client.close()


def test_keeper_that_is_killed_alone_is_replaced(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "2").ready()
    killed = keeper_of(worker)
    os.kill(killed, signal.SIGKILL)
    until(lambda: is_gone(killed), "the keeper ended")
    ends = set()

    def renewed():
        ends.add(database.zscore("polyloom:workers", worker.id))
        return len(ends) > 5

    until(renewed, "the lease was renewed")
    assert database.exists(lease_of(worker))


def test_worker_tells_its_labels_and_its_load(own_server, start_worker, database):
    flags = "--allow", "*", "--label", "zone=a", "--label", "gpu", "--lease", "600", "--grace", "0"
    worker = start_worker(own_server.url, *flags).ready()
    labels, load, placed = (f"polyloom:{{polyloom:workers}}:{name}" for name in ("labels", "load", f"placed:{worker.id}"))
    assert database.hget(labels, worker.id) == "gpu zone=a"
    client = connected(own_server, worker)
    database.zadd(placed, {client.id: 2**50, "x" * 20: 2**50})
    sessions = [client.open() for _ in range(3)]
    client.post(sessions[0], ["import", 1, "time"], ["call", 2, ["ref", 1, "sleep"], [LONG]])
    until(lambda: database.zscore(load, worker.id) == 5, "sessions, programs and reservations are counted")
    assert database.zrange(placed, 0, -1) == ["x" * 20]
    client.close()


def test_wrong_label_is_wrong_usage(server):
    shown = polyloom("worker", "--url", server.url, "--allow", "*", "--label", "a/b")
    assert shown.returncode == 2
    assert "not a label" in shown.stderr


def test_restarted_worker_has_another_id(own_server, start_worker):
    first = start_worker(own_server.url, "--allow", "*", "--name", "same").ready()
    first.stop()
    second = start_worker(own_server.url, "--allow", "*", "--name", "same").ready()
    assert first.id != second.id
    assert listed(own_server.url) == [second.id]


def test_workers_of_two_prefixes_do_not_see_each_other(server, worker, start_worker):
    other = start_worker(server.url, "--allow", "*", "--name", "tenant", prefix="tenant:").ready()
    assert listed(server.url, "tenant:") == [other.id]
    assert other.id not in listed(server.url)


def test_worker_without_jobs_leaves_the_shared_queue_alone(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*").ready()
    bound = until(lambda: database.keys("polyloom:celery:_kombu.binding.*"), "Celery is connected")
    members = {member for key in bound if database.type(key) == "set" for member in database.smembers(key)}
    assert not any("polyloom\x06\x16\x06\x16polyloom" in member for member in members), members
    assert worker.process.poll() is None


def test_policy_of_the_worker_holds_for_its_clients(own_server, start_worker):
    worker = start_worker(own_server.url, "--allow", "math", "--allow", "json", "--allow", "json.*").ready()
    client = connected(own_server, worker)
    session = client.open()
    ops = ["import", 1, "math"], ["import", 2, "os"], ["import", 3, "json"], ["getattr", 4, ["ref", 3], "codecs"]
    results = client.run(session, *ops, ["getattr", 5, ["ref", 3], "decoder"], ["pull", "auto", 1, 2, 3, 4, 5])
    assert [one[0] for one in results] == ["handle", "error", "handle", "error", "handle"]
    assert {one[1]["code"] for one in results if one[0] == "error"} == {"NotAllowed"}
    client.close()


def test_policy_of_the_worker_holds_for_jobs(own_server, start_worker):
    from celery import Celery

    start_worker(own_server.url, "--allow", "math", "--jobs").ready()
    options = {"global_keyprefix": "polyloom:celery:"}
    app = Celery("stranger", broker=own_server.url, backend=own_server.url)
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
    result = app.send_task("polyloom.run", ['{"t":"program","ops":[["import",0,"os"]]}'], queue="polyloom")
    result.get(timeout=40, propagate=False)
    assert "NotAllowed" in result.result.args[0]
    app.close()


def test_worker_is_shown_by_ps(own_server, start_worker):
    worker = start_worker(own_server.url, "--allow", "*").ready()
    shown = polyloom("ps", "--url", own_server.url)
    assert shown.returncode == 0
    assert worker.id in shown.stdout
    assert str(worker.pid) in shown.stdout
    assert "1 live worker" in shown.stdout
