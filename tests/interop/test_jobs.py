"""The job lane through a stock Celery client, configured as anybody would who has read the page and nothing else."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys

import pytest
from celery import Celery
from celery.result import AsyncResult

from deadline import LONG, until
from worker_process import clean_environment


@pytest.fixture(scope="module")
def celery(server, worker):
    """A client that shares no code with the worker."""
    url = server.url.replace("unix://", "redis+socket://")
    app = Celery("stranger", broker=url, backend=url)
    options = {"global_keyprefix": "polyloom:celery:"}
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
    with app:
        yield app
    app.close()


def submit(celery, program) -> AsyncResult:
    text = program if not isinstance(program, dict) else json.dumps({"t": "program", **program})
    return celery.send_task("polyloom.run", [text], queue="polyloom")


def outcome(result):
    """Wait for the end of a job and return its state and result."""
    result.get(timeout=LONG, propagate=False)
    return result.state, result.result


def run(celery, *ops):
    """Run a program as a job and return its results."""
    state, text = outcome(submit(celery, {"ops": list(ops)}))
    assert state == "SUCCESS", text
    body = json.loads(text)
    assert body["t"] == "reply"
    return body["results"]


def failure(celery, program):
    """Run a program that must fail, and return the error object of the failure."""
    state, error = outcome(submit(celery, program))
    assert state == "FAILURE"
    return json.loads(error.args[0])


def test_value_of_a_job_comes_back(celery):
    ops = ["import", 1, "math"], ["call", 2, ["ref", 1, "factorial"], [25]], ["pull", "auto", 2]
    assert run(celery, *ops) == [["int", "15511210043330985984000000"]]


def test_attachments_travel_in_base64_both_ways(celery):
    program = {
        "ops": [["import", 1, "builtins"], ["call", 2, ["ref", 1, "bytearray"], [["bytes", 0]]], ["pull", "auto", 2]],
        "attachments": [base64.b64encode(b"\x00\xff").decode()],
    }
    state, text = outcome(submit(celery, program))
    assert (state, json.loads(text)["results"]) == ("SUCCESS", [["bytearray", 0]])
    assert [base64.b64decode(one) for one in json.loads(text)["attachments"]] == [b"\x00\xff"]


def test_exception_of_python_fails_the_job_with_type_and_message(celery):
    error = failure(celery, {"ops": [["import", 1, "math"], ["call", 2, ["ref", 1, "sqrt"], [-1]], ["pull", "auto", 2]]})
    assert (error["code"], error["type"], error["message"]) == ("PythonError", "ValueError", "math domain error")
    assert error["op"] == "call math.sqrt"


def test_exception_of_an_op_that_nobody_pulls_fails_the_job_too(celery):
    assert failure(celery, {"ops": [["import", 0, "no_such_module"]]})["type"] == "ModuleNotFoundError"


def test_exception_of_an_op_with_a_slot_that_nobody_pulls_fails_the_job_too(celery):
    assert (
        failure(celery, {"ops": [["import", 1, "no_such_module"], ["repr", 2, 1], ["pull", "auto", 2]]})["type"]
        == "ModuleNotFoundError"
    )


def test_failure_shows_the_type_to_whoever_prints_it(celery):
    result = submit(celery, {"ops": [["import", 0, "no_such_module"]]})
    assert outcome(result)[0] == "FAILURE"
    assert "ModuleNotFoundError" in str(result.result)
    assert "no_such_module" in str(result.result)


def test_contexts_of_a_job_end_with_it(celery, tmp_path):
    make = ["import", 1, "contextlib"], ["call", 2, ["ref", 1, "ExitStack"], []], ["enter", 3, ["ref", 2]]
    path = tmp_path / "made"
    path.mkdir()
    leave = ["import", 4, "os"], ["call", 5, ["ref", 3, "callback"], [["ref", 4, "rmdir"], str(path)]]
    assert run(celery, *make, *leave, ["call", 6, ["ref", 4, "path", "exists"], [str(path)]], ["pull", "auto", 6]) == [True]
    assert not path.exists()


def test_first_error_wins(celery):
    ops = ["import", 1, "first_missing"], ["import", 2, "second_missing"], ["pull", "auto", 1, 2]
    assert "first_missing" in failure(celery, {"ops": list(ops)})["message"]


def test_live_object_cannot_leave_a_job(celery):
    error = failure(celery, {"ops": [["import", 1, "math"], ["pull", "auto", 1]]})
    assert (error["code"], bool(error.get("hint"))) == ("NotData", True)


def test_live_object_inside_data_cannot_leave_a_job(celery):
    error = failure(celery, {"ops": [["import", 1, "sys"], ["getattr", 2, ["ref", 1], "modules"], ["pull", "auto", 2]]})
    assert error["code"] == "NotData"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("", "BadFrame"),
        ("{", "BadFrame"),
        ("[]", "BadFrame"),
        ("\ud800", "BadFrame"),
        ("[" * 100_000, "LimitExceeded"),
        ({}, "BadFrame"),
        ({"ops": 5}, "BadFrame"),
        ({"ops": [], "attachments": 5}, "BadFrame"),
        ({"ops": [], "attachments": ["not base64!"]}, "BadFrame"),
        ({"ops": [], "attachments": [5]}, "BadFrame"),
        ({"ops": ["nope"]}, "BadOp"),
        ({"ops": [["nope", 1]]}, "BadOp"),
        ({"ops": [["repr", 1, ["nope"]], ["pull", "auto", 1]]}, "BadValue"),
        ({"ops": [["repr", 1, ["bytes", 0]], ["pull", "auto", 1]]}, "BadValue"),
        (5, "BadFrame"),
        (None, "BadFrame"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_malformed_program_fails_its_job_and_kills_nothing(celery, worker, program, code):
    assert failure(celery, program)["code"] == code
    assert run(celery, ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    assert worker.process.poll() is None


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "MemoryError", "RecursionError"])
def test_exit_in_a_job_ends_the_job_and_not_the_worker(celery, worker, kind):
    code = f"raise {kind}('away')"
    error = failure(celery, {"ops": [["import", 1, "builtins"], ["call", 0, ["ref", 1, "exec"], [code]]]})
    assert error["type"] == kind
    assert run(celery, ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    assert worker.process.poll() is None


def test_jobs_share_no_objects(celery):
    run(celery, ["repr", 1, 1], ["pull", "auto", 1])
    assert failure(celery, {"ops": [["pull", "auto", 1]]})["code"] == "UnknownSlot"


def test_client_without_polyloom_still_reads_the_failure(celery):
    """A client whose Python has no module of Polyloom gets an exception of the same name and arguments."""
    result = submit(celery, {"ops": [["import", 0, "no_such_module"]]})
    assert outcome(result)[0] == "FAILURE"
    record = celery.backend.get_task_meta(result.id, cache=False)
    assert type(record["result"]).__name__ == "JobFailed"


def test_worker_answers_the_ping_of_celery(server, worker, database):
    name = f"polyloom@{os.uname().nodename}"
    command = [sys.executable, "-m", "celery", "-A", "polyloom_workers.app", "inspect", "-d", name, "--timeout", "30", "ping"]
    environ = clean_environment(POLYLOOM_URL=server.url)
    asked = subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=environ)
    assert asked.returncode == 0, asked.stderr
    assert "pong" in asked.stdout
    until(lambda: database.hlen("polyloom:celery:unacked") == 0, "the answer is not kept as a job is")
    assert database.zcard("polyloom:celery:unacked_index") == 0
