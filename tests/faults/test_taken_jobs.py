"""F1, F2: jobs that were taken and are not done. They come back when their worker is gone, and only then."""

from __future__ import annotations

import json
import os
import random
import signal
import time
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
JOBS, KILLS = 400, 5
TAKEN = 8  # jobs that a worker has taken at most: four threads, and as many beside them
SHIFT = """
import os, time
_time, _shift = time.time, int(os.environ["SHIFT_HOURS"]) * 3600
time.time = lambda: _time() + _shift
"""


class Jobs(NamedTuple):
    """Jobs that write a line when they begin and when they are done."""

    client: Any
    effects: Path

    def item(self, id: str, seconds: float = 0.0) -> str:
        ops = [["import", 1, "builtins"], ["import", 2, "time"], *self._note(3, f"begun {id}")]
        ops += [["call", 6, ["ref", 2, "sleep"], [seconds]], *self._note(7, f"done {id}"), ["pull", "auto", 6]]
        return json.dumps(good(id, json.dumps({"t": "program", "ops": ops})))

    def put(self, id: str, seconds: float = 0.0, queue: str = "polyloom") -> None:
        self.client.lpush(f"{CELERY}{queue}", self.item(id, seconds))

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
        jobs.put(f"long-{n}", 9.0)
    until(lambda: all(jobs.state(f"long-{n}") for n in range(4)), "the jobs have ended")
    assert sorted(jobs.lines()) == sorted(f"{what} long-{n}" for n in range(4) for what in ("begun", "done"))
    assert [jobs.state(f"long-{n}") for n in range(4)] == ["SUCCESS"] * 4
    assert all(worker.process.poll() is None for worker in workers)
    until(lambda: jobs.taken() == 0, "the jobs are acknowledged")


def test_job_of_a_worker_that_was_killed_is_run_by_another(jobs: Jobs, start: Callable[..., WorkerProcess]) -> None:
    first = start()
    jobs.put("lost", 5.0)
    until(lambda: jobs.lines() == ["begun lost"], "the job has begun")
    os.kill(first.pid, signal.SIGKILL)
    second = start()
    until(lambda: jobs.state("lost"), "the job was run again")
    assert jobs.lines() == ["begun lost", "begun lost", "done lost"]
    assert jobs.state("lost") == "SUCCESS"
    assert "a job is put back into its queue" in second.log.read_text(), child.tail(second.log)
    until(lambda: jobs.taken() == 0, "the job is acknowledged")


def test_job_that_its_worker_has_never_seen_is_not_lost_with_it(jobs: Jobs, start: Callable[..., WorkerProcess]) -> None:
    """The server has given it to a worker that is stopped, and then is killed: kombu's BRPOP would have taken it away."""
    first = start()
    jobs.put("first")
    until(lambda: jobs.state("first"), "the worker takes jobs")
    os.kill(first.pid, signal.SIGSTOP)
    jobs.put("unseen")
    os.kill(first.pid, signal.SIGKILL)
    start()
    until(lambda: jobs.state("unseen"), "the job was run")
    assert jobs.lines()[2:] == ["begun unseen", "done unseen"]


@pytest.mark.timeout(200)
def test_no_job_is_lost_when_workers_are_killed_at_any_moment(jobs: Jobs, start: Callable[..., WorkerProcess], seed: int) -> None:
    chance = random.Random(seed)
    workers = [start(), start()]
    ids = [f"job-{n}" for n in range(JOBS)]
    for n, id in enumerate(ids):
        jobs.put(id, 0.005)
        if n % (JOBS // KILLS) == JOBS // KILLS - 1:
            time.sleep(chance.random() / 2)
            victim = workers.pop(0)
            os.kill(victim.pid, signal.SIGKILL)
            workers.append(start())
    until(lambda: all(jobs.state(id) for id in ids), "every job has an outcome", 100)
    lines = jobs.lines()
    repeated = sum(lines.count(f"begun {id}") - 1 for id in ids)
    lost = [id for id in ids if f"done {id}" not in lines or jobs.state(id) != "SUCCESS"]
    print(f"{JOBS} jobs, {KILLS} workers killed: {len(lost)} lost, {repeated} begun again")
    assert lost == []
    assert repeated <= KILLS * TAKEN
    until(lambda: jobs.taken() == 0, "every job is acknowledged")


@pytest.mark.parametrize("priority", [3, 6, 9])
def test_job_of_any_priority_is_run(jobs: Jobs, start: Callable[..., WorkerProcess], priority: int) -> None:
    start()
    jobs.put("other", queue=f"polyloom\x06\x16{priority}")
    until(lambda: jobs.state("other"), "the job was run")
    assert jobs.lines() == ["begun other", "done other"]


def test_what_was_taken_by_a_dead_worker_goes_back_whatever_it_is(jobs: Jobs, start: Callable[..., WorkerProcess]) -> None:
    entries = {"whole": jobs.item("back"), "broken": "\udcff no message", "list": "[]", "null": '{"properties": null}'}
    for tag, item in entries.items():
        entry = f'[{item},"","polyloom"]'.encode("utf-8", "surrogateescape")
        jobs.client.hset(f"{CELERY}unacked", tag, entry)
        jobs.client.zadd(f"{CELERY}unacked_index", {tag: 1.0})
    worker = start()
    until(lambda: jobs.state("back"), "the job was run")
    until(lambda: jobs.client.xlen("polyloom:refused") == 3, "the others were refused")
    assert jobs.lines() == ["begun back", "done back"]
    until(lambda: jobs.taken() == 0 and jobs.client.zcard(f"{CELERY}unacked_index") == 0, "nothing is left")
    assert worker.process.poll() is None


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
