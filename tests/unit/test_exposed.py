"""Objects of a client: one Python object for each id, and what the client is told of them (§12.7)."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import pickle

import pytest

from polyloom.exposed import Exposed
from polyloom.js import JSError, JSFunction, JSObject, Missing


@pytest.fixture
def asked():
    return []


@pytest.fixture
def exposed(asked):
    def ask(number, what):
        asked.append((number, what))
        if what[1:] == ["nope"]:
            raise Missing
        return "answer"

    return Exposed(ask)


def test_the_same_id_is_the_same_object_while_it_is_held(exposed):
    one = exposed.find(1, "function", "f")
    assert exposed.find(1, "function", "f") is one
    assert exposed.find(2, "function", "f") is not one
    assert exposed.id_of(one) == 1
    assert Exposed(print).id_of(one) is None


def test_news_tell_what_is_held_and_dropped_once(exposed):
    one = exposed.find(1, "function", "f")
    exposed.find(2, "object", "Thing", ["m"])
    gc.collect()
    exposed.answered(7)
    assert exposed.news() == {"held": [[1, 1]], "dropped": [[2, 2]], "answered": [7]}
    assert exposed.news() == {}
    del one
    gc.collect()
    assert exposed.news() == {"dropped": [[1, 1]]}


def test_an_id_that_comes_again_has_a_higher_serial(exposed):
    exposed.find(1, "function", "f")
    gc.collect()
    again = exposed.find(1, "function", "f")
    assert exposed.news() == {"held": [[1, 2]], "dropped": [[1, 1]]}
    assert again.__name__ == "f"


@pytest.mark.parametrize("wire", [(0, "function", "f"), ("1", "function", "f"), (1, "class", "f"), (1, "function", None), (1,)])
def test_a_form_of_the_wrong_shape_is_refused(exposed, wire):
    with pytest.raises(TypeError):
        exposed.find(*wire)


def test_a_function_is_called_bound_copied_and_not_pickled(exposed, asked):
    function = exposed.find(1, "function", "f")
    assert function(1, b=2) == "answer"
    assert asked == [(1, ["call", (1,), {"b": 2}])]
    holder = type("Holder", (), {"method": function})()
    holder.method(3)
    assert asked[1] == (1, ["call", (holder, 3), {}])
    assert copy.copy(function) is function
    assert copy.deepcopy([function])[0] is function
    assert functools.wraps(function)(lambda: 0).__name__ == "f"
    assert repr(function) == "<JSFunction f>"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(function)


def test_a_function_has_a_signature_that_takes_anything(exposed):
    function = exposed.find(1, "function", "f")
    assert str(inspect.signature(function)) == "(*args, **keywords)"
    assert str(inspect.signature(functools.wraps(function)(lambda: 0))) == "(*args, **keywords)"
    assert str(inspect.signature(JSFunction)) == "(origin: 'Origin') -> 'None'"


def test_an_object_asks_for_its_members(exposed, asked):
    thing = exposed.find(1, "object", "Thing", ["run"])
    assert thing.color == "answer"
    assert thing.run(1) == "answer"
    thing.color = "red"
    del thing.color
    assert asked == [
        (1, ["get", "color"]),
        (1, ["method", "run", (1,), {}]),
        (1, ["set", "color", "red"]),
        (1, ["delete", "color"]),
    ]
    with pytest.raises(AttributeError, match="has no member 'nope'"):
        thing.nope  # noqa: B018
    with pytest.raises(AttributeError):
        thing.__wrapped__  # noqa: B018
    assert len(asked) == 5
    assert isinstance(thing, JSObject)
    assert not isinstance(thing, JSFunction)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(thing)


def test_an_error_of_the_client_reads_like_one():
    error = JSError("RangeError", "boom", "RangeError: boom\n    at f")
    assert str(error) == "RangeError: boom"
    assert error.__notes__ == ["thrown in the client:\nRangeError: boom\n    at f"]
    assert str(JSError("Error", "")) == "Error"
