"""The line dialect without a process: every line is answered by one line of JSON."""

from __future__ import annotations

import json

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloom_workers.lines import Lines, _text


@pytest.fixture
def lines():
    return Lines()


def ask(lines, **request):
    """Send one request and return the reply after its journey through JSON that every language reads."""

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    reply = _text(lines.answer(json.dumps(request).encode()))
    assert reply.endswith(b"\n")
    return json.loads(reply, parse_constant=refuse)


def held(lines, value):
    """Let the client hold an object, and return its number."""
    lines.last += 1
    lines.objects[lines.last] = value
    return lines.last


@pytest.mark.parametrize(
    "value",
    [
        numpy.datetime64("2026-01-02"),
        numpy.datetime64("2026-01-02T03:04:05.123456789"),
        numpy.timedelta64(3, "s"),
        numpy.complex128(1j),
        float("nan"),
        float("inf"),
        numpy.float64("nan"),
        10**5000,
        1j,
        [1],
        (),
        {},
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_say_comes_back_by_reference(lines, value):
    reply = ask(lines, id=1, op="call", obj=held(lines, lambda: value))
    assert reply["ok"]
    assert reply["result"].keys() == {"__pyref__", "__type__"}


@pytest.mark.parametrize(
    ("value", "plain"),
    [(numpy.int64(5), 5), (numpy.float32(0.5), 0.5), (numpy.bool_(True), True), (2**70, 2**70), ("é", "é"), (None, None)],
)
def test_scalars_come_back_as_json(lines, value, plain):
    result = ask(lines, id=1, op="call", obj=held(lines, lambda: value))["result"]
    assert (result, type(result)) == (plain, type(plain))


def test_bytes_travel_in_base64_both_ways(lines):
    double = held(lines, lambda data: data + data)
    assert ask(lines, id=1, op="call", obj=double, args=[{"__bytes__": "/w=="}])["result"] == {"__bytes__": "//8="}


def test_released_number_is_never_used_again(lines):
    first = held(lines, object())
    assert ask(lines, id=1, op="release", ref={"__pyref__": first})["result"] is True
    second = ask(lines, id=2, op="call", obj=held(lines, object))["result"]["__pyref__"]
    assert second > first
    assert ask(lines, id=3, op="repr", obj=first)["error"]["type"] == "BadOp"


@pytest.mark.parametrize("line", [b"{", b"[]", b"5", b'"x"', b"null", b"\xff", b"{" * 100_000, b'{"id": 1' + b"1" * 5000 + b"}"])
def test_line_that_is_no_request_is_answered_with_id_minus_one(lines, line):
    reply = lines.answer(line)
    assert (reply["id"], reply["ok"], reply["error"]["type"]) == (-1, False, "BridgeError")


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "nope"},
        {"op": None},
        {"op": ["import"]},
        {},
        {"op": "import"},
        {"op": "getattr", "obj": 1},
        {"op": "getattr", "attr": "x"},
        {"op": "repr", "obj": 99},
        {"op": "repr", "obj": {"__pyref__": [1]}},
        {"op": "repr", "obj": None},
        {"op": "repr", "obj": True},
        {"op": "call", "obj": "1"},
        {"op": "release"},
        {"op": "release", "ref": {}},
        {"op": "release", "ref": [1]},
    ],
    ids=json.dumps,
)
def test_request_that_cannot_be_done_is_a_bad_op(lines, request_):
    held(lines, object())
    reply = ask(lines, id=7, **request_)
    assert (reply["id"], reply["ok"], reply["error"]["type"]) == (7, False, "BadOp")


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, RecursionError])
def test_exception_of_python_is_answered_with_its_traceback(lines, kind):
    def raiser():
        raise kind("away")

    error = ask(lines, id=1, op="call", obj=held(lines, raiser))["error"]
    assert error["type"] == "PyError"
    assert error["message"] == f"{kind.__name__}: away"
    assert "in raiser" in error["trace"]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "[1e999]", "null"])
def test_id_that_json_cannot_say_is_answered_as_minus_one(lines, number):
    reply = lines.answer(f'{{"id": {number}, "op": "ping"}}'.encode())
    assert reply == {"id": -1, "ok": True, "result": "pong"}


def test_host_goes_on_after_an_error(lines):
    ask(lines, id=1, op="nope")
    assert ask(lines, id=2, op="ping") == {"id": 2, "ok": True, "result": "pong"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.floats(allow_nan=False) | st.sampled_from(["math", "ping", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["__pyref__", "__bytes__", "a"]), inner),
    max_leaves=5,
)
OPERATIONS = ["ping", "import", "getattr", "setattr", "call", "repr", "release"]
KEYS = ["id", "obj", "ref", "path", "attr", "value", "args", "kwargs"]


@given(st.fixed_dictionaries({"op": st.sampled_from(OPERATIONS)}, optional=dict.fromkeys(KEYS, json_values)))
@settings(deadline=None, max_examples=500)
def test_every_request_is_answered(request_):
    lines = Lines()
    held(lines, lambda *_, **__: None)
    assert ask(lines, **request_)["ok"] in (True, False)
