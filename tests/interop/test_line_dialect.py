"""The line dialect by a client that knows nothing but docs/reference/line-dialect.md; and the code of that page, as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deadline import LONG
from worker_process import clean_environment

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "line-dialect.md").read_text()


class LineClient:
    """One JSON object a line out, one a line in, in order."""

    def __init__(self):
        command = [sys.executable, "-m", "polyloom", "stdio"]
        self.process = subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True, env=clean_environment())
        self.last = 0

    def line(self, text):
        print(text, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def ask(self, **request):
        self.last += 1
        reply = self.line(json.dumps({"id": self.last, **request}))
        assert reply["id"] == self.last
        return reply

    def result(self, **request):
        reply = self.ask(**request)
        assert reply["ok"], reply
        return reply["result"]

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(LONG)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


@pytest.fixture
def lines():
    # The first byte decides for the dialect, so a conversation begins with a request.
    client = LineClient()
    assert client.result(op="ping") == "pong"
    yield client
    assert client.close() == 0


def test_every_row_of_the_page_works(lines):
    math = lines.result(op="import", path="math")
    assert math.keys() == {"__pyref__", "__type__"}
    assert math["__type__"] == "module"
    assert lines.result(op="getattr", obj=math, attr="pi") == 3.141592653589793
    assert lines.result(op="setattr", obj=math, attr="polyloom", value=[1, {"a": None}]) is True
    sqrt = lines.result(op="getattr", obj=math["__pyref__"], attr="sqrt")
    assert lines.result(op="call", obj=sqrt, args=[16]) == 4.0
    assert lines.result(op="repr", obj=sqrt) == "<built-in function sqrt>"
    assert lines.result(op="release", ref=sqrt) is True
    assert lines.ask(op="call", obj=sqrt, args=[16])["error"]["type"] == "BadOp"


def test_keyword_arguments_references_and_containers_arrive(lines):
    builtins = lines.result(op="import", path="builtins")
    sort = lines.result(op="getattr", obj=builtins, attr="sorted")
    ordered = lines.result(op="call", obj=sort, args=[[3, 1, 2]], kwargs={"reverse": True})
    assert ordered["__type__"] == "list"
    assert lines.result(op="repr", obj=ordered) == "[3, 2, 1]"
    length = lines.result(op="getattr", obj=builtins, attr="len")
    assert lines.result(op="call", obj=length, args=[ordered]) == 3
    assert lines.result(op="call", obj=length, args=[{"a": 1, "b": [ordered]}]) == 2


def test_bytes_travel_in_base64(lines):
    builtins = lines.result(op="import", path="builtins")
    make = lines.result(op="getattr", obj=builtins, attr="bytes")
    assert lines.result(op="call", obj=make, args=[{"__bytes__": "AP8="}]) == {"__bytes__": "AP8="}


def test_numpy_scalars_are_numbers_and_arrays_references(lines):
    numpy = lines.result(op="import", path="numpy")
    array = lines.result(op="call", obj=lines.result(op="getattr", obj=numpy, attr="arange"), args=[5])
    assert array["__type__"] == "ndarray"
    assert lines.result(op="call", obj=lines.result(op="getattr", obj=array, attr="sum")) == 10
    assert lines.result(op="call", obj=lines.result(op="getattr", obj=array, attr="mean")) == 2.0


def test_exception_brings_its_traceback_and_the_host_goes_on(lines):
    math = lines.result(op="import", path="math")
    error = lines.ask(op="call", obj=lines.result(op="getattr", obj=math, attr="sqrt"), args=[-1])["error"]
    assert (error["type"], error["message"]) == ("PyError", "ValueError: math domain error")
    assert error["trace"].startswith("Traceback")
    assert lines.ask(op="import", path="no_such_module")["error"]["type"] == "PyError"
    assert lines.result(op="ping") == "pong"


@pytest.mark.parametrize("line", ["{", "[1]", "5", "nonsense", '{"id": 1'])
def test_line_that_is_no_object_is_answered_with_id_minus_one(lines, line):
    reply = lines.line(line)
    assert (reply["id"], reply["ok"], reply["error"]["type"]) == (-1, False, "BridgeError")
    assert lines.result(op="ping") == "pong"


def test_requests_are_answered_in_order_though_sent_at_once(lines):
    requests = "\n".join(json.dumps({"id": number, "op": "ping"}) for number in range(500))
    print(requests, file=lines.process.stdin, flush=True)
    assert [json.loads(lines.process.stdout.readline())["id"] for _ in range(500)] == list(range(500))


def test_what_python_code_prints_never_meets_the_replies(lines):
    builtins = lines.result(op="import", path="builtins")
    show = lines.result(op="getattr", obj=builtins, attr="print")
    assert lines.result(op="call", obj=show, args=["{}"]) is None
    system = lines.result(op="getattr", obj=lines.result(op="import", path="os"), attr="system")
    assert lines.result(op="call", obj=system, args=["echo '{}'"]) == 0


def test_last_line_without_an_end_is_answered():
    ended = subprocess.run(
        [sys.executable, "-m", "polyloom", "stdio"], input=b'{"id": 5, "op": "ping"}', capture_output=True, timeout=LONG
    )
    assert json.loads(ended.stdout) == {"id": 5, "ok": True, "result": "pong"}


def test_code_of_the_page_runs_as_it_stands(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    folder = Path(sys.executable).parent
    environ = clean_environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG, cwd=tmp_path, env=environ)
    assert (ended.stdout, ended.returncode) == ("4.0\n", 0), ended.stderr


def test_every_op_of_the_page_is_one_of_the_host():
    from polyloom_workers.lines import OPERATIONS

    assert set(re.findall(r'"op": "(\w+)"', PAGE)) == set(OPERATIONS)
