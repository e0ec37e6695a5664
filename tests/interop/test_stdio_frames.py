"""The local host over its real standard streams: frames, and nothing but frames, whatever Python code prints or reads."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys

import pytest

from deadline import LONG, is_gone, until
from wire_client import StdioClient
from worker_process import clean_environment


def test_value_comes_back_from_a_real_process(stdio):
    session = stdio.open()
    results = stdio.run(session, ["import", 1, "math"], ["call", 2, ["ref", 1, "sqrt"], [16]], ["pull", "auto", 2])
    assert results == [["float", "4.0"]]


def test_hello_names_the_worker_and_its_python():
    client = StdioClient()
    answer = client.hello()
    assert answer["protocol"] == 1
    assert answer["python"] == ".".join(map(str, sys.version_info[:3]))
    assert len(answer["worker"]) >= 16
    assert client.close() == 0


def test_whole_conversation_may_be_sent_before_anything_is_read():
    client = StdioClient()
    client.send(t="hello", protocol=1, version="0.1.0", client="x" * 20)
    session = client.open()
    numbers = [client.post(session, ["repr", slot, slot], ["pull", "auto", slot]) for slot in range(1, 50)]
    client.send(t="close", session=session)
    assert [client.results(session, n) for n in numbers] == [[str(slot)] for slot in range(1, 50)]
    assert client.expect("closed")["session"] == session
    client.close()


def test_live_object_keeps_its_state_between_programs(stdio):
    session = stdio.open()
    stdio.run(session, ["import", 1, "collections"], ["call", 2, ["ref", 1, "Counter"], ["abca"]])
    (handle,) = stdio.run(session, ["call", 0, ["ref", 2, "update"], ["a"]], ["pull", "auto", 2])
    assert handle[:3] == ["handle", 2, "collections.Counter"]
    assert stdio.run(session, ["getitem", 3, ["ref", 2], "a"], ["pull", "auto", 3]) == [3]


def test_large_attachments_travel_whole_in_both_directions(stdio):
    session = stdio.open()
    data = os.urandom(3_000_000)
    ops = [["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], [[[["bytes", 1], ["bytes", 0]]]]], ["pull", "auto", 2]]
    n = stdio.post(session, *ops, attachments=(b"", data))
    reply = stdio.reply(session, n)
    assert reply["results"] == [[[["bytes", 0], ["bytes", 1]]]]
    assert reply["attachments"] == [data, b""]


PRINTS = """
import os, subprocess, sys
print("print")
sys.stdout.write("write"); sys.stdout.flush()
sys.__stdout__.write("original"); sys.__stdout__.flush()
os.write(1, b"descriptor")
os.system("echo child")
subprocess.run(["echo", "run"])
"""


def test_what_python_code_prints_never_meets_the_protocol():
    client = StdioClient()
    client.hello()
    session = client.open()
    ops = [["import", 1, "builtins"], ["call", 0, ["ref", 1, "exec"], [PRINTS, {}]], ["repr", 2, "fine"], ["pull", "auto", 2]]
    reply = client.reply(session, client.post(session, *ops))
    assert reply["results"] == ["'fine'"]
    assert "failed" not in reply
    client.stdin.close()
    printed = client.process.stderr.read()
    assert client.process.wait(LONG) == 0
    assert [word for word in (b"original", b"descriptor", b"child", b"run") if word not in printed] == []
    assert client.take(0) is None
    client.stdout.close()
    client.process.stderr.close()


READS = """
import os, subprocess, sys
result = [sys.stdin.read(), os.read(0, 10), subprocess.run(["cat"], capture_output=True).stdout]
try:
    input()
except EOFError:
    result.append("end")
