"""A client that does not read while its Python code writes on: its mailbox has an end, and others notice nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deadline import LONG, until
from polyloom.embedded import Server
from polyloom.limits import Limits
from wire_client import RedisClient
from worker_process import WorkerProcess, clean_environment

MOST = Limits().mailbox_bytes
PIECE = 1_000_000
PIECES = 300  # far more than a mailbox holds
FULL = MOST // PIECE + 1  # pieces that fill it

COUNT = "(setattr(__import__('sys'), 'count', getattr(__import__('sys'), 'count', 0) + 1), 'x' * 1_000_000)[1]"
PRINT = f"for at in range({PIECES}): print('%07d ' % at + 'x' * {PIECE - 9})"
CALL = "import sys\ndef work(function): return function(1)\nsys.work = work"
LATER = """
import sys
async def work(function):
    try:
        return await function(1)
    except Exception as error:
        return str(error)
sys.work = work
"""


def execute(source: str) -> list[list[Any]]:
    return [["import", 1, "builtins"], ["call", 2, ["ref", 1, "exec"], [source]], ["pull", "auto", 2]]


def evaluate(slot: int, source: str) -> list[list[Any]]:
    return [["import", 1, "builtins"], ["call", slot, ["ref", 1, "eval"], [source]], ["pull", "auto", slot], ["release", slot]]


@pytest.fixture
def worker(own_server: Server, start_worker: Callable[..., WorkerProcess]) -> WorkerProcess:
    """A worker that takes 1 MB of waiting programs."""
    return start_worker(own_server.url, "--allow", "*", "--waiting", "1000000").ready()


@pytest.fixture
def deaf(worker: WorkerProcess) -> RedisClient:
    """A client that reads nothing until a test does."""
    client = RedisClient(worker.url, worker.id)
    client.send(t="hello", protocol=1, version="0.1.0", client=client.id)
    return client


@pytest.fixture
def other(worker: WorkerProcess) -> RedisClient:
    """Another client of that worker, with a session."""
    client = RedisClient(worker.url, worker.id)
    client.hello()
    client.session = client.open()  # type: ignore[attr-defined]
    return client


def ask(client: RedisClient, source: str) -> Any:
    slots = client.numbers
    session = client.session  # type: ignore[attr-defined]
    return client.run(session, *evaluate(10 + slots[session], source))[0]


def held(client: RedisClient) -> int:
    """Return the bytes that Redis holds for a client."""
    size = client.redis.execute_command("MEMORY", "USAGE", client.mailbox, "SAMPLES", "0")
    return int(size or 0)


def read_on(client: RedisClient, until_frame: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Read and acknowledge, as clients do, until a frame is there."""
    frames: list[dict[str, Any]] = []
    untold = 0
    while not frames or not until_frame(frames[-1]):
        frame = client.take(LONG)
        if frame is None:
            continue
        frames.append(json.loads(frame[0]))
        untold += len(frame[0]) + sum(map(len, frame[1]))
        if untold > MOST // 8:
            client.send(t="ack", ack=client.last)
            untold = 0
    return frames


def test_programs_of_a_client_that_does_not_read_wait_until_it_does(deaf: RedisClient, other: RedisClient) -> None:
    session = deaf.open()
    for slot in range(10, 10 + PIECES):
        deaf.post(session, *evaluate(slot, COUNT))
    until(lambda: ask(other, "__import__('sys').count") == FULL, "the mailbox is full")
    assert {ask(other, "__import__('sys').count") for _ in range(100)} == {FULL}
    assert held(deaf) < MOST + 2 * PIECE
    frames = read_on(deaf, lambda body: body.get("n") == PIECES)
    assert [body["n"] for body in frames if body["t"] == "reply"] == list(range(1, PIECES + 1))
    assert {len(body["results"][0]) for body in frames if body["t"] == "reply"} == {PIECE}
    deaf.send(t="ack", ack=deaf.last)
    until(lambda: deaf.redis.xlen(deaf.mailbox) <= 1, "what was read is freed, though nothing is written")


