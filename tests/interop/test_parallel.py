"""Programs of a session with threads (§4.5), as the wire has them: side by side, and in the order that the client tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polyloom.embedded import Server
from wire_client import Client, RedisClient
from worker_process import WorkerProcess

MEET = "import threading; meeting = threading.Barrier({0}); done = []"
SET_UP = (["import", 1, "builtins"], ["call", 2, ["ref", 1, "dict"], []])


@pytest.fixture(params=["stdio", "redis"])
def host(request: pytest.FixtureRequest) -> Client:
    return request.getfixturevalue("stdio" if request.param == "stdio" else "client")


def execute(source: str) -> list[Any]:
    """An op that runs source code among the names of slot 2."""
    return ["call", 0, ["ref", 1, "exec"], [source, ["ref", 2]]]


def evaluate(slot: int, source: str) -> tuple[list[Any], list[Any]]:
    return ["call", slot, ["ref", 1, "eval"], [source, ["ref", 2]]], ["pull", "auto", slot]


def prepared(host: Client, threads: int, meeting: int) -> str:
    session = host.open(threads=threads)
    assert host.run(session, *SET_UP, execute(MEET.format(meeting)), ["repr", 3, 1], ["pull", "auto", 3]) == ["1"]
    return session


def test_programs_that_name_no_other_meet(host: Client) -> None:
    session = prepared(host, 3, 3)
    posted = [host.post(session, *evaluate(10 + i, "meeting.wait(60) >= 0"), after=[]) for i in range(3)]
    assert [host.results(session, n) for n in posted] == [[True]] * 3


def test_program_begins_after_those_that_it_names_have_ended(host: Client) -> None:
    session = prepared(host, 4, 2)
    first = host.post(session, execute("meeting.wait(60); import time; time.sleep(0.05); done.append('first')"), after=[])
    second = host.post(session, *evaluate(10, "list(done)"), after=[first])
    assert host.run(session, *evaluate(11, "list(done)"), after=[]) == [[[]]]
    host.post(session, execute("meeting.wait(60)"), after=[])
    assert host.results(session, second) == [[["first"]]]


def test_program_that_tells_no_order_comes_after_all_before(host: Client) -> None:
    session = prepared(host, 4, 2)
    for _ in range(2):
        host.post(session, execute("meeting.wait(60); import time; time.sleep(0.05); done.append(1)"), after=[])
    assert host.run(session, *evaluate(10, "list(done)")) == [[[1, 1]]]


def test_end_of_the_session_comes_after_all_programs(host: Client) -> None:
    session = prepared(host, 2, 2)
    posted = [host.post(session, *evaluate(10 + i, "meeting.wait(60) >= 0"), after=[]) for i in range(2)]
    host.send(t="close", session=session)
    for n in posted:
        assert host.results(session, n) == [True]
    assert host.expect("closed")["error"] is None


def test_more_threads_than_the_limit_are_refused_and_the_conversation_goes_on(host: Client) -> None:
    refused = host.open(threads=65)
    closed = host.expect("closed")
    assert (closed["session"], closed["error"][1]["code"]) == (refused, "LimitExceeded")
    assert "session_threads" in closed["error"][1]["message"]
    assert host.run(host.open(threads=64), ["repr", 1, 5], ["pull", "auto", 1]) == ["5"]


def test_threads_that_are_no_number_end_the_conversation(host: Client) -> None:
    host.open(threads=0)
    assert host.expect("closed")["error"][1]["code"] == "BadFrame"


def test_what_has_begun_beside_others_is_named_when_the_worker_ends(
    own_server: Server, start_worker: Callable[..., WorkerProcess]
) -> None:
    worker = start_worker(own_server.url, "--allow", "*", "--grace", "0").ready()
    client = RedisClient(own_server.url, worker.id)
    client.hello()
    session = prepared(client, 2, 2)
    slow = client.post(session, execute("meeting.wait(60); import time; time.sleep(60)"), after=[])
    client.post(session, *evaluate(10, "1"), after=[slow])
    quick = client.post(session, *evaluate(11, "meeting.wait(60) >= 0"), after=[])
    client.post(session, *evaluate(12, "1"), after=[slow])
    assert client.results(session, quick) == [True]
    worker.process.terminate()
    assert client.expect("closed")["begun"] == {session: quick}
