"""Types that users register: both ways, refused with their place, and taken back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import pytest

from polyloom import codec
from polyloom.codec import Decoder, Encoder, is_data, register
from polyloom.errors import LimitExceeded, UsageError, ValueRefused
from polyloom.frames import read_frame, write_frame


@dataclass(frozen=True)
class Point:
    x: float
    y: object


class Sub(Point):
    pass


@pytest.fixture
def points():
    undo = register(Point, "point", lambda point: [point.x, point.y], lambda data: Point(*data))
    yield
    undo()


def sent(value):
    encoder = Encoder()
    frame = write_frame({"t": "x", "v": encoder.encode(value)}, encoder.attachments)
    return Decoder(frame.attachments).decode(read_frame(frame)["v"])


@pytest.mark.usefixtures("points")
def test_registered_type_comes_back_also_inside_data_and_inside_itself():
    value = {"a": [Point(1.5, Point(0.0, "in")), (Point(2.0, None),)], 3: {Point(1.0, 2)}}
    assert Encoder().encode(Point(1.5, 2)) == ["x:point", [[1.5, 2]]]
    assert is_data(Point(1, 2))
    assert sent(value) == value


def test_bytes_and_arrays_of_a_registered_type_travel_as_attachments():
    undo = register(Point, "point", lambda point: {"y": point.y}, lambda data: Point(0, data["y"]))
    try:
        encoder = Encoder()
        assert encoder.encode([b"first", Point(0, b"raw")]) == [[["bytes", 0], ["x:point", {"y": ["bytes", 1]}]]]
        assert encoder.attachments == [b"first", b"raw"]
        assert (sent(Point(0, numpy.arange(3))).y == numpy.arange(3)).all()
    finally:
        undo()


@pytest.mark.usefixtures("points")
def test_subclass_of_a_registered_type_is_not_taken_for_it():
    assert not is_data(Sub(1, 2))


def test_type_that_is_taken_back_is_no_data_any_more_and_its_tag_unknown():
    undo = register(Point, "point", lambda point: [point.x, point.y], lambda data: Point(*data))
    wire = Encoder().encode(Point(1, 2))
    undo()
    undo()  # twice is nothing
    assert not is_data(Point(1, 2))
    with pytest.raises(ValueRefused) as caught:
        Decoder().decode([[0, wire]])
    assert (caught.value.code, caught.value.rooted().path) == ("NotData", "$[1]")
    assert "register" in caught.value.hint


def test_undoing_an_old_registration_leaves_a_newer_one():
    old = register(Point, "point", lambda point: None, lambda data: Point(0, 0))
    old()
    new = register(Point, "point", lambda point: None, lambda data: Point(0, 0))
    old()
    assert is_data(Point(0, 0))
    new()


@pytest.mark.usefixtures("points")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Point, "other"),
        (Sub, "point"),
        (list, "mine"),
        (str, "mine"),
        (int, "mine"),
        (Sub, "Mine"),
        (Sub, ""),
        (Sub, "x:y"),
        (Sub, "ä"),
        ("Sub", "mine"),
    ],
    ids=str,
)
def test_name_or_type_that_is_taken_or_no_name_is_refused(kind, name):
    before = list(codec.DECODERS)
    with pytest.raises(UsageError):
        register(kind, name, lambda value: value, lambda data: data)
    assert list(codec.DECODERS) == before


def boom(_value):
    raise KeyError("lost")


def test_converter_that_raises_refuses_its_value_alone_with_its_place():
    undo = register(Point, "point", boom, boom)
    try:
        with pytest.raises(ValueRefused, match="encoding 'x:point' raised KeyError") as caught:
            Encoder().encode({"a": [0, Point(1, 2)]})
        assert caught.value.rooted().path == "$.a[1]"
        with pytest.raises(ValueRefused, match="decoding 'x:point' raised KeyError") as caught:
            Decoder().decode({"a": ["x:point", 5]})
        assert caught.value.rooted().path == "$.a"
    finally:
        undo()


def test_converter_that_returns_its_own_type_for_ever_meets_the_limit_of_depth():
    undo = register(Point, "point", lambda point: Point(1, 2), lambda data: data)
    try:
        with pytest.raises(LimitExceeded):
            Encoder().encode(Point(1, 2))
    finally:
        undo()


@pytest.mark.usefixtures("points")
@pytest.mark.parametrize("wire", [["x:point"], ["x:point", 1, 2], ["x:point", [[1]]], ["x:point", ["nope"]]], ids=str)
def test_registered_form_of_the_wrong_shape_is_refused(wire):
    with pytest.raises(ValueRefused):
        Decoder().decode(wire)


def test_table_of_arrow_travels_as_the_bytes_of_its_ipc_stream():
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: the example of the documentation")

    def encode(table):
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return sink.getvalue().to_pybytes()

    undo = register(arrow.Table, "arrow", encode, lambda data: arrow.ipc.open_stream(data).read_all())
    try:
        table = arrow.table({"n": [1, None], "s": ["a", "b"]})
        assert sent([table])[0].equals(table)
    finally:
        undo()
