"""F8: frames that were damaged, cut, swapped or made up, signed and unsigned; the worker answers each conversation and lives."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import redis

from deadline import LONG, until
from polyloom.embedded import Server
from wire_client import RedisClient, signature
from worker_process import WorkerProcess

FRAMES = 10_000 * int(os.environ.get("POLYLOOM_FAULT_ROUNDS", "1"))
BATCH = 250
STRANGE: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    2**70,
    "",
    "x",
    "\ud800",
    "\0",
    [],
    [[]],
    {},
    {"t": {}},
    ["ref"],
    ["ref", 1],
    ["ref", -1, "__class__"],
    ["int", "9" * 50],
    ["bytes", 9],
    ["float", "nan"],
    ["dict", 1],
    ["ndarray", 0, "object", [1]],
    ["x:y", 1],
    ["far", "s", 1, 1],
    ["exposed", 1, "function", "f"],
    "a" * 3000,
]


def frames(session: str) -> list[dict[str, Any]]:
    """One valid frame of each kind that a client sends."""
    ops = [
        ["import", 1, "operator"],
        ["call", 2, ["ref", 1, "add"], [1, ["float", "2.0"]], {}],
        ["getattr", 3, ["ref", 1], "add"],
        ["setitem", 0, [[["dict", 1, 2]]], 0, 1],
        ["iter", 4, [[1, 2]]],
        ["next", 5, ["ref", 4], 2],
        ["operator", 6, "+", 1, 2],
        ["map", 7, [[1, 2]], 8, [["operator", 9, "neg", ["ref", 8]]], ["ref", 9]],
        ["type", 10, 1],
        ["pull", "auto", 2, 3, 5, 6, 7, 10],
        ["release", 2],
    ]
    return [
        {"t": "hello", "protocol": 1, "version": "0.1.0", "client": "x" * 20},
        {"t": "open", "session": session},
        {"t": "open", "session": session + "d", "durable": {"name": f"run-{session}"}, "next": 1},
        {
            "t": "program",
            "session": session,
            "n": 1,
            "ops": ops,
            "guarded": [2],
            "after": [],
            "once": [2],
            "released": [3],
            "ack": "0-1",
        },
        {"t": "answer", "session": session, "call": 1, "value": 1},
        {"t": "cancel", "session": session, "slots": [2]},
        {"t": "close", "session": session},
        {"t": "survey"},
        {"t": "bye"},
    ]


class Mutator:
    """Damages frames: on the level of values, or of bytes."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def frame(self, session: str) -> bytes:
        body = self.random.choice(frames(session))
        if self.random.random() < 0.7:
            for _ in range(self.random.randint(1, 3)):
                body = self.value(body)
            return json.dumps(body).encode("utf-8", "surrogatepass")
        return self.octets(json.dumps(body).encode())

    def value(self, value: Any) -> Any:
        """The value with one part of it, somewhere, gone, doubled or another one."""
        if isinstance(value, (dict, list)) and value and self.random.random() < 0.85:
            keys = list(value) if isinstance(value, dict) else range(len(value))
            key, copy = self.random.choice(list(keys)), value.copy()
            action = self.random.random()
            if action < 0.15:
                del copy[key]
            elif action < 0.25 and isinstance(copy, list):
                copy.insert(key, copy[key])
            else:
                copy[key] = self.value(value[key])
            return copy
        return self.random.choice(STRANGE)

    def octets(self, text: bytes) -> bytes:
        at = self.random.randrange(len(text))
        return self.random.choice(
            [
                text[:at],
                text[at:],
                text[:at] + bytes([self.random.randrange(256)]) + text[at + 1 :],
                text * 2,
                text[:at] + b"[" * 300,
                b"",
                b"\xff\xfe",
                text[:at] + text[at + 1 :],
            ]
        )

    def entry(self, signed: list[Any]) -> list[bytes]:
        """A signed entry with something changed after it was signed."""
        fields = [field if isinstance(field, bytes) else field.encode() for field in signed]
        copy, at = fields.copy(), self.random.randrange(2, len(fields))  # the id of the sender stays
        more = self.random.choice([[b"f", b"{}"], [b"a", b"x"], [b"b", b"A" * 20], [b"q", b"1"], [b"s", b""]])
        what = self.random.random()
        if what < 0.3:
            del copy[at - at % 2 : at - at % 2 + 2]
        elif what < 0.5:
            copy[at - at % 2 : at - at % 2] = more
        elif what < 0.6:
            copy += more
        else:
            copy[at] = self.octets(fields[at] or b"x")
        return copy if copy != fields else [*copy, *more]