"""


def test_what_python_code_reads_is_empty_and_not_the_protocol(stdio):
    session = stdio.open()
    scope = [["import", 1, "builtins"], ["call", 2, ["ref", 1, "dict"], []], ["call", 0, ["ref", 1, "exec"], [READS, ["ref", 2]]]]
    stdio.post(session, *scope)
    assert stdio.run(session, ["getitem", 3, ["ref", 2], "result"], ["pull", "auto", 3]) == [
        [["", ["bytes", 0], ["bytes", 1], "end"]]
    ]
    assert stdio.run(session, ["repr", 4, 1], ["pull", "auto", 4]) == ["1"]


def test_session_that_sleeps_does_not_keep_another_from_running(stdio):
    slow, quick = stdio.open(), stdio.open()
    stdio.run(slow, ["import", 1, "threading"], ["call", 2, ["ref", 1, "Event"], []])
    n = stdio.post(slow, ["call", 3, ["ref", 2, "wait"], [LONG]], ["pull", "auto", 3])
    for slot in range(1, 20):
        assert stdio.run(quick, ["repr", slot, slot], ["pull", "auto", slot]) == [str(slot)]
    assert not any(body["t"] == "reply" and body["session"] == slow for body, _ in stdio.frames)
    stdio.send(t="close", session=quick)
    assert stdio.expect("closed")["session"] == quick
    assert n == 2


def test_exit_called_by_python_code_is_answered_and_ends_nothing(stdio):
    session = stdio.open()
    ((_, error),) = stdio.run(session, ["import", 1, "sys"], ["call", 2, ["ref", 1, "exit"], [3]], ["pull", "auto", 2])
    assert (error["type"], error["args"]) == ("SystemExit", [3])
    assert stdio.run(session, ["repr", 3, 1], ["pull", "auto", 3]) == ["1"]


# Ends


def test_end_of_the_input_ends_the_process():
    client = StdioClient()
    client.hello()
    assert client.close() == 0


def test_end_of_the_input_without_a_word_ends_the_process():
    assert StdioClient().close() == 0


def test_end_of_the_input_in_the_middle_of_a_frame_ends_the_process():
    client = StdioClient()
    client.write(struct.pack(">II", 100, 0) + b"{")
    assert client.close() == 0


def test_end_of_the_input_ends_a_process_in_a_long_call():
    client = StdioClient()
    client.hello()
    session = client.open()
    client.run(session, ["import", 1, "time"], ["repr", 2, 1], ["pull", "auto", 2])
    client.post(session, ["call", 3, ["ref", 1, "sleep"], [3600]])
    other = client.open()
    client.run(other, ["repr", 1, 1], ["pull", "auto", 1])  # so the sleep has begun, and somebody else reads
    assert client.close() == 0


def test_thread_that_python_code_left_running_does_not_keep_the_process():
    client = StdioClient()
    client.hello()
    session = client.open()
    start = (
        ["import", 1, "threading"],
        ["import", 2, "time"],
        ["call", 3, ["ref", 1, "Thread"], [None, ["ref", 2, "sleep"], "t", ["tuple", 3600]]],
    )
    client.run(session, *start, ["call", 4, ["ref", 3, "start"], []], ["pull", "value", 4])
    assert client.close() == 0


def test_what_python_code_registered_for_the_exit_is_run(tmp_path):
    client = StdioClient()
    client.hello()
    session = client.open()
    path = tmp_path / "left"
    ops = ["import", 1, "atexit"], ["import", 2, "pathlib"], ["call", 3, ["ref", 2, "Path"], [str(path)]]
    client.run(session, *ops, ["call", 4, ["ref", 1, "register"], [["ref", 3, "touch"]]], ["pull", "keep", 4])
    client.close()
    assert path.exists()


def test_client_that_reads_no_more_ends_the_process_though_a_program_runs():
    client = StdioClient()
    client.hello()
    slow, quick = client.open(), client.open()
    client.post(slow, ["import", 1, "time"], ["call", 2, ["ref", 1, "sleep"], [3600]])
    client.run(quick, ["repr", 1, 1], ["pull", "auto", 1])  # so another thread than the first one answers
    client.stdout.close()
    client.post(quick, ["repr", 2, 2], ["pull", "auto", 2])
    assert client.process.wait(LONG) == 0
    client.stdin.close()
    client.process.stderr.close()


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "polyloom", "stdio"], stdin=-1, stdout=-1)
child.stdin.write(bytes.fromhex(sys.argv[1])); child.stdin.flush()
child.stdout.read(8)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_killed_parent_leaves_no_process():
    hello = b'{"t":"hello","protocol":1,"version":"0.1.0","client":"xxxxxxxxxxxxxxxxxxxx"}'
    argument = (struct.pack(">II", len(hello), 0) + hello).hex()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, argument], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    host = int(parent.stdout.readline())
    assert not is_gone(host)
    parent.send_signal(signal.SIGKILL)
    parent.wait(LONG)
    until(lambda: is_gone(host), "the host ended after its parent")
    parent.stdin.close()
    parent.stdout.close()


# Frames that are none


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (struct.pack(">II", 2**27, 0), "LimitExceeded"),
        (struct.pack(">II", 10, 2**20), "LimitExceeded"),
        (struct.pack(">III", 10, 1, 2**31), "LimitExceeded"),
    ],
)
def test_stream_that_cannot_be_read_on_is_closed_with_a_reason(data, code):
    client = StdioClient()
    client.hello()
    client.write(data)
    assert client.expect("closed")["error"][1]["code"] == code
    assert client.process.wait(LONG) == 0
    client.close()


@pytest.mark.parametrize("text", [b"", b"nope", b"[]", b"{}", b'{"t":"jump"}', b"\xff" * 10, b"[" * 100_000])
def test_frame_that_is_none_is_answered_and_a_new_hello_begins_anew(text):
    client = StdioClient()
    client.hello()
    client.put(text, [])
    assert client.expect("closed")["error"][1]["code"] in ("BadFrame", "LimitExceeded")
    client.hello()
    assert client.run(client.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    client.close()


def test_other_protocol_is_refused_in_one_sentence():
    client = StdioClient()
    answer = client.hello(protocol=2)
    assert (answer["t"], answer["error"][1]["code"]) == ("closed", "VersionMismatch")
    client.close()


def test_wrong_setting_is_said_and_not_a_traceback():
    environ = clean_environment(POLYLOOM_LEASE="soon")
    ended = subprocess.run([sys.executable, "-m", "polyloom", "stdio"], input=b"", capture_output=True, timeout=LONG, env=environ)
    assert ended.returncode == 2
    assert b"Traceback" not in ended.stderr
    assert b"POLYLOOM_LEASE" in ended.stderr


def test_host_needs_nothing_but_the_standard_library():
    """The modules that a host loads for a plain conversation: no Celery, no redis-py, no numpy."""
    client = StdioClient()
    client.hello()
    session = client.open()
    (loaded,) = client.run(
        session,
        ["import", 1, "sys"],
        ["call", 2, ["ref", 1, "modules", "keys"], []],
        ["repr", 3, ["ref", 2]],
        ["pull", "auto", 3],
    )
    client.close()
    names = {name.partition(".")[0] for name in eval(loaded.removeprefix("dict_keys(").removesuffix(")"))}
    assert names & {"celery", "kombu", "redis", "numpy", "click", "rich"} == set()
    assert "polyloom" in names
