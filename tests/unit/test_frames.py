"""Frames and byte pipes (§1): however the bytes are cut, the same frames come out; and what is too large is not gathered."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloom.errors import FrameError, LimitExceeded
from polyloom.frames import Frame, read_frame, write_frame
from polyloom.framing import FrameReader, pack_frame
from polyloom.limits import Limits

frames = st.builds(Frame, st.binary(max_size=60), st.lists(st.binary(max_size=60), max_size=4))


def packed(*several):
    return b"".join(bytes(piece) for frame in several for piece in pack_frame(frame))


@given(st.lists(frames, max_size=6), st.data())
def test_frames_survive_any_cutting_of_the_stream(sent, data):
    stream = packed(*sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    reader = FrameReader()
    received = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += reader.feed(stream[start:end])
    assert [(frame.text, list(frame.attachments)) for frame in received] == [(one.text, list(one.attachments)) for one in sent]


@given(st.lists(frames, min_size=1, max_size=3))
def test_frames_survive_byte_by_byte(sent):
    reader = FrameReader()
    received = [frame for byte in packed(*sent) for frame in reader.feed(bytes([byte]))]
    assert [frame.text for frame in received] == [frame.text for frame in sent]


def test_first_byte_of_a_conversation_is_never_a_brace():
    largest = Frame(b"", ())
    assert packed(largest)[0] != ord("{")
    assert Limits().frame_bytes >> 24 < ord("{")


def test_layout_is_that_of_the_page():
    assert packed(Frame(b'{"t":1}', [b"ab", b""])) == struct.pack(">IIII", 7, 2, 2, 0) + b'{"t":1}ab'


LIMITS = Limits(frame_bytes=10, attachment_bytes=20, attachments=3)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (struct.pack(">II", 11, 0), "frame_bytes"),
        (struct.pack(">II", 2**32 - 1, 0), "frame_bytes"),
        (struct.pack(">II", 5, 4), "attachments"),
        (struct.pack(">II", 5, 2**32 - 1), "attachments"),
        (struct.pack(">IIII", 5, 2, 20, 21), "attachment_bytes"),
    ],
)
def test_head_above_a_limit_is_refused_before_anything_is_gathered(head, name):
    with pytest.raises(LimitExceeded) as caught:
        list(FrameReader(LIMITS).feed(head))
    assert caught.value.message.startswith(f"{name}: ")


def test_frame_at_the_limits_is_read():
    frame = Frame(b"x" * 10, [b"y" * 20] * 3)
    assert len(list(FrameReader(LIMITS).feed(packed(frame)))) == 1


def test_frames_before_one_that_is_too_large_are_given():
    reader = FrameReader(LIMITS).feed(packed(Frame(b"good")) + struct.pack(">II", 11, 0))
    assert next(reader).text == b"good"
    with pytest.raises(LimitExceeded):
        next(reader)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b'"t"', b"{}", b'{"t":1}', b'{"t":null}', b"\xff\xfe", b'{"t":"x"} {']
)
def test_what_is_no_frame_is_refused(text):
    with pytest.raises(FrameError):
        read_frame(Frame(text))


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_bare_words_of_numbers_are_not_json(constant):
    with pytest.raises(FrameError):
        read_frame(Frame(b'{"t":"x","v":' + constant + b"}"))


def test_bare_nan_is_never_written():
    with pytest.raises(ValueError, match="JSON"):
        write_frame({"t": "x", "v": float("nan")})


def test_text_nested_too_deeply_for_the_parser_is_refused_and_not_fatal():
    with pytest.raises(LimitExceeded):
        read_frame(Frame(b'{"t":"x","v":' + b"[" * 100_000 + b"]" * 100_000 + b"}"))


def test_number_of_too_many_digits_is_refused():
    with pytest.raises(FrameError):
        read_frame(Frame(b'{"t":"x","v":' + b"1" * 5000 + b"}"))


def test_lone_surrogate_travels_as_its_escape():
    frame = write_frame({"t": "x", "v": "a\ud800"})
    assert b"\\ud800" in frame.text
    assert read_frame(frame)["v"] == "a\ud800"


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (Frame(b'{"t":"hello"}'), "frame_bytes"),
        (Frame(b'{"t":""}', [b"x" * 21]), "attachment_bytes"),
        (Frame(b'{"t":""}', [b""] * 4), "attachments"),
    ],
)
def test_frame_of_an_object_pipe_is_held_to_the_same_limits(frame, name):
    with pytest.raises(LimitExceeded) as caught:
        read_frame(frame, LIMITS)
    assert caught.value.message.startswith(f"{name}: ")
