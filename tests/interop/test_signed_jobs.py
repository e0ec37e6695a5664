"""Jobs of a fleet with a secret (§16.6), through a stock Celery client: signed ones run, and no others."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from pathlib import Path

import pytest
from celery import Celery

from deadline import LONG
from wire_client import signature
from worker_process import WorkerProcess

SECRET, OTHER = secrets.token_hex(32), secrets.token_hex(32)
PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "secure-redis.md").read_text()
PROGRAM = '{"t":"program","ops":[["repr",1,5],["pull","auto",1]]'  # without its end


@pytest.fixture(scope="module")
def worker(server, tmp_path_factory):
    """A worker with a secret that takes jobs, under a prefix of its own."""
    folder = tmp_path_factory.mktemp("signed-jobs")
    started = WorkerProcess(server.url, folder, "--allow", "*", "--jobs", prefix="sealed:", POLYLOOM_SECRET=SECRET)
    try:
        yield started.ready()
    finally:
        started.stop()


@pytest.fixture(scope="module")
def celery(worker):
    """A client that shares no code with the worker."""
    url = worker.url.replace("unix://", "redis+socket://")
    app = Celery("stranger", broker=url, backend=url)
    options = {"global_keyprefix": "sealed:celery:"}
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
    with app:
        yield app
    app.close()


@pytest.fixture
def now(database):
    """The server's time, in ms."""
    return 1000 * int(database.time()[0])


def sign(task, text=PROGRAM, secret=SECRET):
    """Return the text of a signed program, made by the page alone."""
    return f'{text},"signature":"{signature(secret, "polyloom/1/job", task, text)}"}}'


def outcome(celery, task, text):
    """Send a job and return its results, or the code of its failure."""
    result = celery.send_task("polyloom.run", [text], task_id=task, queue="polyloom")
    result.get(timeout=LONG, propagate=False)
    return json.loads(result.result)["results"] if result.state == "SUCCESS" else json.loads(result.result.args[0])["code"]


def test_signed_job_runs(celery, now):
    task = str(uuid.uuid4())
    assert outcome(celery, task, sign(task, f'{PROGRAM},"by":{now + 60_000}')) == ["5"]


BAD = {
    "not signed": lambda task, program: program + "}",
    "another secret": lambda task, program: sign(task, program, OTHER),
    "another task": lambda task, program: sign("other", program),
    "too late": lambda task, program: sign(task, program.replace('"by":9', '"by":1000,"was":9')),
    "no time": lambda task, program: sign(task, program.replace('"by"', '"bye"')),
    "changed": lambda task, program: sign(task, program).replace("mkdir", "rmdir"),
    "something after it": lambda task, program: sign(task, program) + "\n",
    "a key after it": lambda task, program: sign(task, program)[:-1] + ',"x":1}',
    "a key before it": lambda task, program: '{"x":1,' + sign(task, program)[1:],
    "another form": lambda task, program: sign(task, program).replace(',"signature":', ', "signature":'),
    "empty": lambda task, program: "",
    "null": lambda task, program: None,
    "a number": lambda task, program: 5,
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_job_that_is_not_signed_for_this_task_and_time_does_not_run(celery, tmp_path, make):
    ops = [["import", 1, "os"], ["call", 2, ["ref", 1, "mkdir"], [str(tmp_path / "made")]]]
    program = f'{{"t":"program","ops":{json.dumps(ops)},"by":{9 * 10**15}'
    task = str(uuid.uuid4())
    assert outcome(celery, task, make(task, program)) == "BadSignature"
    assert not (tmp_path / "made").exists()
    task = str(uuid.uuid4())
    assert outcome(celery, task, sign(task, program)) == []
    assert (tmp_path / "made").exists(), "it would have been seen"


def test_text_that_is_signed_and_no_program_fails_as_without_a_secret(celery, now):
    for text, code in ((f'{{"t":"program","by":{now + 60_000}', "BadFrame"), ("{nonsense", "BadFrame"), ("\ud800", "BadFrame")):
        task = str(uuid.uuid4())
        octets = text.encode("utf-8", "surrogatepass")
        made = f'{text},"signature":"{signature(SECRET, "polyloom/1/job", task, octets)}"}}'
        assert outcome(celery, task, made) == code


def test_example_of_the_page_runs(worker, monkeypatch, capsys):
    source = re.search(r"<!-- tour: signed-job -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert source
    monkeypatch.setenv("POLYLOOM_URL", worker.url)
    monkeypatch.setenv("POLYLOOM_SECRET", SECRET)
    text = source[1].replace('"polyloom:celery:"', '"sealed:celery:"')
    text = text.replace("broker=url, backend=url", "broker=address, backend=address")
    exec(f"address = {worker.url.replace('unix://', 'redis+socket://')!r}\n{text}", {})
    assert capsys.readouterr().out == "[3628800]\n"
