"""Copies of what is not data (§6.4): by what a type derives from, and nothing that it overrides is called."""

from __future__ import annotations

import array
import enum
import pathlib
import time
import types
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass

import numpy
import pytest

from polyloom.copies import NO_COPY, Copier, copy_of
from polyloom.encoder import is_data
from polyloom.errors import LimitExceeded, ValueRefused
from polyloom.limits import Limits


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclass
class Node:
    name: str
    next: object = None


def liar(base, *overridden):
    """Return a subclass whose overridden methods must not be asked."""

    def asked(*_given, **_named):
        raise AssertionError("asked")

    return type(f"Lying{base.__name__}", (base,), dict.fromkeys(overridden, asked))


Point = namedtuple("Point", "x y")
moved = OrderedDict(a=1, b=2)
moved.move_to_end("a")

CASES = [
    (Point(1, 2), (1, 2)),
    (time.gmtime(0), (1970, 1, 1, 0, 0, 0, 3, 1, 0)),
    (deque([1, 2]), [1, 2]),
    (moved, {"b": 2, "a": 1}),
    (Counter("aab"), {"a": 2, "b": 1}),
    (defaultdict(list, a=[1]), {"a": [1]}),
    ({"a": 1}.keys(), ["a"]),
    ({"a": 1}.values(), [1]),
    ({"a": 1}.items(), [("a", 1)]),
    (types.MappingProxyType({"a": 1}), {"a": 1}),
    (types.SimpleNamespace(a=1), {"a": 1}),
    (Color.RED, "red"),
    (Level.LOW, 1),
    (pathlib.PurePosixPath("/a/b"), "/a/b"),
    (Node("n"), {"name": "n", "next": None}),
    (liar(int, "__int__", "__index__")(7), 7),
    (liar(float, "__float__")(0.5), 0.5),
    (liar(complex, "__complex__")(1j), 1j),
    (liar(str, "__str__", "__iter__")("s"), "s"),
    (liar(bytes, "__bytes__", "__iter__")(b"b"), b"b"),
    (liar(bytearray, "__iter__")(b"b"), bytearray(b"b")),
    (liar(list, "__iter__", "copy", "__getitem__")([1]), [1]),
    (liar(tuple, "__iter__", "__getitem__")((1,)), (1,)),
    (liar(dict, "keys", "items", "__iter__")(a=1), {"a": 1}),
    (liar(set, "__iter__", "copy")([1]), {1}),
    (liar(frozenset, "__iter__", "copy")([1]), frozenset([1])),
    (numpy.array(["a"]), ["a"]),
    (numpy.array([1, None], dtype=object), [1, None]),
    (numpy.zeros(1, "i4,f8"), [(0, 0.0)]),
    (numpy.zeros(1, "i4,f8")[0], (0, 0.0)),
    (numpy.ma.array([1, 2], mask=[0, 1]), [1, None]),
]


@pytest.mark.parametrize(("value", "copy"), CASES, ids=lambda one: type(one).__name__)
def test_copy_has_the_content_and_the_exact_type_of_data(value, copy):
    assert not is_data(value)
    made = copy_of(value)
    assert (type(made), made) == (type(copy), copy)
    assert list(made) == list(copy) if isinstance(copy, dict) else True


class Grid(numpy.ndarray):
    pass


def test_subclass_of_an_array_is_copied_as_an_array_and_typed_arrays_as_their_items():
    assert type(copy_of(numpy.zeros((2, 2)).view(Grid))) is numpy.ndarray
    assert copy_of(array.array("h", [1, 2])).tolist() == [1, 2]


@pytest.mark.parametrize(
    "value", [object(), len, types, ChainMap(), iter([]), ValueError("x"), lambda: 1], ids=lambda value: type(value).__name__
)
def test_what_has_no_content_of_its_own_has_no_copy(value):
    assert copy_of(value) is NO_COPY


def test_what_pandas_has_for_a_missing_value_stays_live():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: no dependency")
    for value in (pandas.NA, pandas.NaT, pandas.Timestamp(0), pandas.DataFrame()):
        assert not is_data(value)
        assert copy_of(value) is NO_COPY


def copied(value, levels=None, limits=None):
    exported = []

    def export(one, depth):
        exported.append((one, depth))
        return ["handle", len(exported)]

    return Copier(export, limits or Limits(), levels).encode(value), exported


def test_objects_inside_data_are_copied_and_the_rest_exported():
    lock = object()
    wire, exported = copied([Node("a", Point(1, Color.RED)), {"b": lock}])
    assert wire == [[{"name": "a", "next": ["tuple", 1, "red"]}, {"b": ["handle", 1]}]]
    assert exported == [(lock, 2)]


def test_levels_count_containers_and_copied_objects_alike():
    value = {"a": [1], "b": Node("n"), "c": 5, "d": Color.RED}
    wire, exported = copied(value, levels=1)
    assert wire == {"a": ["handle", 1], "b": ["handle", 2], "c": 5, "d": "red"}
    assert [one for one, _ in exported] == [[1], Node("n")]
    assert copied(value, levels=2)[0] == {"a": [[1]], "b": {"name": "n", "next": None}, "c": 5, "d": "red"}


def test_object_that_contains_itself_is_refused_with_its_place():
    node = Node("n")
    node.next = [node]
    with pytest.raises(ValueRefused, match="contains itself") as caught:
        copied({"a": node})
    assert caught.value.rooted().path == "$.a.next[0]"


def test_shared_object_is_copied_to_each_of_its_places():
    node = Node("n")
    wire, _ = copied([node, node])
    assert wire == [[{"name": "n", "next": None}] * 2]


def test_chain_of_objects_meets_the_limit_of_depth():
    chain = None
    for _ in range(7):
        chain = Node("n", chain)
    assert copied(chain, limits=Limits(depth=7))[1] == []
    with pytest.raises(LimitExceeded):
        copied(chain, limits=Limits(depth=6))
