"""How a worker ends when it is asked to: what runs may end, nothing new begins, and everybody is told."""

from __future__ import annotations

import json
import os
import signal

import pytest
import redis
from celery import Celery

from deadline import LONG, is_gone, until
from wire_client import RedisClient
from worker_process import listed


class Pipe:
    """A named pipe: what reads it in Python waits until `open`, whatever becomes of the worker's other sessions."""

    def __init__(self, path):
        self.path = str(path)
        os.mkfifo(path)

    def ops(self):
        """A program that says that it has begun, and waits."""
        return (
            ["import", 1, "pathlib"],
            ["call", 2, ["ref", 1, "Path"], [self.path]],
            ["call", 3, ["ref", 1, "Path"], [f"{self.path}.begun"]],
            ["call", 4, ["ref", 3, "touch"], []],
            ["call", 5, ["ref", 2, "read_text"], []],
            ["pull", "auto", 5],
        )

    def open(self):
        """Wait for the reader, and let it go on."""
        with open(self.path, "w") as pipe:
            pipe.write("ended")

    def begun(self):
        """Tell, once, whether a program has begun."""
        try:
            os.unlink(f"{self.path}.begun")
        except FileNotFoundError:
            return False
        return True


@pytest.fixture
def pipe(tmp_path):
    return Pipe(tmp_path / "pipe")


@pytest.fixture
def database(own_server):
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def celery(own_server):
    app = Celery("stranger", broker=own_server.url, backend=own_server.url)
    options = {"global_keyprefix": "polyloom:celery:"}
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
    yield app
    app.close()


def connected(server, worker):
    client = RedisClient(server.url, worker.id)
    client.hello()
    return client


def lease_of(worker):
    return f"polyloom:{{w:{worker.id}}}:lease"


def test_worker_that_ends_is_listed_no_more_while_its_programs_run_on(own_server, start_worker, database, pipe):
    worker = start_worker(own_server.url, "--allow", "*", "--grace", str(LONG)).ready()
    client = connected(own_server, worker)
    session = client.open()
    n = client.post(session, *pipe.ops())
    until(pipe.begun, "the program runs")
    queued = client.post(session, ["repr", 9, 1], ["pull", "auto", 9])
    worker.process.send_signal(signal.SIGTERM)
    until(lambda: listed(own_server.url) == [], "it is off the list")
    assert database.exists(lease_of(worker))
    late = RedisClient(own_server.url, worker.id)
    assert late.hello()["error"][1]["code"] == "WorkerLost"
    refused = client.open()
    answer = client.find(lambda body: body.get("session") == refused, "the answer to a session that is too late")
    assert (answer["t"], answer["error"][1]["code"], answer["begun"]) == ("closed", "WorkerLost", {refused: 0})
    pipe.open()
    assert client.results(session, n) == ["ended"]
    closed = client.expect("closed")
    assert (closed["error"][1]["code"], closed["begun"]) == ("WorkerLost", {session: n})
    assert queued == n + 1
    assert not any(body["t"] == "reply" for body, _ in client.frames)
    assert worker.process.wait() == 0
    assert database.keys(f"*{worker.id}*") == []
    client.redis.close()
    late.redis.close()