class Sealer:
    """Signs the entries of one conversation (§16.2), or leaves them as they are."""

    def __init__(self, secret: str, worker: str, moment: int) -> None:
        self.secret, self.worker, self.moment = secret, worker, moment
        self.number = 0

    def seal(self, name: str, text: bytes) -> list[Any]:
        if not self.secret:
            return ["c", name, "f", text]
        self.number += 1
        begin = ["t", str(self.moment)] if self.number == 1 else []
        fields = ["c", name, "f", text, *begin, "q", str(self.number)]
        return [*fields, "s", signature(self.secret, "polyloom/1/entry", self.worker, *fields)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("secret", ["", secrets.token_hex(16)], ids=["unsigned", "signed"])
def test_damaged_frames(own_server: Server, start_worker: Callable[..., WorkerProcess], secret: str) -> None:
    worker = start_worker(own_server.url, "--allow", "operator", "--grace", "1", POLYLOOM_SECRET=secret).ready()
    mutator = Mutator(8)
    silent: list[bytes] = []
    ended = 0
    with redis.Redis.from_url(own_server.url) as client:
        for _ in range(FRAMES // BATCH):
            batch = [mutator.frame(secrets.token_urlsafe(12)) for _ in range(BATCH)]
            lost, forged = rounds(client, worker, batch, secret, mutator)
            silent, ended = silent + lost, ended + forged
        assert worker.process.poll() is None
        print(f"{FRAMES} frames, {len(silent)} conversations without an answer, {ended} ended by an entry that was not signed")
        assert silent == []
        assert ended == 0
        assert client.xlen(f"polyloom:{{w:{worker.id}}}:inbox") < 2 * BATCH, "what has ended is trimmed"
    whole = RedisClient(own_server.url, worker.id, secret=secret)
    assert whole.hello()["t"] == "hello"
    assert whole.run(whole.open(), ["import", 1, "operator"], ["call", 2, ["ref", 1, "add"], [1, 2]], ["pull", "auto", 2]) == [3]
    whole.close()


def rounds(
    client: redis.Redis, worker: WorkerProcess, damaged: list[bytes], secret: str, mutator: Mutator
) -> tuple[list[bytes], int]:
    """Send each frame in a conversation of its own, between a hello and a question; return those that nobody answered. With a
    secret the half of them is damaged after it was signed: return how many of these ended their conversation, too."""
    inbox = f"polyloom:{{w:{worker.id}}}:inbox"
    ids = [secrets.token_urlsafe(15) for _ in damaged]
    hello, question = b'{"t":"hello","protocol":1,"version":"0.1.0","client":"%s"}', b'{"t":"open","session":"last"}'
    last = b'{"t":"program","session":"last","n":1,"ops":[["operator",1,"+",1,2],["pull","auto",1]]}'
    moment = 1000 * int(client.time()[0])
    forged: set[str] = set()
    with client.pipeline(transaction=False) as batch:
        for name, text in zip(ids, damaged, strict=True):
            batch.set(f"polyloom:{{c:{name}}}:lease", 1, px=60_000)
            sealer = Sealer(secret, worker.id, moment)
            entries = [sealer.seal(name, frame) for frame in (hello % name.encode(), text, question, last)]
            if secret and mutator.random.random() < 0.5:
                entries[1] = mutator.entry(entries[1])
                forged.add(name)
            for fields in entries:
                batch.execute_command("XADD", inbox, "*", *fields)
        batch.execute()
    waiting = set(ids)
    ended: set[str] = set()

    def answered() -> bool:
        assert worker.process.poll() is None, "the worker has died"
        with client.pipeline(transaction=False) as batch:
            asked = list(waiting)
            for name in asked:
                batch.xrange(f"polyloom:{{c:{name}}}:mailbox")
            for name, entries in zip(asked, batch.execute(), strict=True):
                bodies = [json.loads(fields[b"f"]) for _, fields in entries]
                if any(map(is_end, bodies)):
                    waiting.discard(name)
                    ended.update([name] if any(body["t"] == "closed" for body in bodies) else [])
        return not waiting

    try:
        until(answered, "every conversation came to its end", LONG)
    except AssertionError:
        if worker.process.poll() is not None:
            raise
    with client.pipeline(transaction=False) as batch:
        for name in ids:
            batch.delete(f"polyloom:{{c:{name}}}:lease", f"polyloom:{{c:{name}}}:mailbox")
        batch.execute()
    return [text for name, text in zip(ids, damaged, strict=True) if name in waiting], len(forged & ended)


def is_end(body: dict[str, Any]) -> bool:
    """Tell whether a frame answers the question, or says that the conversation has ended."""
    return (body["t"] == "reply" and body["session"] == "last") or (body["t"] == "closed" and "session" not in body)
