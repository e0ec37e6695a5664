"""What a Celery message must be (§10.4): the table of fields, each with what is and what is not taken, and the envelope."""

from __future__ import annotations

import base64
import bz2
import json
import lzma
import zlib
from dataclasses import replace
from typing import Any

import pytest
from kombu.transport.virtual import Message

from polyloom.errors import PolyloomError
from polyloom.limits import DEFAULT_LIMITS, Limits
from polyloom_workers.broker import PatientChannel
from polyloom_workers.messages.content import EMBEDDED, FIELDS, check_message, name_in
from polyloom_workers.messages.envelope import ENVELOPE, EXPANDERS, HEADERS, PROPERTIES, levels, open_item
from polyloom_workers.messages.kinds import NAME_CHARACTERS
from polyloom_workers.restraint import Restraint

SIGNATURE = {"task": "t", "args": [], "kwargs": {}, "options": {}, "subtask_type": None, "immutable": False}
LONG = "a" * (NAME_CHARACTERS + 1)
NAMES = (["x", "é", "a" * NAME_CHARACTERS], ["", LONG, "a\nb", "\ud800", "\0", 5, [], {}, True])
MAYBE_NAMES = ([*NAMES[0], None], NAMES[1])
TEXTS = (["", "x\n", None], [5, [], {}, b"x"])
COUNTS = ([0, 5, None], [-1, 2**31, 1.0, "1", True, float("nan"), float("inf"), 10**400])
MOMENTS = (
    ["2026-01-02T03:04:05", "2026-01-02T03:04:05.000006+01:00", "1970-01-01", None],
    ["", "soon", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", 0, 1e308, True, [], {}, "2026-02-30"],
)
LISTS = (
    [[], [SIGNATURE], [{"task": "t"}], None],
    [5, {}, [5], [None], [{}], [{"task": 5}], [{**SIGNATURE, "args": 5}], [{**SIGNATURE, "options": 5}]],
)

EXAMPLES: dict[str, tuple[list[Any], list[Any]]] = {
    "id": NAMES,
    "task": NAMES,
    "args": ([[], [1, {}]], [None, {}, "x", 5]),
    "kwargs": ([{}, {"a": 1}], [None, [], "x", 5]),
    "timelimit": (
        [None, [None, None], [1, 2.5], [0, None]],
        [5, [1], [1, 2, 3], ["a", None], [-1, 1], [float("nan"), 1], [float("inf"), 1], [True, 1], {}],
    ),
    "eta": MOMENTS,
    "expires": MOMENTS,
    "retries": COUNTS,
    "group": MAYBE_NAMES,
    "group_index": COUNTS,
    "root_id": MAYBE_NAMES,
    "parent_id": MAYBE_NAMES,
    "shadow": (["", *MAYBE_NAMES[0]], MAYBE_NAMES[1][1:]),
    "lang": TEXTS,
    "origin": TEXTS,
    "argsrepr": TEXTS,
    "kwargsrepr": TEXTS,
    "ignore_result": ([True, False, None], [0, 1, "x", [], {}]),
    "replaced_task_nesting": COUNTS,
    "stamped_headers": ([[], ["a"], None], ["a", [5], [[]], {}]),
    "stamps": ([{}, {"a": "b"}, None], [[], "a", 5]),
    "callbacks": LISTS,
    "errbacks": LISTS,
    "chain": LISTS,
    "chord": ([SIGNATURE, {"task": "t"}, None], [5, [], [SIGNATURE], {"task": None}]),
    "body": ([None, "", "x"], [5, [], {}]),
    "content-type": ([None, "application/json"], ["", 5, []]),
    "content-encoding": ([None, "utf-8"], ["", 5, []]),
    "headers": ([None, {}], [5, [], "x"]),
    "properties": ([None, {}], [5, [], "x"]),
    "body_encoding": ([None, "", "base64", "utf-8", "UTF-8"], ["rot13", 5, []]),
    "priority": ([None, 0, 9, -1, 99], [float("inf"), float("nan"), 10**400, "9", True, []]),
    "refused": ([None, ["BadFrame", "x"]], ["x", 5, [5], [], ["x"], ["a", "b", "c"], {}]),
    "compression": ([None, *EXPANDERS], ["", "zstd", 5, []]),
}
TABLES = {**FIELDS, **ENVELOPE, **PROPERTIES, **HEADERS}


def message(body: Any = ([], {}, {}), limits: Limits = DEFAULT_LIMITS, **changes: Any) -> Message:
    """Return what Celery would be given for a message of this body; `changes` are those of its headers."""
    text = base64.b64encode(body if isinstance(body, bytes) else json.dumps(body).encode()).decode()
    headers = {"id": "i", "task": "t", **changes}
    payload = {"body": text, "content-type": "application/json", "headers": headers, "properties": {"body_encoding": "base64"}}
    return taken(json.dumps(payload).encode(), limits)


def taken(item: bytes, limits: Limits = DEFAULT_LIMITS) -> Message:
    """Return what Celery would be given for an item."""
    made = Message(open_item(item, "queue", "tag", limits), channel=PatientChannel.__new__(PatientChannel))
    made.accept = {"application/json"}
    return made


def refusal(made: Message, limits: Limits = DEFAULT_LIMITS) -> tuple[str, str]:
    """Return the code and the text of the error that a message is refused with."""
    with pytest.raises(PolyloomError) as caught:
        check_message(made, limits)
    return caught.value.code, str(caught.value)


def test_every_field_has_its_examples():
    assert EXAMPLES.keys() == TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_field_is_what_it_must_be(name):
    fit, unfit = EXAMPLES[name]
    assert [value for value in fit if not TABLES[name].fits(value)] == []
    assert [value for value in unfit if TABLES[name].fits(value)] == []


def test_whole_message_is_taken():
    check_message(message(), DEFAULT_LIMITS)
    check_message(message(eta="2026-01-02T03:04:05", timelimit=[1, None], callbacks=[SIGNATURE]), Limits())
    check_message(message([[1], {"a": 2}, {"callbacks": None, "errbacks": [SIGNATURE], "chain": [], "chord": None}]), Limits())


@pytest.mark.parametrize("body", [{"task": "t", "id": "i", "args": [], "kwargs": {}}, {"task": "t", "id": "i"}])
def test_message_of_protocol_1_is_taken(body):
    item = {"body": json.dumps(body), "content-type": "application/json", "content-encoding": "utf-8", "properties": {}}
    made = taken(json.dumps(item).encode())
    check_message(made, Limits())
    assert (name_in(made, "id"), name_in(made, "task")) == ("i", "t")


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in ("args", "kwargs")])
def test_message_with_a_wrong_header_is_refused_by_the_name_of_the_header(name):
    code, text = refusal(message(**{name: 5.5}))
    assert code == "BadFrame"
    assert f'"{name}" of a message must be' in text


