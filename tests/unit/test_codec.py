"""Values: what goes in comes out, of the same type, whatever it is; and what cannot travel is refused with its place."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloom.codec import DECODERS, Decoder, Encoder, is_data
from polyloom.errors import LimitExceeded, PolyloomError, ValueRefused
from polyloom.frames import read_frame, write_frame
from polyloom.limits import Limits

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]
fixed_offsets = st.integers(-86399, 86399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
datetimes = st.datetimes(timezones=st.one_of(st.none(), st.sampled_from(ZONES).map(ZoneInfo), fixed_offsets))
times = st.times(timezones=st.one_of(st.none(), st.sampled_from(ZONES).map(ZoneInfo), fixed_offsets))
numbers = st.integers() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False)
texts = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(["int", "ref", "__proto__", "\ud800", ""])
hashable = st.recursive(
    st.none()
    | st.booleans()
    | numbers
    | texts
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | datetimes
    | st.dates()
    | times
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.integers(4290, 4310).map(lambda digits: Fraction(10**digits + 1, -3))
    | st.uuids()
    | st.builds(range, st.integers(), st.integers(), st.integers(1, 2**70)),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
values = st.recursive(
    hashable | st.builds(bytearray, st.binary()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.tuples(inner, inner, inner)
    ),
    max_leaves=12,
)


def sent(value):
    """Return the value after a journey through the text of a frame."""
    encoder = Encoder()
    frame = write_frame({"t": "x", "v": encoder.encode(value)}, encoder.attachments)
    return Decoder(frame.attachments).decode(read_frame(frame)["v"])


def shape(value):
    """Return the types of all parts of a value."""
    if isinstance(value, dict):
        return dict, [(shape(key), shape(one)) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [shape(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(str(shape(one)) for one in value)
    if isinstance(value, (datetime, time)):
        return type(value), value.isoformat(), value.fold, str(value.tzinfo)
    return type(value)


@given(values)
@settings(deadline=None, max_examples=300)
def test_nested_values_come_back_equal_and_of_the_same_types(value):
    back = sent(value)
    assert back == value
    assert shape(back) == shape(value)


@given(st.floats())
def test_every_float_comes_back_to_the_last_bit(number):
    back = sent(number)
    assert type(back) is float
    assert math.isnan(back) if math.isnan(number) else back.hex() == number.hex()


@given(st.integers(0, 400), st.integers(-2, 2), st.sampled_from([1, -1]))
def test_integers_around_powers_of_two_survive(bits, offset, sign):
    assert sent(sign * 2**bits + offset) == sign * 2**bits + offset


def test_integer_past_2_53_survives_a_reader_of_doubles():
    wire = Encoder().encode(2**53 + 1)
    assert json.loads(json.dumps(wire), parse_int=float) == ["int", "9007199254740993"]
    assert Encoder().encode(-(2**53)) == ["int", "-9007199254740992"]
    assert Encoder().encode(2**53 - 1) == 9007199254740991


def test_integer_and_fraction_above_the_limit_are_refused_before_the_work_is_done():
    limits = Limits(int_digits=20)
    for value in (10**20, -(10**20), 2**10_000_000, Fraction(10**20, 7), Fraction(1, 10**20)):
        with pytest.raises(LimitExceeded, match="int_digits") as caught:
            Encoder(limits=limits).encode({"a": [value]})
        assert caught.value.rooted().path == "$.a[0]"
    for value in (10**20 - 1, 1 - 10**20, Fraction(10**20 - 1, 10**19 + 9)):
        assert Decoder(limits=limits).decode(Encoder(limits=limits).encode(value)) == value
    for wire in (["int", "1" * 21], ["fraction", f"1/{'3' * 21}"]):
        with pytest.raises(LimitExceeded, match="int_digits"):
            Decoder(limits=limits).decode(wire)


def test_attachments_above_the_limits_are_refused_with_their_place():
    limits = Limits(attachments=2, attachment_bytes=3)
    assert Encoder(limits=limits).encode([b"abc", b""]) == [[["bytes", 0], ["bytes", 1]]]
    for value, name, path in (([b"", b"", b""], "attachments", "$[2]"), ({"a": b"abcd"}, "attachment_bytes", "$.a")):
        with pytest.raises(LimitExceeded, match=name) as caught:
            Encoder(limits=limits).encode(value)
        assert caught.value.rooted().path == path


@pytest.mark.parametrize("digits", [4299, 4300, 4301, 100_000])
def test_integer_of_many_digits_survives(digits):
    for number in (10 ** (digits - 1), -(10**digits) + 1):
        assert sent(number) == number


@pytest.mark.parametrize(
    "values",
    [
        [1] * 20,
        [*[1] * 20, 2**53],
        [*[-1] * 20, -(2**53)],
        [*[1] * 20, True],
        [0.5] * 20,
        [*[0.5] * 20, math.inf],
        [*[0.5] * 20, -math.inf, 1],
        [*["a"] * 20, None, True],
        [*["a"] * 20, b"b"],
        [*[1] * 20, numpy.int64(2)],
        list(range(7)),
    ],
    ids=repr,
)
def test_many_scalars_are_encoded_as_one_by_one(values):
    one_by_one = [Encoder().encode(value) for value in values if type(value) is not bytes]
    together = Encoder().encode(values)[0]
    assert [repr(wire) for wire in together if wire != ["bytes", 0]] == [repr(wire) for wire in one_by_one]
    assert sent(values) == values
    assert together is not values
    assert sent(tuple(values)) == tuple(values)


def test_bool_is_not_taken_for_an_int():
    assert [type(one) for one in sent([True, 1, False, 0])] == [bool, int, bool, int]


def test_list_that_looks_like_a_tag_stays_a_list():
    assert sent([["int", "5"], ["ref", 3], ["error", {}]]) == [["int", "5"], ["ref", 3], ["error", {}]]


def test_keys_that_are_equal_in_python_are_refused():
    with pytest.raises(ValueRefused) as caught:
        Decoder().decode(["dict", 1, "a", True, "b"])
    assert "equal" in caught.value.message


def test_dict_keeps_its_order():
    assert list(sent({"b": 1, "a": 2, 3: 4}).items()) == [("b", 1), ("a", 2), (3, 4)]


def test_time_of_a_named_zone_keeps_its_zone_and_fold():
    back = sent(time(3, 4, fold=1, tzinfo=ZoneInfo("Europe/Berlin")))
    assert (back.isoformat(), back.fold, back.tzinfo.key) == ("03:04:00", 1, "Europe/Berlin")


def test_time_of_a_zone_that_has_neither_a_name_nor_an_offset_is_refused():
    class Nowhere(tzinfo):
        def utcoffset(self, _moment):
            return None

    with pytest.raises(ValueRefused, match="no offset"):
        sent(time(3, 4, tzinfo=Nowhere()))


def test_moment_in_the_doubled_hour_keeps_its_fold():
    later = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    back = sent(later)
    assert (back.fold, back.utcoffset(), back.tzinfo.key) == (1, timedelta(hours=1), "Europe/Berlin")


def test_subclass_is_not_taken_for_its_base():
    class Celsius(float):
        pass

    class Names(dict):
        pass

    for value in (Celsius(3), Names(), type("T", (tuple,), {})(), type("S", (str,), {})("s")):
        assert not is_data(value)
        with pytest.raises(ValueRefused):
            sent([value])


def test_value_that_contains_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ValueRefused) as caught:
        Encoder().encode(loop)
    assert caught.value.rooted().path == "$[0]"
    ring: dict[str, object] = {"list": [1, ({},)]}
    ring["list"][1][0]["again"] = ring
    with pytest.raises(ValueRefused, match="contains itself") as caught:
        Encoder().encode({"a": {"b": ring}})
    assert caught.value.rooted().path == "$.a.b.list[1][0].again"


def nested(depth):
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


def test_depth_is_counted_alike_in_both_directions():
    limits = Limits(depth=5)
    wire = Encoder(limits=limits).encode(nested(5))
    assert Decoder(limits=limits).decode(wire) == nested(5)
    with pytest.raises(LimitExceeded):
        Encoder(limits=limits).encode(nested(6))
    with pytest.raises(LimitExceeded):
        Decoder(limits=limits).decode([[wire]])


def test_place_of_what_cannot_travel_is_named():
    with pytest.raises(ValueRefused) as caught:
        Encoder().encode({"rows": [1, {"odd name": object()}]})
    assert caught.value.rooted().path == '$.rows[1]["odd name"]'
    assert "builtins.object" in caught.value.message


def test_live_object_inside_data_is_exported():
    found = []
    live = object()
    wire = Encoder(lambda value, depth: found.append((value, depth)) or ["handle", -1, "object", 1]).encode({"a": [live]})
    assert wire == {"a": [[["handle", -1, "object", 1]]]}
    assert found == [(live, 2)]


def test_reference_without_a_table_is_refused():
    with pytest.raises(ValueRefused):
        Decoder().decode(["ref", 1])


@pytest.mark.parametrize("tag", ["handle", "error"])
def test_forms_of_a_host_are_refused_from_a_client(tag):
    with pytest.raises(ValueRefused):
        Decoder().decode([tag, 1, "x", 1])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def refusal(wire):
    """Return the code that a form is refused with, or None. Whatever else is raised fails the test."""
    try:
        Decoder([b"12345678"]).decode(wire)
    except PolyloomError as refused:
        return refused.code
    return None


@given(st.sampled_from(list(DECODERS)), st.lists(json_values, max_size=4))
@settings(deadline=None, max_examples=1500)
def test_no_form_of_a_known_tag_raises_anything_but_a_refusal(tag, rest):
    assert refusal([tag, *rest]) in (None, "BadValue", "LimitExceeded")


@given(json_values)
@settings(deadline=None, max_examples=300)
def test_no_json_raises_anything_but_a_refusal(wire):
    assert refusal(wire) in (None, "BadValue", "LimitExceeded")


@pytest.mark.parametrize(
    "wire",
    [
        ["int", "1_000"],
        ["int", " 1"],
        ["int", "+1"],
        ["int", ""],
        ["int", "-"],
        ["int", "--1"],
        ["int", "１"],
        ["int"],
        ["int", "1", "2"],
        ["float", 1],
        ["float"],
        ["complex", 1],
        ["complex", 1, "2"],
        ["complex", None, 1],
        ["bytes", True],
        ["bytes", 0.0],
        ["bytes", "0"],
        ["datetime", "2026-01-02T03:04:05", 2, None],
        ["datetime", "2026-01-02T03:04:05", 0, "Mars/Olympus"],
        ["datetime", "2026-01-02T03:04:05", 0, "../../etc/passwd"],
        ["datetime", "2026-01-02T03:04:05", 0, 5],
        ["datetime", "2026-01-02T03:04:05", 0],
        ["date", "2026-02-30"],
        ["time", "25:00:00", 0],
        ["timedelta", 1, 2],
        ["timedelta", 10**10, 0, 0],
        ["decimal", "one"],
        ["fraction", "1/0"],
        ["uuid", "1234"],
        ["range", 0, 1, 0],
        ["range", 0.5, 1, 1],
        ["range", 0, 1],
        ["slice", 1],
        ["ellipsis", 1],
        ["set", [[1]]],
        ["dict", [[1]], 2],
        ["ndarray", 0, "object", [1]],
        ["ndarray", 0, "float64", [-1]],
        ["ndarray", 0, "float64", [2**70]],
        ["ndarray", 0, "float64", ["1"]],
        ["ndarray", 0, "nope", [1]],
        ["ndarray", 0, "float64,float64", [1]],
        ["ndarray", 0, "(", [1]],
        [[1], [2]],
        [None],
        [{}],
    ],
    ids=json.dumps,
)
def test_known_tag_of_the_wrong_shape_is_refused(wire):
    with pytest.raises(ValueRefused) as caught:
        Decoder([b"12345678"]).decode([["list", wire][1:]])
    assert caught.value.rooted().path == "$[0]"


def test_signalling_decimals_and_their_signs_survive():
    for text in ("NaN", "-NaN", "sNaN", "Infinity", "-0", "1E+400"):
        assert str(sent(Decimal(text))) == text


@given(st.binary(max_size=64), st.sampled_from("bBhHiIqQfd?"))
def test_memoryview_comes_back_as_its_bytes_or_as_an_array_of_its_items(data, letter):
    view = memoryview(data[: len(data) // 8 * 8]).cast(letter)
    back = sent(view)
    assert type(back) is (bytes if letter == "B" else numpy.ndarray)
    assert memoryview(back).tobytes() == view.tobytes()
    assert len(back) == len(view)


def test_memoryview_with_steps_is_sent_as_what_it_shows():
    assert sent(memoryview(b"abcdef")[::2]) == b"ace"
    assert (sent(memoryview(numpy.arange(6, dtype="i4").reshape(2, 3).T)) == numpy.arange(6).reshape(2, 3).T).all()
    assert sent(memoryview(numpy.array([1, -2], ">i4"))).tolist() == [1, -2]
    assert sent(memoryview(numpy.array([1 + 2j, -3j], ">c8"))).tolist() == [1 + 2j, -3j]
    with pytest.raises(ValueRefused, match="format"):
        sent(memoryview(numpy.zeros(1, "i4,f8")))


# numpy


@given(
    st.sampled_from(["bool", "i1", "u2", ">i4", "<i8", "u8", "f2", ">f4", "f8", "c8", "c16", "M8[ns]", "m8[s]"]),
    st.lists(st.integers(0, 3), max_size=3),
    st.booleans(),
)
@settings(deadline=None)
def test_array_keeps_its_type_shape_and_items(dtype, sizes, columns_first):
    count = math.prod(sizes)
    array = numpy.arange(count).astype(dtype).reshape(sizes, order="F" if columns_first else "C")
    back = sent(array)
    assert back.dtype.name == array.dtype.name
    assert back.shape == array.shape
    assert (back == array).all()
    assert back.flags.writeable


def test_view_of_an_array_is_sent_and_not_its_base():
    base = numpy.arange(12).reshape(3, 4)
    assert (sent(base[::2, ::-1]) == base[::2, ::-1]).all()
    assert (sent(base.T) == base.T).all()


def test_array_changed_after_encoding_is_sent_as_it_was():
    array = numpy.zeros(3)
    encoder = Encoder()
    wire = encoder.encode(array)
    array[:] = 7
    assert (Decoder(encoder.attachments).decode(wire) == 0).all()


@pytest.mark.parametrize("dtype", ["float64", ">f8", "datetime64[ns]", "bool", "complex64"])
def test_array_of_many_bytes_is_sent_as_it_was_in_any_order_of_memory(dtype):
    array = (numpy.arange(1 << 22) % 2).astype(dtype).reshape(4, -1).T[::-1]
    encoder = Encoder()
    wire = encoder.encode(array)
    (data,) = encoder.attachments
    assert bytes(data) == array.astype(array.dtype.newbyteorder("<")).tobytes()
    before = array.copy()
    array[:] = array[0, 0]
    back = Decoder(encoder.attachments).decode(wire)
    assert (back == before).all()
    assert back.flags.writeable


def test_arrays_of_objects_and_structures_stay_live():
    structured = numpy.zeros(2, "i4,f8")
    for array in (numpy.array([object()]), structured, numpy.array(["text"]), numpy.ma.array([1]), numpy.zeros(1, "longdouble")):
        assert not is_data(array)
    for scalar in (structured[0], numpy.longdouble(1), type("Celsius", (numpy.float64,), {})(1)):
        assert not is_data(scalar)


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [
        (numpy.int64(-5), -5),
        (numpy.uint64(2**64 - 1), 2**64 - 1),
        (numpy.float32(0.5), 0.5),
        (numpy.bool_(True), True),
        (numpy.complex128(1 + 2j), 1 + 2j),
        (numpy.str_("s"), "s"),
        (numpy.bytes_(b"b"), b"b"),
        (numpy.datetime64("2026-01-02"), date(2026, 1, 2)),
        (numpy.datetime64("2026-01-02T03:04:05"), datetime(2026, 1, 2, 3, 4, 5)),
        (numpy.timedelta64(3, "s"), timedelta(seconds=3)),
    ],
    ids=repr,
)
def test_numpy_scalar_becomes_its_plain_value(scalar, plain):
    assert is_data(scalar)
    back = sent(scalar)
    assert back == plain
    assert type(back) is type(plain)


@pytest.mark.parametrize(
    "scalar",
    [
        numpy.datetime64("2026-01-02T03:04:05.123456789"),
        numpy.timedelta64(5, "ns"),
        numpy.timedelta64(5, "Y"),
        numpy.datetime64("NaT"),
    ],
    ids=repr,
)
def test_moment_that_python_cannot_hold_does_not_become_a_bare_number(scalar):
    back = sent(scalar)
    assert type(back) is numpy.ndarray
    assert back.shape == ()
    assert back.dtype == scalar.dtype
    assert back.tobytes() == scalar.tobytes()


def test_object_that_lies_about_its_class_is_not_asked():
    class Liar:
        @property
        def __class__(self):
            raise RuntimeError("asked")

    assert not is_data(Liar())


def test_aware_and_naive_moments_stay_apart():
    assert sent(datetime(2026, 1, 2)).tzinfo is None
    assert sent(datetime(2026, 1, 2, tzinfo=UTC)).tzinfo is UTC


def test_codec_does_not_import_numpy():
    program = "import sys; from polyloom.codec import Encoder; Encoder().encode([1, 'a', {}]); print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_values_of_the_standard_library_are_data():
    for value in (
        None,
        1,
        1.5,
        1j,
        "s",
        b"b",
        [],
        (),
        {},
        set(),
        Decimal(1),
        Fraction(1, 2),
        UUID(int=5),
        range(3),
        date(1, 1, 1),
    ):
        assert is_data(value)
    for value in (slice(1), ..., object(), len, int, type):
        assert not is_data(value)
