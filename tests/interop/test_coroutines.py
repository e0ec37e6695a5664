"""Results of `async def` are awaited on the host, side by side, and a waiting reply holds nobody else up (§5.7)."""

from __future__ import annotations

import json

import pytest

from deadline import until
from wire_client import Client, RedisClient

DEFINE = """
import asyncio, contextvars

async def double(x, seconds=0.0):
    await asyncio.sleep(seconds)
    return 2 * x

async def fail():
    await asyncio.sleep(0)
    raise LookupError("not there")

gates = {}

async def through(name):
    gates[name] = asyncio.Event()
    try:
        await gates[name].wait()
    except asyncio.CancelledError:
        gates[name] = "cancelled"
        raise
    return name

async def open_gate(name):
    while name not in gates:
        await asyncio.sleep(0.001)
    gates[name].set()

async def say(text):
    print(text)
    await asyncio.sleep(0)
    print(text, "again")

ended = []

async def count(n):
    try:
        for i in range(n):
            await asyncio.sleep(0)
            yield i
    finally:
        ended.append(n)
"""


@pytest.fixture(params=["stdio", "redis"])
def host(request: pytest.FixtureRequest) -> Client:
    return request.getfixturevalue("stdio" if request.param == "stdio" else "client")


@pytest.fixture
def session(host: Client) -> str:
    """A session with the names of DEFINE as attributes of slot 1."""
    return prepared(host)


def prepared(host: Client) -> str:
    opened = host.open()
    ops = [
        ["import", 90, "types"],
        ["import", 91, "builtins"],
        ["call", 1, ["ref", 90, "SimpleNamespace"], []],
        ["getattr", 92, ["ref", 1], "__dict__"],
        ["call", 0, ["ref", 91, "exec"], [DEFINE, ["ref", 92]]],
        ["repr", 93, 1],
        ["pull", "auto", 93],
    ]
    assert host.run(opened, *ops) == ["1"]
    return opened


def call(slot: int, name: str, *arguments: object) -> list[object]:
    return ["call", slot, ["ref", 1, name], list(arguments)]


def test_value_of_a_coroutine_comes_back(host: Client, session: str) -> None:
    assert host.run(session, call(2, "double", 21), ["pull", "auto", 2]) == [42]


def test_coroutine_is_an_argument_of_the_next_call(host: Client, session: str) -> None:
    assert host.run(session, call(2, "double", 1), call(3, "double", ["ref", 2]), ["pull", "auto", 3]) == [4]


def test_coroutines_of_one_program_run_side_by_side(host: Client, session: str) -> None:
    ops = call(2, "through", "a"), call(3, "open_gate", "a"), ["pull", "auto", 2, 3]
    assert host.run(session, *ops) == ["a", None]


def test_result_that_waits_holds_up_no_other_of_its_program(host: Client, session: str) -> None:
    n = host.post(session, call(2, "through", "e"), ["repr", 3, 7], ["pull", "auto", 2, 3])
    assert host.reply(session, n)["results"] == [["pending"], "7"]
    host.run(session, call(4, "open_gate", "e"), ["release", 4], ["repr", 5, 1], ["pull", "auto", 5])
    assert host.expect("late")["results"] == [[0, "e"]]


def test_reply_that_waits_holds_up_no_later_program(host: Client, session: str) -> None:
    waiting = host.post(session, call(2, "through", "b"), ["pull", "auto", 2])
    assert host.run(session, ["repr", 3, 7], ["pull", "auto", 3]) == ["7"]
    assert host.run(session, call(4, "open_gate", "b"), ["pull", "auto", 4]) == [None]
    assert host.results(session, waiting) == ["b"]


def test_failure_of_a_coroutine_is_the_failure_of_its_slot(host: Client, session: str) -> None:
    (result,) = host.run(session, call(2, "fail"), ["pull", "auto", 2])
    assert result[0] == "error"
    assert (result[1]["type"], result[1]["message"]) == ("LookupError", "not there")
    (dependent,) = host.run(session, ["repr", 3, ["ref", 2]], ["pull", "auto", 3])
    assert dependent[1]["op"] == result[1]["op"]


