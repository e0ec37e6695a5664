"""Many sessions on few threads: a long call holds up nobody but its own session."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from polyloom.embedded import Server
from wire_client import Client, RedisClient, StdioClient
from worker_process import WorkerProcess

FEW = 2  # threads of the host
LONG_CALLS = 20
SHORT_CALLS = 50


@pytest.fixture(params=["stdio", "redis"])
def host(request: pytest.FixtureRequest) -> Client:
    """A client of a host with few threads."""
    if request.param == "stdio":
        client: Client = StdioClient(env={**os.environ, "POLYLOOM_THREADS": str(FEW)})
    else:
        server: Server = request.getfixturevalue("own_server")
        start_worker: Callable[..., WorkerProcess] = request.getfixturevalue("start_worker")
        client = RedisClient(server.url, start_worker(server.url, "--allow", "*", "--threads", str(FEW)).ready().id)
    client.hello()
    return client


def gate_of(host: Client) -> tuple[list[object], ...]:
    """Ops that leave a gate, one for the whole process, in slot 4."""
    host.run(
        host.open(),
        ["import", 1, "sys"],
        ["import", 2, "builtins"],
        ["call", 3, ["ref", 2, "exec"], ["import sys, threading; sys.gate = threading.Event()"]],
        ["pull", "auto", 3],
    )
    return ["import", 1, "sys"], ["getattr", 4, ["ref", 1], "gate"]


def test_long_calls_of_more_sessions_than_threads_hold_up_nobody(host: Client) -> None:
    gate = gate_of(host)
    long = [host.open() for _ in range(LONG_CALLS)]
    for session in long:
        host.post(session, *gate, ["call", 5, ["ref", 4, "wait"], [60]], ["pull", "auto", 5])
    short = [host.open() for _ in range(SHORT_CALLS)]
    posted = [host.post(session, ["repr", 1, number], ["pull", "auto", 1]) for number, session in enumerate(short)]
    for number, (session, n) in enumerate(zip(short, posted, strict=True)):
        assert host.results(session, n) == [str(number)]
    assert host.run(host.open(), *gate, ["call", 5, ["ref", 4, "set"], []], ["pull", "auto", 5]) == [None]
    for session in long:
        assert host.results(session, 1) == [True]


def test_long_calls_of_a_session_with_threads_hold_up_nobody(host: Client) -> None:
    gate = gate_of(host)
    wide = host.open(threads=LONG_CALLS)
    host.post(wide, *gate)
    for number in range(LONG_CALLS):
        slot = 10 + number
        host.post(wide, ["call", slot, ["ref", 4, "wait"], [60]], ["pull", "auto", slot], after=[1])
    assert host.run(host.open(), ["repr", 1, 7], ["pull", "auto", 1]) == ["7"]
    assert host.run(host.open(), *gate, ["call", 5, ["ref", 4, "set"], []], ["pull", "auto", 5]) == [None]
    for n in range(2, LONG_CALLS + 2):
        assert host.results(wide, n) == [True]