def test_prints_for_a_client_that_does_not_read_are_left_out_and_it_is_told_how_many(
    deaf: RedisClient, other: RedisClient
) -> None:
    session = deaf.open()
    deaf.post(session, *execute(PRINT + "\nimport sys\nsys.printed = True"))
    until(lambda: ask(other, "hasattr(__import__('sys'), 'printed')"), "all is printed")
    assert held(deaf) < 1.5 * MOST
    frames = read_on(deaf, lambda body: body["t"] == "reply")
    said = [body for body in frames if body["t"] == "output" and "left_out" not in body]
    marks = [body for body in frames if "left_out" in body]
    whole = sum(len(body["text"]) for body in said)
    assert whole >= MOST
    assert whole + sum(body["left_out"] for body in marks) == PIECES * PIECE
    assert [body["text"] for body in marks] == [
        f"[polyloom: {PIECES * PIECE - whole:,} characters left out: this client had not read what came before]\n"
    ]
    assert "".join(body["text"] for body in said).startswith("0000000 ")


def fill(client: RedisClient) -> None:
    """Have a mailbox be full."""
    client.post(client.open(), ["import", 1, "builtins"], ["call", 2, ["ref", 1, "bytes"], [MOST + 1]], ["pull", "auto", 2])
    until(lambda: client.redis.xlen(client.mailbox) >= 2, "the mailbox is full")


def call_when_full(deaf: RedisClient, other: RedisClient, source: str) -> str:
    """Have `work` call a function of the client whose mailbox is full then; return the session."""
    session = deaf.open()
    wait = "import sys, threading; sys.gate = threading.Event(); sys.gate.wait(60)"
    ops = [["import", 3, "sys"], ["call", 4, ["ref", 3, "work"], [["exposed", 1, "function", "f"]]]]
    deaf.post(session, *execute(f"{wait}\n{source}"), *ops, ["pull", "auto", 4])
    until(lambda: ask(other, "hasattr(__import__('sys'), 'gate')"), "the program has begun")
    fill(deaf)
    ask(other, "__import__('sys').gate.set()")
    return session


def answers(body: dict[str, Any], session: str) -> bool:
    """Tell whether a frame has the last result of a session with one program."""
    return body.get("session") == session and body["t"] in ("reply", "late") and ["pending"] not in body["results"]


def test_calls_of_a_client_that_does_not_read_wait(deaf: RedisClient, other: RedisClient) -> None:
    session = call_when_full(deaf, other, CALL)
    call = read_on(deaf, lambda body: body["t"] == "call")[-1]
    deaf.send(t="answer", session=session, call=call["call"], value=42)
    assert read_on(deaf, lambda body: answers(body, session))[-1]["results"] == [None, 42]


def test_coroutines_that_call_a_client_that_does_not_read_are_told(deaf: RedisClient, other: RedisClient) -> None:
    session = call_when_full(deaf, other, LATER)
    told = [body for body in read_on(deaf, lambda body: answers(body, session)) if body.get("session") == session]
    assert "mailbox_bytes" in json.dumps(told[-1]["results"])


def test_client_that_sends_on_and_does_not_read_is_ended(deaf: RedisClient, other: RedisClient) -> None:
    session = deaf.open()
    fill(deaf)
    for slot in range(10, 30):
        deaf.post(session, ["repr", slot, "x" * 200_000], ["pull", "keep", slot])
    closed = read_on(deaf, lambda body: body["t"] == "closed")[-1]
    assert closed["error"][1]["code"] == "LimitExceeded"
    assert closed["error"][1]["message"].startswith("worker_bytes")
    assert ask(other, "1 + 1") == 2


def test_client_that_dies_with_a_full_mailbox_leaves_nothing(deaf: RedisClient, other: RedisClient) -> None:
    session = deaf.open()
    for slot in range(10, 10 + PIECES):
        deaf.post(session, *evaluate(slot, COUNT))
    until(lambda: ask(other, "__import__('sys').count") == FULL, "the mailbox is full")
    deaf.redis.delete(deaf.lease)
    until(lambda: held(deaf) < PIECE, "the mailbox is freed, but for the reason")
    until(lambda: ask(other, "__import__('sys').count") == PIECES, "what was accepted runs")
    assert held(deaf) < PIECE
    assert read_on(deaf, lambda body: body["t"] == "closed")[-1]["error"][1]["code"] == "LeaseExpired"


def test_client_whose_event_loop_is_blocked_gets_everything_afterwards(worker: WorkerProcess) -> None:
    script = Path(__file__).parent.parent / "unread.mjs"
    ran = subprocess.run(
        ["node", str(script), worker.url], capture_output=True, text=True, timeout=3 * LONG, env=clean_environment(), check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"blocked": 300, "called": 200, "heard": 200_000_000, "printed": 300_000_000}
