"""F8: Celery messages that were damaged, cut, retyped or made up; the worker lives, and whoever can be answered is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from damage import Damage, good
from deadline import LONG, until
from polyloom.embedded import Server, child
from worker_process import WorkerProcess, clean_environment

MESSAGES = 10_000 * int(os.environ.get("POLYLOOM_FAULT_ROUNDS", "1"))
BATCH = 1_000
EVERY = 10  # a good job stands after so many damaged messages
CELERY = "polyloom:celery:"
QUEUE = f"{CELERY}polyloom"


class Job(NamedTuple):
    """A good one, and what it must come to."""

    id: str
    item: bytes
    result: int


class Fleet:
    """The queue of a worker, seen from the server."""

    def __init__(self, client: redis.Redis, effects: Path) -> None:
        self.client: Any = client
        self._effects = effects

    def job(self, id: str, n: int) -> Job:
        """Return a good job, which leaves a line with its number."""
        write = ["call", 2, ["ref", 1, "open"], [str(self._effects), "a"]], ["call", 3, ["ref", 2, "write"], [f"{n}\n"]]
        ops = [
            ["import", 1, "builtins"],
            *write,
            ["call", 4, ["ref", 2, "close"], []],
            ["operator", 5, "+", n, 1],
            ["pull", "auto", 5],
        ]
        return Job(id, json.dumps(good(id, json.dumps({"t": "program", "ops": ops}))).encode(), n + 1)

    def put(self, items: list[bytes]) -> None:
        """Put items onto the queue, and wait until nothing is left of them."""
        self.client.lpush(QUEUE, *items)
        until(lambda: not self.left(), "the queue was worked off", 3 * LONG)

    def left(self) -> int:
        """Return how many messages are on their way."""
        return sum((self.client.llen(QUEUE), self.client.hlen(f"{CELERY}unacked"), self.client.zcard(f"{CELERY}unacked_index")))

    def outcomes(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return what the result backend knows of jobs."""
        found = self.client.mget([f"{CELERY}celery-task-meta-{id}" for id in ids])
        return {id: json.loads(text) for id, text in zip(ids, found, strict=True) if text}

    def lines(self) -> list[int]:
        return [int(line) for line in self._effects.read_text().split()]

    def reader(self) -> str:
        """Return the server's name for the connection that waits for jobs."""
        waiting = until(lambda: [one for one in self.client.client_list() if one["cmd"] == "blmove"], "a worker waits for jobs")
        return " ".join(sorted(str(one["id"]) for one in waiting))


@pytest.fixture
def fleet(own_server: Server, tmp_path: Path) -> Iterator[Fleet]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield Fleet(client, tmp_path / "effects")


@pytest.mark.timeout(400)
def test_damaged_messages(own_server: Server, fleet: Fleet, start_worker: Callable[..., WorkerProcess]) -> None:
    worker = start_worker(own_server.url, "--allow", "*", "--jobs").ready()
    damage_all(fleet, MESSAGES)
    assert worker.process.poll() is None, child.tail(worker.log)
    assert "Connection to broker lost" not in worker.log.read_text()


@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_damaged_messages_and_the_command_of_celery(own_server: Server, fleet: Fleet, tmp_path: Path, pool: str) -> None:
    environment = clean_environment(POLYLOOM_URL=own_server.url, POLYLOOM_ALLOW="*")
    command = [sys.executable, "-m", "celery", "-A", "polyloom_workers.app", "worker", "-P", pool, "--without-gossip"]
    worker = child.start(command, tmp_path / "worker.log", environment)
    try:
        damage_all(fleet, MESSAGES // 20)
        assert worker.poll() is None, child.tail(tmp_path / "worker.log")
    finally:
        child.stop(worker)


def damage_all(fleet: Fleet, count: int) -> None:
    """Put damaged messages and good jobs onto the queue, and see what became of them."""
    damage = Damage(8)
    reader = fleet.reader()
    jobs: list[Job] = []
    waiting: set[str] = set()
    silent: dict[str, bytes] = {}
    for _ in range(count // BATCH or 1):
        batch: list[bytes] = []
        for n in range(min(BATCH, count)):
            name = damage.name()
            batch.append(
                damage.item(name, json.dumps({"t": "program", "ops": [["operator", 1, "+", 1, 2], ["pull", "auto", 1]]}))
            )
            waiting |= {id: silent.setdefault(id, batch[-1]) for id in [return_address(batch[-1])] if id}.keys()
            if n % EVERY == 0:
                jobs.append(fleet.job(damage.name(), len(jobs)))
                batch.append(jobs[-1].item)
        fleet.put(batch)
    for id in fleet.outcomes(list(silent)):
        del silent[id]
    outcomes = fleet.outcomes([job.id for job in jobs])
    lost = [job for job in jobs if not is_right(outcomes.get(job.id), job)]
    repeated = len(fleet.lines()) - len(set(fleet.lines()))
    print(f"{count} damaged messages, {len(waiting)} with a return address, {len(jobs)} good jobs between them:")
    print(f"{len(lost)} lost, {repeated} repeated, {len(silent)} unanswered, {fleet.client.xlen('polyloom:refused')} kept")
    assert (lost, repeated, list(silent.values())) == ([], 0, [])
    assert fleet.left() == 0
    assert [key for key in fleet.client.keys(f"{CELERY}*") if fleet.client.type(key) == "list"] == []
    assert fleet.reader() == reader, "the connection that waits for jobs was never lost"


def return_address(item: bytes) -> str | None:
    """Return the id whose result somebody may wait for, as a reader of the page would find it; None where nobody can or does."""
    try:
        message = json.loads(item.decode())
    except (ValueError, RecursionError):
        name, end, _ = item.partition(b'"id": "')[2].partition(b'"')
        return readable(name.decode("utf-8", "replace") if end else None)
    if not isinstance(message, dict):
        return None
    headers, properties = (message.get(part) if isinstance(message.get(part), dict) else {} for part in ("headers", "properties"))
    if headers.get("ignore_result") is True:
        return None
    return readable(headers.get("id")) or readable(properties.get("correlation_id"))


def readable(name: object) -> str | None:
    """Return what can be an id, else None."""
    return name if isinstance(name, str) and 0 < len(name) <= 512 and name.isprintable() else None


def is_right(outcome: Mapping[str, Any] | None, job: Job) -> bool:
    """Tell whether a job came to what it must come to."""
    return outcome is not None and outcome["status"] == "SUCCESS" and json.loads(outcome["result"])["results"] == [job.result]
