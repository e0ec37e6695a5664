"""What Python code prints reaches the client of the program that printed it, in order, and never the protocol."""

from __future__ import annotations

import pytest

from wire_client import Client, StdioClient

EXEC = ["import", 1, "builtins"]


@pytest.fixture(params=["stdio", "redis"])
def host(request: pytest.FixtureRequest) -> Client:
    return request.getfixturevalue("stdio" if request.param == "stdio" else "client")


def execute(slot: int, source: str) -> list[object]:
    return ["call", slot, ["ref", 1, "exec"], [source]]


def printed(client: Client, n: int) -> list[tuple[int, str, str]]:
    """Return what a program printed, as (slot, stream, text), texts of one source put together."""
    client.find(lambda body: body["t"] == "reply" and body["n"] == n, "the reply")
    found: list[tuple[int, str, str]] = []
    for body, _ in client.frames:
        if body["t"] == "output" and body["n"] == n:
            source = (body["slot"], body["stream"])
            if found and found[-1][:2] == source:
                found[-1] = (*source, found[-1][2] + body["text"])
            else:
                found.append((*source, body["text"]))
    return found


def test_prints_come_before_the_reply_tagged_with_their_op(host: Client) -> None:
    session = host.open()
    both = "import sys; print('one'); sys.stderr.write('two'); print('three')"
    n = host.post(session, EXEC, execute(2, "print('zero')"), execute(3, both), ["pull", "auto", 3])
    assert printed(host, n) == [(2, "stdout", "zero\n"), (3, "stdout", "one\n"), (3, "stderr", "two"), (3, "stdout", "three\n")]


def test_print_is_heard_while_its_call_still_runs(host: Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    gate = tmp_path_factory.mktemp("gate") / "open"
    session = host.open()
    wait = f"import os, time\nprint('waiting')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    n = host.post(session, EXEC, execute(2, wait), ["pull", "auto", 2])
    assert host.expect("output", "reply")["text"] == "waiting\n"
    gate.touch()
    assert host.results(session, n) == [None]


def test_programs_of_one_session_that_print_at_the_same_time_are_told_apart(host: Client) -> None:
    session = host.open(threads=2)
    host.run(session, EXEC)
    loop = "import time\nfor i in range(20): print({0}, i); time.sleep(0.001)"
    slots = {host.post(session, execute(slot, loop.format(slot)), ["pull", "auto", slot], after=[1]): slot for slot in (2, 3)}
    for n, slot in slots.items():
        assert printed(host, n) == [(slot, "stdout", "".join(f"{slot} {number}\n" for number in range(20)))]


def test_two_sessions_that_print_at_the_same_time_are_told_apart(host: Client) -> None:
    sessions = [host.open() for _ in range(2)]
    loop = "import time\nfor i in range(20): print({0!r}, i); time.sleep(0.001)"
    posted = {session: host.post(session, EXEC, execute(2, loop.format(session)), ["pull", "auto", 2]) for session in sessions}
    for session, n in posted.items():
        host.results(session, n)
    for session in sessions:
        text = "".join(body["text"] for body, _ in host.frames if body["t"] == "output" and body["session"] == session)
        assert text == "".join(f"{session} {number}\n" for number in range(20))


def test_output_larger_than_the_buffer_arrives_whole(host: Client) -> None:
    session = host.open()
    n = host.post(session, EXEC, execute(2, "for i in range(300): print('x' * 9999)"), ["pull", "auto", 2])
    assert printed(host, n) == [(2, "stdout", ("x" * 9999 + "\n") * 300)]


def test_output_of_a_failing_program_is_not_lost(host: Client) -> None:
    session = host.open()
    n = host.post(session, EXEC, execute(2, "print('so far'); 1 / 0"), ["pull", "auto", 2])
    assert printed(host, n) == [(2, "stdout", "so far\n")]


def test_descriptor_below_print_does_not_meet_the_protocol(stdio: StdioClient) -> None:
    session = stdio.open()
    ops = execute(2, "import os; os.write(1, b'raw'); os.system('echo from a child')")
    assert stdio.run(session, EXEC, ops, ["pull", "auto", 2]) == [None]


def test_thread_of_the_code_prints_beside_the_protocol(stdio: StdioClient) -> None:
    session = stdio.open()
    source = "import threading; t = threading.Thread(target=print, args=('aside',)); t.start(); t.join()"
    n = stdio.post(session, EXEC, execute(2, source), ["pull", "auto", 2])
    assert printed(stdio, n) == []
