"""A fleet on a server of Redis Cluster: one hash slot for all of its keys, by a prefix with a hash tag."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from deadline import LONG, until
from polyloom.embedded import Server
from worker_process import WorkerProcess, clean_environment

PREFIX = "{fleet}:"
DIST = Path(__file__).parents[2] / "node-client" / "dist" / "index.js"
CLIENT = f"""
import {{ connect }} from {json.dumps(str(DIST))}
const {{ $py, close }} = await connect(process.argv[1], {{ prefix: {json.dumps(PREFIX)} }})
const bytes = await $py('builtins').bytes(new Uint8Array(1_000_000))
const sum = await $py('functools').reduce((a, b) => a + b, [1, 2, 3])
console.log(bytes.length + sum)
await close()
"""
PROGRAM = {"t": "program", "ops": [["import", 1, "math"], ["call", 2, ["ref", 1, "factorial"], [5]], ["pull", "auto", 2]]}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """A cluster of one server, which still refuses what touches several slots."""
    server = Server(options=("--cluster-enabled", "yes"))
    server.start()
    try:
        with redis.Redis.from_url(server.url, decode_responses=True) as admin:
            admin.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            until(lambda: admin.cluster("info")["cluster_state"] == "ok", "the cluster is up")
        yield server
    finally:
        server.stop()


def test_fleet_works_in_one_slot(cluster: Server, start_worker: Callable[..., WorkerProcess]) -> None:
    worker = start_worker(cluster.url, "--allow", "*", "--jobs", prefix=PREFIX).ready()
    environ = clean_environment()
    ran = subprocess.run(
        ["node", "--input-type=module", "-e", CLIENT, cluster.url], capture_output=True, text=True, timeout=LONG, env=environ
    )
    assert ran.stdout == "1000006\n", ran.stderr
    options = {"global_keyprefix": f"{PREFIX}celery:"}
    url = cluster.url.replace("unix://", "redis+socket://")
    with Celery(broker=url, backend=url) as app:
        app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
        reply = app.send_task("polyloom.run", [json.dumps(PROGRAM)], queue="polyloom").get(timeout=LONG)
    assert json.loads(reply)["results"] == [120]
    with redis.Redis.from_url(cluster.url, decode_responses=True) as admin:
        slots = {admin.cluster("keyslot", key) for key in admin.keys("*")}
        assert slots == {admin.cluster("keyslot", PREFIX)}
    assert worker.process.poll() is None
