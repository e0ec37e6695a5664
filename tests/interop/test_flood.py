"""A client that asks for too much is told so, program by program, and the host goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from deadline import LONG, until
from polyloom.embedded import Server
from polyloom.limits import Limits
from wire_client import Client, RedisClient, StdioClient
from worker_process import WorkerProcess

MAKE_GATE = "import sys, threading; sys.gate = threading.Event()"
OPEN_GATE = "import sys; sys.gate.set()"
WAIT = "import sys; sys.gate.wait(120)"


def execute(source: str) -> list[list[Any]]:
    return [["import", 1, "builtins"], ["call", 2, ["ref", 1, "exec"], [source]], ["pull", "auto", 2]]


def replies(client: Client, session: str, count: int) -> dict[int, Any]:
    """Return the results of so many programs of a session, in the order in which they came."""
    found: dict[int, Any] = {}
    end = time.monotonic() + LONG
    while len(found) < count and time.monotonic() < end:
        frame = client.take(1.0)
        body = json.loads(frame[0]) if frame else {}
        if body.get("t") == "reply" and body["session"] == session:
            found[body["n"]] = body["results"][0]
    assert len(found) == count
    return found


def test_flood_of_programs_is_refused_beyond_the_limit_and_nothing_is_lost(stdio: StdioClient) -> None:
    most, more = Limits().session_programs, 500
    stdio.run(stdio.open(), *execute(MAKE_GATE))
    flooded, other = stdio.open(), stdio.open()
    stdio.post(flooded, *execute(WAIT))
    for _ in range(most + more):
        stdio.post(flooded, ["repr", 0, 1], ["pull", "auto", 0])
    refused = replies(stdio, flooded, more)
    assert {result[1]["message"] for result in refused.values()} == {f"session_programs: {most:,} programs of this session wait"}
    assert min(refused) >= most
    assert stdio.run(other, *execute(OPEN_GATE)) == [None]
    rest = replies(stdio, flooded, most + 1)
    assert sorted(rest.keys() | refused.keys()) == list(range(1, most + more + 2))
    assert stdio.run(flooded, ["repr", 3, 1], ["pull", "auto", 3]) == ["1"]


@pytest.fixture
def small(own_server: Server, start_worker: Callable[..., WorkerProcess]) -> RedisClient:
    """A client of a worker that takes little."""
    flags = "--allow", "*", "--waiting", "1000000", "--sessions", "4"
    client = RedisClient(own_server.url, start_worker(own_server.url, *flags).ready().id)
    client.hello()
    return client


def info(client: RedisClient, field: str) -> bytes | None:
    """Return what the worker of a client says of itself."""
    return client.redis.hget(client.inbox.replace(":inbox", ":info"), field)  # type: ignore[return-value]


def full(client: RedisClient) -> bool:
    return info(client, "full") == b"1"


def test_worker_with_too_many_bytes_refuses_programs_until_it_has_caught_up(small: RedisClient) -> None:
    one, two = small.open(), small.open()
    small.run(one, *execute(MAKE_GATE))
    small.post(one, *execute(WAIT))
    for slot in range(10, 30):
        small.post(one, ["repr", slot, "x" * 200_000], ["pull", "keep", slot])
    refused = replies(small, one, 15)
    assert {result[1]["message"].split(":")[0] for result in refused.values()} == {"worker_bytes"}
    until(lambda: full(small), "those who place clients are told")
    assert small.run(two, *execute(OPEN_GATE)) == [None]
    assert [result[0] for result in replies(small, one, 6).values() if result] == ["handle"] * 5
    assert small.run(one, ["repr", 40, 1], ["pull", "auto", 40]) == ["1"]
    (later,) = small.run(one, ["call", 41, ["ref", 29, "upper"], []], ["pull", "auto", 41])
    assert later[1]["code"] == "LimitExceeded"
    assert later[1]["op"] == f"program {max(refused)}, which was refused"
    until(lambda: not full(small), "those who place clients are told again")


def test_worker_with_too_many_sessions_refuses_more_until_some_are_closed(small: RedisClient) -> None:
    sessions = [small.open() for _ in range(4)]
    refused = small.open()
    closed = small.expect("closed")
    assert closed["session"] == refused
    assert closed["error"][1]["message"] == "worker_sessions: this worker has 4 open sessions"
    assert small.run(sessions[0], ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    until(lambda: full(small), "those who place clients are told")
    small.send(t="close", session=sessions[1])
    assert small.expect("closed")["error"] is None
    assert small.run(small.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
