"""The log of one durable session in Redis (§15.2). Every step is one script, fenced by the worker that owns the log."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import redis

from polyloom.errors import Gone
from polyloom.frames import Buffer, write_frame
from polyloom.framing import pack_frame, unpack_frame
from polyloom.journal.seal import Seal
from polyloom.keys import Keys

PAGE = 256  # entries of a log in one read
MOVED = "MOVED_RUN"

# Fields of an entry; programs and replies are frames as on a byte pipe (§1.4).
TIME, PROGRAM, REPLY = b"t", b"p", b"r"


class Owner(NamedTuple):
    """Who may write a log: `worker` in its `epoch`; `started` in ms of server time, `recorded` the number of the last program,
    `tail` what the client took after that, as JSON."""

    worker: str
    epoch: int
    seed: str = ""
    started: int = 0
    recorded: int = 0
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A program as it was sent, and its reply: the keys of both frames that matter, and their attachments."""

    n: int
    program: dict[str, Any]  # ops, and where present once, released, events
    reply: dict[str, Any]  # results, and where present failed, known
    sent: Sequence[Buffer] = ()
    answered: Sequence[Buffer] = ()
    at: int = 0  # ms of server time
    octets: int = 0  # of both, in Redis


class Outcome(NamedTuple):
    """What a step that runs once came to; not `known` where it has begun, and nobody can say more."""

    known: bool = False
    result: Any = None
    attachments: Sequence[Buffer] = ()


def moved(name: str, worker: str = "") -> Gone:
    """Return the error of a worker that owns a log no longer, or not."""
    where = f"the worker {worker}" if worker else "another worker"
    return Gone(f"the durable session {name} has moved to {where}", code="Moved", hint="it goes on there")


