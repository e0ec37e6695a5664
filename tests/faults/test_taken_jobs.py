"""F1, F2: jobs that were taken and are not done. They come back when their worker is gone, and only then."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from damage import good
from deadline import until
from polyloom.embedded import Server, child
from worker_process import WorkerProcess

CELERY = "polyloom:celery:"
LEASE = 1.0  # seconds; a job is put back after five
SHIFT = """
import os, time
_time, _shift = time.time, int(os.environ["SHIFT_HOURS"]) * 3600
time.time = lambda: _time() + _shift
"""


class Jobs(NamedTuple):
    """Jobs that write a line when they begin and when they are done."""

    client: Any
    effects: Path

    def put(self, id: str, seconds: float) -> None:
        ops = [["import", 1, "builtins"], ["import", 2, "time"], *self._note(3, f"begun {id}")]
        ops += [["call", 6, ["ref", 2, "sleep"], [seconds]], *self._note(7, f"done {id}"), ["pull", "auto", 6]]
        self.client.lpush(f"{CELERY}polyloom", json.dumps(good(id, json.dumps({"t": "program", "ops": ops}))))

    def _note(self, slot: int, line: str) -> list[list[Any]]:
        file = ["call", slot, ["ref", 1, "open"], [str(self.effects), "a"]]
        return [file, ["call", slot + 1, ["ref", slot, "write"], [line + "\n"]], ["call", slot + 2, ["ref", slot, "close"], []]]

    def lines(self) -> list[str]:
        return self.effects.read_text().splitlines() if self.effects.exists() else []

    def state(self, id: str) -> str | None:
        found = self.client.get(f"{CELERY}celery-task-meta-{id}")
        return json.loads(found)["status"] if found else None

    def taken(self) -> int:
        return int(self.client.hlen(f"{CELERY}unacked"))


@pytest.fixture
def jobs(own_server: Server, tmp_path: Path) -> Iterator[Jobs]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield Jobs(client, tmp_path / "effects")


@pytest.fixture
def start(own_server: Server, start_worker: Callable[..., WorkerProcess]) -> Callable[..., WorkerProcess]:
    """Start a worker that takes jobs: `start(**environ)`."""
    return lambda **environ: start_worker(own_server.url, "--allow", "*", "--jobs", "--lease", str(LEASE), **environ).ready()


def test_job_that_takes_longer_than_the_time_after_which_it_is_put_back_runs_once(
    jobs: Jobs, start: Callable[..., WorkerProcess], tmp_path: Path
) -> None:
    """Also where the clocks of the hosts differ by hours."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(SHIFT)
    workers = [start(PYTHONPATH=str(modules), SHIFT_HOURS=hours) for hours in ("5", "-5")]
    for n in range(4):
        jobs.put(f"long-{n}", 12.0)
    until(lambda: all(jobs.state(f"long-{n}") for n in range(4)), "the jobs have ended")
    assert sorted(jobs.lines()) == sorted(f"{what} long-{n}" for n in range(4) for what in ("begun", "done"))
    assert [jobs.state(f"long-{n}") for n in range(4)] == ["SUCCESS"] * 4
    assert all(worker.process.poll() is None for worker in workers)
    until(lambda: jobs.taken() == 0, "the jobs are acknowledged")


def test_job_of_a_worker_that_was_killed_is_run_by_another(jobs: Jobs, start: Callable[..., WorkerProcess]) -> None:
    first = start()
    jobs.put("lost", 8.0)
    until(lambda: jobs.lines() == ["begun lost"], "the job has begun")
    os.kill(first.pid, signal.SIGKILL)
    second = start()
    until(lambda: jobs.state("lost"), "the job was run again")
    assert jobs.lines() == ["begun lost", "begun lost", "done lost"]
    assert jobs.state("lost") == "SUCCESS"
    assert "a job is put back into its queue" in second.log.read_text(), child.tail(second.log)
    until(lambda: jobs.taken() == 0, "the job is acknowledged")


def test_job_runs_on_once_while_its_worker_ends_in_order(jobs: Jobs, start: Callable[..., WorkerProcess]) -> None:
    first = start()
    jobs.put("last", 9.0)
    until(lambda: jobs.lines() == ["begun last"], "the job has begun")
    start()
    first.process.terminate()
    until(lambda: jobs.state("last"), "the job has ended")
    assert first.process.wait(30) == 0
    assert jobs.lines() == ["begun last", "done last"]
    assert jobs.taken() == 0