@pytest.mark.parametrize(
    "body",
    [
        [],
        [[], {}],
        [[], {}, {}, {}],
        [None, {}, {}],
        [[], None, {}],
        [[], {}, None],
        [[], {}, []],
        {},
        {"id": "i"},
        5,
        None,
        "x",
        ["args", {}, {}],
    ],
    ids=repr,
)
def test_body_that_is_no_list_of_three_is_refused(body):
    assert refusal(message(body))[0] == "BadFrame"


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", json.dumps([[], {}, {}]).encode("utf-16"), b"9" * 5_000, b"[" * 50_000])
def test_body_that_cannot_be_read_is_refused(body):
    assert refusal(message(body))[0] == "BadFrame"


def test_body_that_puts_itself_in_the_place_of_headers_is_refused():
    assert refusal(message([[], {}, {"id": "other"}]))[0] == "BadFrame"
    assert {"callbacks", "errbacks", "chain", "chord"} == EMBEDDED.keys()


@pytest.mark.parametrize("name", ["get", "update", "clear", "_children", "__init__", "as_execution_options", "children"])
def test_header_with_the_name_of_a_method_is_refused(name):
    assert f'must have no header "{name}"' in refusal(message(**{name: 1}))[1]


def test_pickle_is_never_loaded(tmp_path):
    path = tmp_path / "loaded"
    body = b"cos\nmkdir\n(V" + str(path).encode() + b"\ntR."
    item = {
        "body": base64.b64encode(body).decode(),
        "content-type": "application/x-python-serialize",
        "headers": {"id": "i", "task": "t"},
    }
    made = taken(json.dumps({**item, "properties": {"body_encoding": "base64"}}).encode())
    assert refusal(made)[0] == "NotAllowed"
    assert not path.exists()


@pytest.mark.parametrize(
    "item",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"5",
        b"[]",
        b'"x"',
        b"{",
        b"9" * 5_000,
        b'{"body": 5}',
        b'{"headers": []}',
        b'{"properties": 7}',
        b"{}",
    ],
)
def test_item_that_is_no_message_is_refused_in_an_envelope_of_its_own(item):
    made = taken(item)
    assert refusal(made)[0] == "BadFrame"
    assert made.delivery_info["routing_key"] == "queue"
    again = taken(json.dumps(vars(made)["_raw"]).encode())  # as it comes back from `unacked`
    assert refusal(again) == refusal(made)


