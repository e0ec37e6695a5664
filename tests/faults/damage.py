"""Damaged Celery messages, made from good ones by a seed: some as text of JSON, some that are none."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

Message = dict[str, Any]

SHAPES: list[Any] = [
    None,
    True,
    False,
    -1,
    0,
    1.5,
    5,
    2**70,
    "",
    "x",
    "\0",
    "\ud800",
    "nothing",
    "é" * 600,
    [],
    [[]],
    [None],
    {},
    {"task": {}},
]
PLACES = ("body", "content-type", "content-encoding", "headers", "properties")
HEADERS = (
    "lang task id shadow eta expires group group_index retries timelimit root_id parent_id argsrepr kwargsrepr origin "
    "ignore_result replaced_task_nesting stamped_headers stamps callbacks errbacks chain chord delivery_info compression get "
    "update clear args kwargs utc hostname _children called_directly is_eager priority taskset"
).split()
PROPERTIES = "correlation_id reply_to delivery_mode delivery_info priority body_encoding delivery_tag refused item".split()
TIMES: list[Any] = [
    "1970-01-01T00:00:00",
    "2001-02-03T04:05:06+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59",
    "2026-02-30T00:00:00",
    "2026-13-01",
    "soon",
    "",
    0,
    -5,
    1e308,
    float("nan"),
    "T",
]
LIMITS: list[Any] = [5, [1], [1, 2, 3], ["a", "b"], [None, {}], [float("inf"), 1], [-1, -1], "12", {"hard": 1}, [2**80, 1], True]
PRIORITIES: list[Any] = [float("inf"), float("nan"), -7, 99, "9", [], {}, 10**400]
SIGNATURES: list[Any] = [
    5,
    "polyloom.run",
    [5],
    [None],
    [{}],
    [{"task": 5}],
    [{"task": "no.such.task"}],
    [{"task": "polyloom.run", "args": 5}],
    [{"task": "polyloom.run", "options": {"task_id": {}}}],
    [{"task": "polyloom.run", "subtask_type": "nonsense"}],
    [{"task": "polyloom.run", "subtask_type": "chord", "kwargs": {}}],
    [{"task": "polyloom.run", "args": [], "kwargs": None, "options": None}],
    {"task": "polyloom.run"},
]
TYPES = (
    "application/x-python-serialize",
    "application/x-yaml",
    "application/data",
    "text/plain",
    "application/json; x",
    "",
    None,
    7,
    ["application/json"],
)
ENCODINGS = ("utf-16", "latin-1", "base64", "rot13", "zlib", "binary", "", None, 7, {})
PROGRAMS: list[Any] = [
    None,
    5,
    [],
    {},
    "",
    "[",
    "\ud800",
    '{"t":"program"}',
    '{"t":"program","ops":[["nope",1]]}',
    '{"t":"program","ops":' + "[" * 5_000,
    '{"t":"program","ops":[["pull","auto",' + "9" * 5_000 + "]]}",
    '{"t":"program","ops":[["repr",1,["bytes",0]],["pull","auto",1]],"attachments":["%"]}',
    '{"t":"program","ops":[["repr",1,["bytes",5]],["pull","auto",1]],"attachments":[7]}',
    '{"t":"program","ops":[["repr",1,["int","' + "9" * 200_000 + '"]],["pull","auto",1]]}',
    '{"t":"program","ops":[["import",1,"sys"],["pull","auto",1]]}',
]


def nested(depth: int) -> Any:
    """Return lists inside one another."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def good(name: str, program: Any, task: str = "polyloom.run") -> Message:
    """Return a whole message, as a stock client writes it."""
    body = json.dumps([[program], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    headers = {
        "lang": "py",
        "task": task,
        "id": name,
        "shadow": None,
        "eta": None,
        "expires": None,
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": name,
        "parent_id": None,
        "argsrepr": "('…',)",
        "kwargsrepr": "{}",
        "origin": "gen1@host",
        "ignore_result": False,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
    }
    properties = {
        "correlation_id": name,
        "reply_to": name,
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "polyloom"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": name,
    }
    encoded = base64.b64encode(body.encode()).decode()
    return {
        "body": encoded,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": properties,
    }


class Damage:
    """Damages messages; the same seed, the same damage."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def name(self) -> str:
        """Return an id."""
        return str(UUID(int=self._random.getrandbits(128)))

    def item(self, name: str, program: str) -> bytes:
        """Return an item of a queue that was a message with this id."""
        kind = self._random.choice(KINDS)
        made = kind(self, good(name, program))
        return made if isinstance(made, bytes) else json.dumps(made).encode()

    def octets(self, message: Message) -> bytes:
        """Flip, cut and double bytes of the item."""
        text, random = bytearray(json.dumps(message).encode()), self._random
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(text) or 1)
            text = random.choice(
                [
                    text[:at],
                    text[at:],
                    text[:at] + bytes([random.randrange(256)]) + text[at + 1 :],
                    text[:at] + text[at + 1 :],
                    text * 2,
                    text[:at] + b"[" * 3_000,
                ]
            )
        return bytes(text)

    def nonsense(self, _: Message) -> bytes:
        """Return what is no message at all."""
        return self._random.choice(
            [
                b"",
                b"\xff\xfe",
                b"null",
                b"5",
                b"[]",
                b"{}",
                b'"text"',
                b"NaN",
                b"[" * 100_000,
                b"9" * 10_000,
                self._random.randbytes(50),
            ]
        )

    def part(self, message: Message) -> Message:
        """Take one of the great parts away, or put another thing there."""
        return self._replaced(message, self._random.choice(PLACES), SHAPES)

    def header(self, message: Message) -> Message:
        return {**message, "headers": self._replaced(message["headers"], self._random.choice(HEADERS), SHAPES)}

    def property(self, message: Message) -> Message:
        return {**message, "properties": self._replaced(message["properties"], self._random.choice(PROPERTIES), SHAPES)}

    def odd(self, message: Message) -> Message:
        """Put something there that is wrong in a way of its own: times, limits, priorities, signatures, types, encodings."""
        random = self._random
        headers, properties = message["headers"], message["properties"]
        field, values = random.choice(
            [
                ("eta", TIMES),
                ("expires", TIMES),
                ("timelimit", LIMITS),
                ("retries", PRIORITIES),
                ("id", [10**400, "a" * 900, "\n"]),
            ]
            + [(name, SIGNATURES) for name in ("callbacks", "errbacks", "chain", "chord")]
        )
        return random.choice(
            [
                {**message, "headers": {**headers, field: random.choice(values)}},
                {**message, "properties": {**properties, "priority": random.choice(PRIORITIES)}},
                {**message, "properties": {**properties, "body_encoding": random.choice(ENCODINGS)}},
                {**message, "content-type": random.choice(TYPES)},
                {**message, "content-encoding": random.choice(ENCODINGS)},
                {**message, "headers": {**headers, "task": random.choice(["no.such.task", "celery.chunks", "polyloom.run\n"])}},
                {**message, "headers": {**headers, "stamps": nested(random.choice([100, 300, 900]))}},
            ]
        )

    def content(self, message: Message) -> Message:
        """Put another body there."""
        random = self._random
        embedded = {random.choice(HEADERS): random.choice(SHAPES)}
        embedded |= {random.choice(["callbacks", "errbacks", "chain", "chord"]): random.choice(SIGNATURES)}
        args = [random.choice(PROGRAMS)]
        body = random.choice(
            [
                [args, {}, embedded],
                [args, None, {}],
                [None, {}, {}],
                [args, {}],
                [args, {}, {}, {}],
                {"args": args, "kwargs": {}},
                {"task": "polyloom.run", "id": message["headers"]["id"]},
                [args * 3, {}, {}],
                [[], {"program": args[0]}, {}],
                [[], {"other": 1}, {}],
                [nested(random.choice([100, 300, 900])), {}, {}],
                [args, {}, None],
                [[{"__type__": random.choice(["bytes", "uuid", [], "nope"]), "__value__": 5}], {}, {}],
                ["args", {}, {}],
                random.choice(SHAPES),
            ]
        )
        return self._with_body(message, json.dumps(body).encode())

    def packed(self, message: Message) -> Message:
        """Put a body there that is compressed, pickled, or cut."""
        random, body = self._random, base64.b64decode(message["body"])
        at = random.randrange(len(body))
        other = random.choice(
            [
                pickle.dumps([[], {}, {}]),
                body[:at],
                body.decode().encode("utf-16"),
                b"\xff" + body,
                zlib.compress(body),
                zlib.compress(body)[:at],
            ]
        )
        headers = {
            **message["headers"],
            "compression": random.choice(["application/x-gzip", "bzip2", "xz", "lzma", "no", None, 5]),
        }
        return random.choice([self._with_body(message, other), self._with_body({**message, "headers": headers}, other)])

    def program(self, message: Message) -> Message:
        """Put another program there."""
        body = [[self._random.choice(PROGRAMS)], {}, {}]
        return self._with_body(message, json.dumps(body).encode())

    def _with_body(self, message: Message, body: bytes) -> Message:
        return {**message, "body": base64.b64encode(body).decode()}

    def _replaced(self, whole: Message, name: str, values: list[Any]) -> Message:
        kept = {key: value for key, value in whole.items() if key != name}
        return kept if self._random.random() < 0.3 else {**kept, name: self._random.choice(values)}


KINDS: list[Callable[[Damage, Message], Message | bytes]] = [
    Damage.octets,
    Damage.nonsense,
    Damage.part,
    Damage.header,
    Damage.header,
    Damage.property,
    Damage.odd,
    Damage.odd,
    Damage.content,
    Damage.packed,
    Damage.program,
]
