"""`polyloom doctor` finds what is wrong, on real servers that are wrong in one way each."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import redis

from polyloom.checkup import Checkup, Finding
from polyloom.embedded import Server
from polyloom.keys import Keys
from polyloom.registry import RedisRegistry, Worker
from worker_process import WorkerProcess, polyloom


@pytest.fixture
def admin(own_server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


def found(client: redis.Redis, subject: str) -> Finding:
    """Return the first finding on a subject."""
    return next(finding for finding in Checkup(client, Keys()).findings() if finding.subject == subject)


def test_healthy_fleet_has_no_failure(worker: WorkerProcess) -> None:
    ran = polyloom("doctor", "--url", worker.url)
    assert ran.returncode == 0, ran.stdout
    assert "✓ workers" in ran.stdout
    assert "✗" not in ran.stdout


def test_findings_as_json(worker: WorkerProcess) -> None:
    findings = json.loads(polyloom("doctor", "--json", "--url", worker.url).stdout)
    assert {"server", "memory", "persistence", "access", "clock", "workers"} <= {one["subject"] for one in findings}
    assert all(one["mend"] for one in findings if one["level"] != "ok")


def test_fleet_without_workers_fails_and_says_how_to_start_one(own_server: Server) -> None:
    ran = polyloom("doctor", "--url", own_server.url)
    assert ran.returncode == 1
    assert "no live worker under the prefix 'polyloom:'" in ran.stdout
    assert "mend: polyloom worker" in ran.stdout


def test_dead_server_is_said_in_a_sentence() -> None:
    ran = polyloom("doctor", "--url", "redis://127.0.0.1:1")
    assert ran.returncode == 1
    assert "cannot reach Redis at redis://127.0.0.1:1" in ran.stderr


def test_eviction_is_a_failure(admin: redis.Redis) -> None:
    assert found(admin, "memory").level == "ok"
    admin.config_set("maxmemory-policy", "allkeys-lru")
    assert found(admin, "memory").level == "failure"


def test_full_server_is_a_warning(admin: redis.Redis) -> None:
    admin.config_set("maxmemory", int(admin.info()["used_memory"] * 1.1))
    assert found(admin, "memory").level == "warning"


def test_persistence_is_seen(admin: redis.Redis) -> None:
    assert found(admin, "persistence").level == "warning"
    admin.config_set("appendonly", "yes")
    admin.config_set("appendfsync", "everysec")
    assert found(admin, "persistence").level == "warning"
    assert "appendfsync" in found(admin, "persistence").mend
    admin.config_set("appendfsync", "always")
    assert found(admin, "persistence").level == "ok"


def test_password_is_seen(admin: redis.Redis) -> None:
    assert found(admin, "access").level == "warning"
    admin.config_set("requirepass", "secret")
    assert found(admin, "access").level == "ok"


def test_workers_of_other_versions_are_named(admin: redis.Redis) -> None:
    registry = RedisRegistry(admin, Keys())
    registry.lease(Worker("old", host="there", protocol=0), 60)
    assert found(admin, "versions").level == "failure"
    registry.lease(Worker("old", host="there", version="0.0.1"), 60)
    assert found(admin, "versions").level == "warning"
    assert "worker old on there runs polyloom 0.0.1" in found(admin, "versions").text


def test_workers_that_differ_are_a_warning(admin: redis.Redis) -> None:
    registry = RedisRegistry(admin, Keys())
    registry.lease(Worker("one", python="3.11.7"), 60)
    registry.lease(Worker("two", python="3.11.9"), 60)
    assert not [finding for finding in Checkup(admin, Keys()).findings() if finding.subject == "versions"]
    registry.lease(Worker("three", python="3.13.1"), 60)
    assert found(admin, "versions").level == "warning"
    assert "Python 3.11, 3.13" in found(admin, "versions").text


def test_clock_says_what_leases_live_by(admin: redis.Redis) -> None:
    assert found(admin, "clock").level == "ok"
    assert "leases use the server's alone" in found(admin, "clock").text


def test_logs_that_take_much_are_a_warning(admin: redis.Redis) -> None:
    keys = Keys()
    assert found(admin, "runs") == Finding("ok", "runs", "0 durable sessions, whose logs take 0 MiB")
    for name, octets in (("one", 700 << 20), ("two", 400 << 20)):
        admin.zadd(keys.runs, {name: 1})
        admin.hset(keys.run(name), "octets", octets)
    finding = found(admin, "runs")
    assert (finding.level, finding.text) == ("warning", "2 durable sessions, whose logs take 1,100 MiB")
    assert "polyloom runs forget --done" in finding.mend
    admin.config_set("maxmemory", 8 << 30)
    assert found(admin, "runs").level == "ok"
