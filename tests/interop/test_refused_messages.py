"""Celery messages that cannot be run, seen by a stock client that waits, and by the operator (§10.5)."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from celery import Celery, chain, chord, signature, states
from celery.result import AsyncResult

from deadline import LONG, until
from polyloom.embedded import Server
from worker_process import WorkerProcess, polyloom

CELERY = "polyloom:celery:"
PROGRAM = '{"t":"program","ops":[["operator",1,"+",1,2],["pull","auto",1]]}'


@pytest.fixture
def database(own_server: Server) -> Iterator[Any]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def worker(own_server: Server, start_worker: Callable[..., WorkerProcess]) -> WorkerProcess:
    return start_worker(own_server.url, "--allow", "*", "--jobs").ready()


@pytest.fixture
def celery(own_server: Server) -> Iterator[Celery]:
    """A client that shares no code with the worker."""
    url = own_server.url.replace("unix://", "redis+socket://")
    app = Celery("stranger", broker=url, backend=url)
    options = {"global_keyprefix": CELERY}
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options, task_default_queue="polyloom")
    with app:
        yield app
    app.close()


def outcome(result: AsyncResult) -> tuple[str, Any]:
    """Wait for the end of a job and return its state and result."""
    result.get(timeout=LONG, propagate=False)
    return result.state, result.result


def task(celery: Celery, name: str = "polyloom.run", argument: Any = PROGRAM) -> Any:
    """Return the signature of a task that does not take what the one before it in a chain came to."""
    return signature(name, args=[argument], immutable=True, app=celery)


def test_task_that_is_not_there_fails_at_once_as_celery_names_it(celery: Celery, worker: WorkerProcess) -> None:
    state, error = outcome(celery.send_task("no.such.task", []))
    assert (state, type(error).__name__, error.args) == ("FAILURE", "NotRegistered", ("no.such.task",))


def test_refused_message_fails_with_what_is_wrong_and_where_that_is_told(celery: Celery, worker: WorkerProcess) -> None:
    state, failed = outcome(celery.send_task("polyloom.run", [PROGRAM], shadow="\n"))
    error = json.loads(failed.args[0])
    assert (state, error["code"]) == ("FAILURE", "BadFrame")
    assert '"shadow" of a message must be' in error["message"]
    assert "§10.4" in error["hint"]


def test_pickled_message_fails_and_is_not_loaded(celery: Celery, worker: WorkerProcess) -> None:
    state, failed = outcome(celery.send_task("polyloom.run", [PROGRAM], serializer="pickle"))
    assert (state, json.loads(failed.args[0])["code"]) == ("FAILURE", "NotAllowed")


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "lzma"])
def test_compressed_message_is_run(celery: Celery, worker: WorkerProcess, compression: str) -> None:
    assert outcome(celery.send_task("polyloom.run", [PROGRAM], compression=compression))[0] == "SUCCESS"


@pytest.mark.parametrize(
    ("args", "kwargs"), [([], {}), ([PROGRAM, 1], {}), ([], {"other": 1}), ([PROGRAM], {"program": PROGRAM})]
)
def test_job_of_another_number_of_arguments_fails(celery: Celery, worker: WorkerProcess, args: list, kwargs: dict) -> None:
    state, failed = outcome(celery.send_task("polyloom.run", args, kwargs))
    assert (state, json.loads(failed.args[0])["code"]) == ("FAILURE", "BadFrame")


def test_job_takes_its_program_by_name(celery: Celery, worker: WorkerProcess) -> None:
    assert outcome(celery.send_task("polyloom.run", kwargs={"program": PROGRAM}))[0] == "SUCCESS"


def test_whoever_waits_for_the_end_of_a_chain_hears_that_its_beginning_was_refused(celery: Celery, worker: WorkerProcess) -> None:
    last = chain(task(celery, "no.such.task"), task(celery), task(celery)).apply_async()
    assert outcome(last)[0] == "FAILURE"


def test_whoever_waits_for_the_end_of_a_chain_hears_that_its_beginning_has_expired(celery: Celery, worker: WorkerProcess) -> None:
    first = task(celery).set(expires=-60)
    last = chain(first, task(celery)).apply_async()
    assert outcome(last)[0] == states.REVOKED
    assert outcome(last.parent)[0] == states.REVOKED


def test_whoever_waits_for_a_chord_hears_that_a_part_of_it_was_refused(celery: Celery, worker: WorkerProcess) -> None:
    body = chord([task(celery), task(celery, "no.such.task")], task(celery)).apply_async()
    assert outcome(body)[0] == "FAILURE"


def test_doctor_tells_of_refused_messages_until_they_are_cleared(celery: Celery, worker: WorkerProcess, database: Any) -> None:
    assert "✓ messages" in polyloom("doctor", "--url", worker.url).stdout
    database.lpush(f"{CELERY}polyloom", "no message")
    outcome(celery.send_task("no.such.task", []))
    shown = polyloom("doctor", "--url", worker.url)
    assert shown.returncode == 0, "they are no fault of the fleet"
    assert "! messages     2 Celery messages could not be run; the newest" in shown.stdout
    assert "no.such.task" in shown.stdout
    assert "XREVRANGE polyloom:refused + - COUNT 10; clear: redis-cli DEL polyloom:refused" in shown.stdout
    newest, first = (fields for _, fields in database.xrevrange("polyloom:refused"))
    assert (newest["queue"], newest["task"]) == ("polyloom", "no.such.task")
    assert (first["id"], first["item"], first["worker"]) == ("", "no message", f"polyloom@{os.uname().nodename}")
    database.delete("polyloom:refused")
    assert "✓ messages" in polyloom("doctor", "--url", worker.url).stdout


BROADCASTS = [
    "\xff",
    "[]",
    "5",
    "{}",
    "null",
    '{"properties": 5}',
    '{"properties": {}, "headers": []}',
    '{"properties": {"delivery_tag": "t"}, "body": "["}',
    '{"properties": {"delivery_tag": "t"}, "body": "[", "content-type": "application/json"}',
    '{"properties": {"delivery_tag": "t"}, "body": "5", "content-type": "application/json"}',
    '{"properties": {"delivery_tag": "t"}, "body": "{\\"method\\": []}", "content-type": "application/json"}',
    '{"properties": {"delivery_tag": "t", "delivery_info": 5}, "body": "{}", "content-type": "application/json"}',
    '{"properties": {"delivery_tag": "t"}, "body": "x", "headers": {"compression": "gzip"}}',
    '{"properties": {"delivery_tag": "t"}, "body": "x", "content-type": "application/x-python-serialize"}',
]


def test_broadcast_that_is_no_message_ends_no_worker(celery: Celery, worker: WorkerProcess, database: Any) -> None:
    assert outcome(celery.send_task("polyloom.run", [PROGRAM]))[0] == "SUCCESS"
    for text in BROADCASTS:
        assert database.publish(f"{CELERY}/0.celery.pidbox", text) == 1, "the worker hears it"
        until(lambda: celery.control.ping(timeout=1, limit=1), f"the worker answers after {text}")  # it may subscribe anew
    assert outcome(celery.send_task("polyloom.run", [PROGRAM]))[0] == "SUCCESS"
    assert worker.process.poll() is None
    assert "Connection to broker lost" not in worker.log.read_text()


def test_refused_message_is_answered_when_a_full_server_has_room(celery: Celery, worker: WorkerProcess, database: Any) -> None:
    assert outcome(celery.send_task("polyloom.run", [PROGRAM]))[0] == "SUCCESS"
    os.kill(worker.pid, signal.SIGSTOP)
    result = celery.send_task("no.such.task", [])
    database.config_set("maxmemory", 1)
    os.kill(worker.pid, signal.SIGCONT)
    until(lambda: "is answered later" in worker.log.read_text(), "the worker met the full server")
    database.config_set("maxmemory", 0)
    assert outcome(result)[0] == "FAILURE"
    assert outcome(celery.send_task("polyloom.run", [PROGRAM]))[0] == "SUCCESS"
    assert worker.process.poll() is None
