"""Error objects: everything that Python says of an exception, however strange the exception is."""

from __future__ import annotations

import json

import pytest

from polyloom.errors import LimitExceeded
from polyloom.failure import DEEPEST_CHAIN, describe, describe_exception, safe_text


def caught(function, *arguments):
    """Return what a function raises."""
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def described(error):
    """Return the error object, which must be JSON."""
    wire = describe(error, "call it")
    json.dumps(wire, allow_nan=False)
    assert wire["op"] == "call it"
    return wire


def test_exception_carries_type_bases_arguments_and_frames():
    wire = described(caught({}.__getitem__, "key"))
    assert (wire["code"], wire["type"], wire["message"], wire["args"]) == ("PythonError", "KeyError", "'key'", ["key"])
    assert wire["mro"] == ["KeyError", "LookupError", "Exception", "BaseException"]
    file, line, function, source = wire["frames"][-1]
    assert (file, function, source) == (__file__, "caught", "function(*arguments)")
    assert line > 1
    assert wire["traceback"].startswith("Traceback (most recent call last):\n")
    assert wire["traceback"].endswith("KeyError: 'key'\n")


def test_type_of_a_module_is_named_with_it():
    class Odd(json.JSONDecodeError):
        pass

    wire = described(caught(json.loads, "{"))
    assert wire["type"] == "json.decoder.JSONDecodeError"
    assert Odd.__module__ in described(Odd("m", "d", 0))["type"]


def test_cause_and_context_are_told_apart():
    def with_cause():
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error

    def with_context():
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904 - the context is what is tested

    def without():
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second") from None

    assert described(caught(with_cause))["cause"]["type"] == "KeyError"
    assert described(caught(with_context))["context"]["type"] == "KeyError"
    assert not {"cause", "context"} & set(described(caught(without)))


def test_notes_are_carried():
    error = ValueError("x")
    error.add_note("first note")
    error.add_note("second note")
    assert described(error)["notes"] == ["first note", "second note"]


def test_members_of_a_group_are_carried():
    error = ExceptionGroup("both", [ValueError("a"), ExceptionGroup("inner", [KeyError("b")])])
    wire = described(error)
    assert [one["type"] for one in wire["group"]] == ["ValueError", "ExceptionGroup"]
    assert wire["group"][1]["group"][0]["args"] == ["b"]


def test_endless_chain_ends():
    error = ValueError("bottom")
    for _ in range(100):
        above = ValueError("above")
        above.__cause__ = error
        error = above
    wire, depth = described(error), 0
    while "cause" in wire:
        wire, depth = wire["cause"], depth + 1
    assert depth == DEEPEST_CHAIN


def test_exception_that_causes_itself_ends():
    error = ValueError("loop")
    error.__cause__ = error
    assert described(error)["cause"]["cause"]["type"] == "ValueError"


def test_arguments_that_are_not_data_come_as_their_repr():
    wire = describe_exception(ValueError(1, [2], object, b"bytes", 2**60, float("nan"), "x" * 10))
    assert wire["args"] == [1, [[2]], "<class 'object'>", "b'bytes'", ["int", str(2**60)], ["float", "nan"], "x" * 10]


def test_argument_that_contains_itself_is_told_by_its_repr():
    loop: list[object] = []
    loop.append(loop)
    assert described(ValueError(loop))["args"] == ["[[...]]"]


@pytest.mark.parametrize("kind", [ValueError, RecursionError, KeyboardInterrupt, SystemExit, BaseException])
def test_text_that_raises_is_replaced(kind):
    class Silent(Exception):
        def __str__(self):
            raise kind("no text")

        __repr__ = __str__

    wire = described(Silent(Silent()))
    assert kind.__name__ in wire["message"]
    assert "Silent" in wire["args"][0]
    assert "Silent" in wire["traceback"]


def test_text_that_is_no_text_is_replaced():
    class Numeric(Exception):
        def __str__(self):
            return 5

    assert "TypeError" in described(Numeric())["message"]


def test_exception_with_strange_attributes_is_described():
    class Strange(Exception):
        args = 5
        __notes__ = 7

    class Hostile(Exception):
        def __getattribute__(self, name):
            raise RuntimeError(name)

    assert described(Strange("x"))["type"].endswith("Strange")
    assert described(Hostile("x"))["type"].endswith("Hostile")


def test_lone_surrogates_and_odd_characters_stay_json():
    wire = described(ValueError("a\ud800b\x00"))
    assert json.loads(json.dumps(wire))["message"] == "a\ud800b\x00"


def test_error_of_the_bridge_keeps_its_code_path_and_hint():
    error = LimitExceeded("depth: too deep", hint="be flat")
    error.within(".rows")
    assert described(error) == {
        "code": "LimitExceeded",
        "message": "depth: too deep",
        "path": "$.rows",
        "hint": "be flat",
        "op": "call it",
    }


def test_safe_text_gives_plain_text():
    class Shout(str):
        pass

    assert type(safe_text(str, Shout("x"))) is str


def test_attributes_of_an_exception_travel_by_value_or_as_their_repr():
    error = ValueError("x")
    error.code, error.where = 7, object
    error.add_note("kept apart")
    assert describe(error, "")["attributes"] == {"code": 7, "where": "<class 'object'>"}


def test_syntax_error_says_where():
    with pytest.raises(SyntaxError) as caught:
        compile("x = 1\ny = = 2\n", "given.py", "exec")
    file, line, offset, text = describe(caught.value, "")["syntax"]
    assert (file, line, offset, text.strip()) == ("given.py", 2, 5, "y = = 2")


def test_a_name_of_promises_that_python_lacks_has_a_hint():
    hint = described(AttributeError("no attribute 'catch'", name="catch"))["hint"]
    assert hint.startswith("the names of a remote object are Python's: for a promise's catch, write .then(undefined, fn)")
    assert "finally(fn)" in described(AttributeError("no attribute 'finally'", name="finally"))["hint"]
    assert "hint" not in described(AttributeError("no attribute 'nope'", name="nope"))
    assert "hint" not in described(caught(lambda: [].catch)), "code of the user asked for it, not the client"