def test_item_that_is_too_large_or_too_deep_is_refused():
    limits = replace(Limits(), message_bytes=100)
    assert refusal(taken(b'{"body":"' + b"x" * 100 + b'"}', limits))[1].startswith("message_bytes")
    assert refusal(taken(b"[" * 100_000))[0] == "LimitExceeded"
    assert refusal(message(stamps={"deep": json.loads("[" * 300 + "]" * 300)}))[0] == "LimitExceeded"
    assert refusal(message([json.loads("[" * 300 + "]" * 300), {}, {}]))[0] == "LimitExceeded"


def test_levels_are_counted():
    assert [levels(value) for value in (5, [], [[], {}], {"a": [{"b": []}]}, [[]] * 3)] == [0, 1, 2, 4, 2]


@pytest.mark.parametrize("pack", [zlib.compress, bz2.compress, lzma.compress], ids=["zlib", "bz2", "lzma"])
def test_compressed_body_is_taken_up_to_the_limit(pack):
    name = {zlib.compress: "application/x-gzip", bz2.compress: "bzip2", lzma.compress: "lzma"}[pack]
    whole = json.dumps([["x" * 5_000], {}, {}]).encode()
    check_message(message(pack(whole), compression=name), Limits())
    limits = replace(Limits(), message_bytes=4_000)
    assert refusal(message(pack(whole), limits, compression=name), limits)[0] == "LimitExceeded"
    assert refusal(message(pack(whole)[:-5], compression=name))[0] == "BadFrame"
    assert refusal(message(pack(whole) * 2, compression=name))[0] == "BadFrame"
    assert refusal(message(whole, compression=name))[0] == "BadFrame"


def test_tag_and_way_back_are_those_of_the_worker():
    item = {
        "body": "",
        "headers": {},
        "properties": {"delivery_tag": "same", "delivery_info": {"exchange": "nowhere", "redelivered": True}},
    }
    properties = open_item(json.dumps(item).encode(), "queue", "tag", DEFAULT_LIMITS)["properties"]
    assert properties["delivery_info"] == {"exchange": "", "routing_key": "queue", "redelivered": True}
    assert properties["delivery_tag"] == "tag"


@pytest.mark.parametrize(
    ("item", "id"),
    [
        ({"headers": {"id": "h"}, "properties": {"correlation_id": "c"}}, "h"),
        ({"headers": {"id": 5}, "properties": {"correlation_id": "c"}}, "c"),
        ({"headers": {}, "properties": {"correlation_id": "\n"}}, None),
        ({"headers": {"id": LONG}}, None),
        ({"headers": [{"id": "h"}]}, "h"),
        ("{", None),
        ('{"headers": {"root_id": "r", "id": "h", ', "h"),
        ('"h", "properties": {"correlation_id": "c"', "c"),
    ],
    ids=repr,
)
def test_id_is_found_as_long_as_it_can_be_read(item, id):
    assert name_in(taken((item if isinstance(item, str) else json.dumps(item)).encode()), "id") == id


def test_log_is_spoken_to_so_often_and_no_more():
    clock = iter([0.0] * 4 + [1.0] * 2 + [60.0] * 3)
    restraint = Restraint(2, 60.0, lambda: next(clock))
    assert [restraint.pass_over() for _ in range(5)] == [False, False, True, True, True]
    assert restraint.pass_over() is False
    assert (restraint.unsaid(), restraint.unsaid()) == (3, 0)