def test_coroutine_and_call_of_the_client_may_end_too(own_server, start_worker, database, pipe):
    worker = start_worker(own_server.url, "--allow", "*", "--grace", str(LONG)).ready()
    client = connected(own_server, worker)
    one, two = client.open(), client.open()
    source = "import asyncio\nasync def wait(path):\n    return await asyncio.to_thread(lambda: open(path).read())"
    make = ["import", 1, "types"], ["call", 2, ["ref", 1, "ModuleType"], ["m"]], ["import", 3, "builtins"]
    code = ["call", 4, ["ref", 3, "exec"], [source, ["ref", 2, "__dict__"]]]
    n = client.post(one, *make, code, ["call", 5, ["ref", 2, "wait"], [pipe.path]], ["pull", "auto", 5])
    reduce = ["call", 2, ["ref", 1, "reduce"], [["exposed", 1, "function", "f"], [[20, 22]]]]
    m = client.post(two, ["import", 1, "functools"], reduce, ["pull", "auto", 2])
    call = client.expect("call")
    worker.process.send_signal(signal.SIGTERM)
    until(lambda: listed(own_server.url) == [], "it is off the list")
    client.send(t="answer", session=two, call=call["call"], value=42)
    assert client.results(two, m) == [42]
    pipe.open()
    assert client.results(one, n) == ["ended"]
    assert client.expect("closed")["begun"] == {one: n, two: m}
    assert worker.process.wait() == 0
    client.redis.close()


def test_program_that_outlasts_the_grace_is_lost_and_said_to_have_begun(own_server, start_worker, database, pipe):
    worker = start_worker(own_server.url, "--allow", "*", "--grace", "0.1").ready()
    client = connected(own_server, worker)
    session = client.open()
    n = client.post(session, *pipe.ops())
    until(pipe.begun, "the program runs")
    worker.process.send_signal(signal.SIGTERM)
    assert client.expect("closed")["begun"] == {session: n}
    assert worker.process.wait() == 0
    client.redis.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_ends_a_worker_at_once(own_server, start_worker, database, pipe, number):
    worker = start_worker(own_server.url, "--allow", "*", "--grace", "3600").ready()
    client = connected(own_server, worker)
    session = client.open()
    n = client.post(session, *pipe.ops())
    until(pipe.begun, "the program runs")
    worker.process.send_signal(number)
    until(lambda: listed(own_server.url) == [], "it is off the list")
    worker.process.send_signal(number)
    assert client.expect("closed")["begun"] == {session: n}
    assert worker.process.wait() == 1
    until(lambda: database.keys(f"*{worker.id}*") == [], "it left nothing")
    client.redis.close()


def submit(celery, *ops):
    return celery.send_task("polyloom.run", [json.dumps({"t": "program", "ops": ops})], queue="polyloom")


def test_job_that_runs_may_end(own_server, start_worker, celery, pipe):
    worker = start_worker(own_server.url, "--allow", "*", "--jobs").ready()
    result = submit(celery, *pipe.ops())
    until(pipe.begun, "the job runs")
    worker.process.send_signal(signal.SIGTERM)
    until(lambda: listed(own_server.url) == [], "the lane has ended")
    assert worker.process.poll() is None
    pipe.open()
    assert json.loads(result.get(timeout=LONG))["results"] == ["ended"]
    assert worker.process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_job_of_a_worker_that_ends_at_once_is_run_by_another(own_server, start_worker, celery, pipe, number):
    worker = start_worker(own_server.url, "--allow", "*", "--jobs").ready()
    result = submit(celery, *pipe.ops())
    until(pipe.begun, "the job runs")
    worker.process.send_signal(number)
    until(lambda: listed(own_server.url) == [], "the lane has ended")
    worker.process.send_signal(number)
    assert worker.process.wait() == 1
    start_worker(own_server.url, "--allow", "*", "--jobs", "--name", "other").ready()
    until(pipe.begun, "the job runs again")
    pipe.open()
    assert json.loads(result.get(timeout=LONG))["results"] == ["ended"]


def test_hangup_begins_a_worker_anew_in_the_same_process(own_server, start_worker, database):
    worker = start_worker(own_server.url, "--allow", "*").ready()
    client, first = connected(own_server, worker), worker.id
    worker.process.send_signal(signal.SIGHUP)
    assert client.expect("closed")["error"][1]["code"] == "WorkerLost"
    until(lambda: listed(own_server.url) not in ([], [first]), "there is another worker")
    assert worker.ready().id != first
    again = connected(own_server, worker)
    assert again.run(again.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    assert not is_gone(worker.pid)
    again.close()
    client.redis.close()
