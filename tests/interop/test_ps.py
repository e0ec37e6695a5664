"""`polyloom ps` shows what there is, asks for nothing that it does not need, and leaves nothing behind."""

from __future__ import annotations

import json
import signal

import pytest
import redis

from wire_client import RedisClient
from worker_process import polyloom


@pytest.fixture
def database(own_server):
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def fleet(own_server, start_worker):
    """A worker with labels, and a client of it with two sessions."""
    worker = start_worker(own_server.url, "--allow", "*", "--label", "gpu").ready()
    client = RedisClient(own_server.url, worker.id)
    client.hello()
    sessions = [client.open(), client.open()]
    make = ["import", 1, "decimal"], ["call", 2, ["ref", 1, "Context"], []], ["call", 3, ["ref", 1, "Context"], []]
    client.run(sessions[0], *make, ["getitem", 4, [["abc"]], 0], ["pull", "auto", 4])
    yield worker, client, sessions
    client.close()


def shown(server, *flags):
    return json.loads(polyloom("ps", "--json", "--url", server.url, *flags).stdout)


def test_sessions_and_what_they_hold_are_shown_without_their_ids(own_server, database, fleet):
    worker, client, sessions = fleet
    keys = set(database.keys("polyloom:{*"))
    ran = polyloom("ps", "--json", "--url", own_server.url)
    (record,) = json.loads(ran.stdout)
    assert (record["id"], record["labels"], record["pid"]) == (worker.id, ["gpu"], worker.pid)
    assert 0 < record["lease_ms"] <= 5_000
    (told,) = record["clients"]
    assert (told["client"], told["mailbox"]) == (client.id, 2)
    one, two = told["sessions"]
    assert one["types"] == {"module": 1, "decimal.Context": 2, "str": 1}
    assert (one["held"], one["programs"], one["waiting"], one["running"]) == (4, 1, 0, False)
    assert (two["held"], two["types"], two["programs"]) == (0, {}, 0)
    assert not any(session in ran.stdout for session in sessions)
    assert set(database.keys("polyloom:{*")) - keys == set()


def test_tables_for_people(own_server, fleet):
    worker, client, _ = fleet
    text = polyloom("ps", "--url", own_server.url, COLUMNS="250").stdout
    for word in (worker.id, client.id, "gpu", "decimal.Context 2", "1 live worker", "2 sessions", "idle"):
        assert word in text


def test_sessions_at_work_are_seen_while_they_run(own_server, database, fleet, tmp_path):
    _, client, sessions = fleet
    busy = client.post(sessions[1], ["import", 1, "threading"], ["call", 2, ["ref", 1, "Event"], []],
                       ["import", 3, "builtins"], ["setattr", 4, ["ref", 3], "held", ["ref", 2]],
                       ["call", 5, ["ref", 2, "wait"], []], ["pull", "auto", 5])  # fmt: skip
    client.post(sessions[1], ["repr", 6, 1], ["pull", "auto", 6])
    (record,) = shown(own_server)
    one = record["clients"][0]["sessions"][1]
    assert (one["running"], one["programs"], one["waiting"]) == (True, 1, 1)
    client.run(sessions[0], ["import", 10, "builtins"], ["call", 11, ["ref", 10, "held", "set"], []], ["pull", "auto", 11])
    assert client.results(sessions[1], busy) == [True]


def test_worker_that_does_not_answer_is_told_apart_from_one_that_holds_nothing(own_server, start_worker, fleet):
    worker, _, _ = fleet
    idle = start_worker(own_server.url, "--allow", "*", "--name", "idle").ready()
    worker.process.send_signal(signal.SIGSTOP)
    try:
        told = {record["id"]: record["clients"] for record in shown(own_server, "--wait", "0.5")}
        assert told == {worker.id: None, idle.id: []}
        assert f"{worker.id} did not answer" in polyloom("ps", "--url", own_server.url, "--wait", "0.1").stdout
    finally:
        worker.process.send_signal(signal.SIGCONT)


def test_shared_objects_are_shown_with_type_and_worker(own_server, fleet):
    _, client, sessions = fleet
    client.run(sessions[0], ["share", 10, ["ref", 2], "context:v1"], ["pull", "auto", 10])
    (record,) = shown(own_server)
    assert record["shared"] == [{"name": "context:v1", "type": "decimal.Context"}]
    text = polyloom("ps", "--url", own_server.url, COLUMNS="250").stdout
    for word in ("1 shared object", "context:v1", "decimal.Context"):
        assert word in text


def test_prefix_of_a_tenant_shows_nobody_else(own_server, fleet):
    assert shown(own_server, "--prefix", "tenant:") == []
