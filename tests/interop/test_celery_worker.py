"""`celery -A polyloom_workers.app worker` is a Polyloom worker as well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from deadline import LONG, until
from polyloom.embedded import Server, child
from wire_client import RedisClient
from worker_process import clean_environment

CELERY = [sys.executable, "-m", "celery", "-A", "polyloom_workers.app", "worker", "--without-gossip", "--without-mingle"]


@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_plain_celery_command_serves_sessions(own_server: Server, tmp_path: Path, pool: str) -> None:
    environment = clean_environment(POLYLOOM_URL=own_server.url, POLYLOOM_ALLOW="math")
    worker = child.start([*CELERY, "-P", pool, "-c", "2"], tmp_path / "worker.log", environment)
    try:
        with redis.Redis.from_url(own_server.url, decode_responses=True) as database:
            (name,) = until(lambda: database.zrange("polyloom:workers", 0, -1), "the worker is in the registry")
        client = RedisClient(own_server.url, name)
        client.hello()
        ops = ["import", 1, "math"], ["call", 2, ["ref", 1, "isqrt"], [17]], ["pull", "auto", 2]
        assert client.run(client.open(), *ops) == [4]
        client.close()
    finally:
        child.stop(worker)
    assert worker.returncode == 0, child.tail(tmp_path / "worker.log")


def test_plain_celery_command_needs_to_be_told_what_is_allowed(own_server: Server) -> None:
    command, environment = [*CELERY, "-P", "threads"], clean_environment(POLYLOOM_URL=own_server.url)
    ran = subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=environment)
    assert ran.returncode == 2
    assert "does not start without being told what clients may use" in ran.stderr
    assert "--allow" in ran.stderr