def test_coroutine_that_nobody_awaits_runs_all_the_same(host: Client, session: str) -> None:
    host.run(session, call(0, "double", 1), call(2, "through", "c"), ["release", 2], ["repr", 3, 1], ["pull", "auto", 3])
    assert host.run(session, call(4, "open_gate", "c"), ["pull", "auto", 4]) == [None]


def test_end_of_a_session_cancels_its_coroutines(host: Client) -> None:
    first, second = prepared(host), host.open()
    ops = ["import", 1, "sys"], ["setattr", 0, ["ref", 1], "kept", ["ref", 1]]
    host.run(second, *ops)
    host.run(first, ["import", 5, "sys"], ["setattr", 0, ["ref", 5], "kept", ["ref", 1]], ["repr", 6, 1], ["pull", "auto", 6])
    host.post(first, call(2, "through", "d"), ["pull", "auto", 2])
    gate = ["ref", 1, "kept", "gates"]

    def waits() -> bool:
        (found,) = host.run(second, ["getitem", slot(), gate, "d"], ["pull", "keep", last()])
        return found[0] == "handle"

    until(waits, "the coroutine waits")
    host.send(t="close", session=first)

    def cancelled() -> bool:
        return host.run(second, ["getitem", slot(), gate, "d"], ["pull", "auto", last()]) == ["cancelled"]

    until(cancelled, "CancelledError was thrown into it")
    host.run(second, ["delattr", 0, ["ref", 1], "kept"])


_SLOTS = iter(range(1000, 1_000_000))
_LAST = [0]


def slot() -> int:
    _LAST[0] = next(_SLOTS)
    return _LAST[0]


def last() -> int:
    return _LAST[0]


def test_prints_of_a_coroutine_are_told_to_its_client(host: Client, session: str) -> None:
    n = host.post(session, call(2, "say", "hello"), ["pull", "auto", 2])
    assert host.results(session, n) == [None]
    assert "".join(body["text"] for body, _ in host.frames if body["t"] == "output") == "hello\nhello again\n"


def test_asynchronous_generator_is_iterated_and_ended(host: Client, session: str) -> None:
    chunk = host.run(session, call(2, "count", 5), ["iter", 3, ["ref", 2]], ["next", 4, ["ref", 3], 3], ["pull", "auto", 4])
    assert chunk == [{"items": [[0, 1, 2]], "done": False}]
    rest = host.run(session, ["next", 5, ["ref", 3], 9], ["pull", "auto", 5])
    assert rest == [{"items": [[3, 4]], "done": True}]
    call_again = call(6, "count", 7), ["iter", 7, ["ref", 6]], ["next", 8, ["ref", 7], 1], ["close", 9, ["ref", 7]]
    ended = host.run(session, *call_again, ["getattr", 10, ["ref", 1], "ended"], ["pull", "auto", 10])
    assert ended == [[[5, 7]]]


def test_a_thousand_waiting_programs_are_all_answered(host: Client, session: str) -> None:
    posted = [host.post(session, call(10 + at, "double", at, 0.05), ["pull", "auto", 10 + at]) for at in range(1000)]
    assert [host.results(session, n) for n in posted] == [[2 * at] for at in range(1000)]


def test_job_awaits_its_coroutines(client: RedisClient, server: object, worker: object) -> None:
    from polyloom.policy import Policy
    from polyloom.settings import Settings
    from polyloom_workers.tasks import run_program

    ops = [["import", 1, "asyncio"], ["call", 2, ["ref", 1, "sleep"], [0, "slept"]], ["pull", "auto", 2]]
    text = run_program(json.dumps({"t": "program", "ops": ops}), Settings(), Policy())
    assert json.loads(text)["results"] == ["slept"]