class Journal:
    """One log, as a worker that owns it sees it; `client` returns bytes. With a secret what is read must be signed (§16.7)."""

    def __init__(self, client: redis.Redis, keys: Keys, name: str, worker: str, secret: str = "") -> None:
        self.name = name
        self._seal = Seal(secret, name)
        self.owner = Owner(worker, 0)
        self._client: Any = client  # redis-py's stubs are vague about scripts
        self._keys = keys
        self._scripts = {one: client.register_script(SCRIPTS[one]) for one in SCRIPTS}

    def seen(self) -> Owner:
        """Return who owns the log now, with an empty worker where nobody does."""
        worker, epoch = self._client.hmget(self._keys.run(self.name), "worker", "epoch")
        return Owner((worker or b"").decode(), int(epoch or 0))

    def now(self) -> int:
        """Return the server's time, in ms."""
        seconds, microseconds = self._client.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def lives(self, worker: str) -> bool:
        """Tell whether a worker holds its lease."""
        return bool(self._client.exists(self._keys.worker_lease(worker)))

    def claim(self, about: dict[str, str]) -> Owner:
        """Become the owner, unless a live worker is; Gone with the code Moved then. `about` is kept for operators."""
        seen = self.seen()
        me = self.owner.worker
        if seen.worker not in ("", me) and self.lives(seen.worker):
            raise moved(self.name, seen.worker)
        pairs = [part for pair in about.items() for part in pair]
        seed = secrets.token_hex(8)
        answer = self._run("claim", [self._keys.run(self.name)], [me, seen.worker, seen.epoch, seed, *pairs])
        worker, epoch, seed, started, recorded, tail = answer
        self.owner = Owner(worker.decode(), int(epoch), seed.decode(), int(started), int(recorded), tail.decode())
        if self.owner.worker != me or self.owner.epoch != seen.epoch + 1:
            raise moved(self.name, self.owner.worker)
        self._client.zadd(self._keys.runs, {self.name: self.owner.started})
        return self.owner

    def read(self, after: int = 0) -> Iterator[Recorded]:
        """Read what is recorded, in order, from the program after that number."""
        while page := self.page(after + 1, PAGE):
            yield from page
            after = page[-1].n

    def page(self, first: int, count: int) -> list[Recorded]:
        """Read some programs, from that number on."""
        page = self._client.xrange(self._keys.run_log(self.name), f"{first}-0", "+", count=count)
        return [self._opened(name, fields) for name, fields in page]

    def page_back(self, last: int | None, count: int) -> list[Recorded]:
        """Read some programs, from that number or the end backwards."""
        page = self._client.xrevrange(self._keys.run_log(self.name), "+" if last is None else f"{last}-0", "-", count=count)
        return [self._opened(name, fields) for name, fields in page]

    def outcomes(self) -> dict[int, Outcome]:
        """Read what became of the steps that run once, by slot."""
        found = self._client.hgetall(self._keys.run_once(self.name))
        return {int(slot): self._outcome(int(slot), value) for slot, value in found.items()}

    def record(self, one: Recorded) -> int:
        """Add a program and its reply; return the time, in ms of the server. Gone where the log has moved."""
        program, reply = _packed(one.program, one.sent), _packed(one.reply, one.answered)
        frames = program, self._seal.close(reply, self.owner.seed, "program", str(one.n), program)
        keys = [self._keys.run(self.name), self._keys.run_log(self.name)]
        return int(self._run("record", keys, [self.owner.worker, self.owner.epoch, one.n, *frames]))

    def begin(self, slot: int) -> Outcome | None:
        """Note that a step begins; return what is known of it if it began before."""
        before = self._once(slot, b"")
        return None if before is None else self._outcome(slot, before)

    def end(self, slot: int, outcome: Outcome) -> None:
        """Note what a step came to."""
        value = _packed({"result": outcome.result}, outcome.attachments)
        self._once(slot, self._seal.close(value, self.owner.seed, "once", str(slot)))

    def release(self, state: str, tail: str = "") -> bool:
        """Let go of the log, for the next owner; False where it has moved already."""
        arguments = [self.owner.worker, self.owner.epoch, state, tail]
        return bool(self._run("release", [self._keys.run(self.name)], arguments))

    def _opened(self, name: bytes, fields: dict[bytes, bytes]) -> Recorded:
        n = int(name.split(b"-")[0])
        self._seal.check(fields[REPLY], self.owner.seed, "program", str(n), fields[PROGRAM])
        return _recorded_of(n, fields)

    def _outcome(self, slot: int, value: bytes) -> Outcome:
        if value:
            self._seal.check(value, self.owner.seed, "once", str(slot))
        return _outcome_of(value)

    def _once(self, slot: int, value: bytes) -> bytes | None:
        keys = [self._keys.run(self.name), self._keys.run_once(self.name)]
        found: bytes | None = self._run("once", keys, [self.owner.worker, self.owner.epoch, slot, value])
        return found

    def _run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        try:
            return self._scripts[script](keys=keys, args=arguments)
        except redis.ResponseError as error:
            if not str(error).startswith(MOVED):
                raise
            raise moved(self.name, str(error).removeprefix(MOVED).strip()) from None


def _recorded_of(n: int, fields: dict[bytes, bytes]) -> Recorded:
    """Read an entry of a log."""
    (program, sent), (reply, answered) = unpack_frame(fields[PROGRAM]), unpack_frame(fields[REPLY])
    octets = len(fields[PROGRAM]) + len(fields[REPLY])
    return Recorded(n, json.loads(program), json.loads(reply), sent, answered, int(fields[TIME]), octets)


def _outcome_of(value: bytes) -> Outcome:
    if not value:
        return Outcome()
    text, attachments = unpack_frame(value)
    return Outcome(True, json.loads(text)["result"], attachments)


def _packed(body: dict[str, Any], attachments: Sequence[Buffer]) -> bytes:
    return b"".join(pack_frame(write_frame(body, attachments)))


SCRIPTS = {name: files("polyloom.journal").joinpath(f"{name}.lua").read_text() for name in ("claim", "record", "once", "release")}
