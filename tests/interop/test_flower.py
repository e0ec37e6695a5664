"""Celery's own monitor sees the programs of sessions as tasks, and their failures as failures."""

from __future__ import annotations

import json
import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from deadline import until
from polyloom.embedded import child
from polyloom.embedded.server import _free_port
from worker_process import clean_environment


@pytest.fixture(scope="module")
def api(server, worker, tmp_path_factory):
    """Ask Flower's API; a list or an object comes back."""
    port, log = _free_port(), tmp_path_factory.mktemp("flower") / "log"
    command = [sys.executable, "-m", "polyloom", "flower", "--url", server.url, "--port", str(port)]
    flower = child.start(command, log, clean_environment(FLOWER_UNAUTHENTICATED_API="true"))

    def ask(path):
        assert flower.poll() is None, child.tail(log)
        try:
            with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
                return json.load(answer)
        except (URLError, ConnectionError):
            return None

    try:
        until(lambda: ask("api/tasks") is not None, "Flower answers")
        yield ask
    finally:
        child.stop(flower)


def tasks(api, name):
    """Return what Flower knows of the tasks of a name."""
    return [task for task in (api("api/tasks") or {}).values() if task["name"] == name]


def seen(api, client, call, name):
    """Run a call again and again until Flower shows it: it asks workers for events some time after its own start."""
    session = client.open()
    client.run(session, ["import", 1, call[0]], ["pull", "keep", 1])
    slots = iter(range(2, 10**6))

    def look():
        client.post(session, ["call", next(slots), ["ref", 1, *call[1:-1]], call[-1]])
        return tasks(api, name)

    return until(look, f"Flower shows {name}")


def test_program_of_a_session_is_shown_as_a_task_that_succeeded(api, client, worker):
    seen(api, client, ["math", "sqrt", [16]], "py:math.sqrt")
    until(lambda: tasks(api, "py:math.sqrt")[0]["state"] == "SUCCESS", "it succeeded")
    (shown, *_) = tasks(api, "py:math.sqrt")
    assert shown["uuid"].startswith(worker.id)
    assert shown["runtime"] >= 0
    assert shown["worker"] == f"polyloom@{os.uname().nodename}"


def test_program_that_failed_is_shown_as_a_failure_with_its_exception(api, client):
    seen(api, client, ["math", "log", [0]], "py:math.log")
    until(lambda: tasks(api, "py:math.log")[0]["state"] == "FAILURE", "it failed")
    (shown, *_) = tasks(api, "py:math.log")
    assert shown["exception"] == "ValueError('math domain error')"
    assert "Traceback" in shown["traceback"]


def test_method_is_shown_under_its_type_and_not_under_its_object(api, client):
    seen(api, client, ["collections", "Counter", ["abc"]], "py:collections.Counter")
    session = client.open()
    client.run(session, ["import", 1, "collections"], ["call", 2, ["ref", 1, "Counter"], ["aab"]], ["pull", "keep", 2])
    slots = iter(range(3, 10**6))

    def look():
        client.post(session, ["call", next(slots), ["ref", 2, "most_common"], [1]])
        return tasks(api, "py:collections.Counter.most_common")

    until(look, "the method is shown")


def test_worker_is_shown_with_its_queue(api, worker):
    workers = until(lambda: api("api/workers?refresh=1"), "Flower lists workers")
    assert f"polyloom@{os.uname().nodename}" in workers
