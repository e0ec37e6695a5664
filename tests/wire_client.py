"""A client that knows nothing but docs/reference/wire-protocol.md: no module of Polyloom is imported here.

Values are written and read as wire forms, so that a test shows what really travels.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import select
import struct
import subprocess
import sys
import time
from collections import deque
from itertools import pairwise
from typing import Any

import redis

from deadline import LONG

Body = dict[str, Any]


class Silence(AssertionError):
    """The host did not say what was waited for."""


class Client:
    """A conversation over some transport, which `put` writes to and `take` reads from."""

    def __init__(self) -> None:
        self.frames: deque[tuple[Body, list[bytes]]] = deque()  # received, but asked for by nobody yet
        self.numbers: dict[str, int] = {}

    def put(self, text: bytes, attachments: list[bytes]) -> None:
        raise NotImplementedError

    def take(self, seconds: float) -> tuple[bytes, list[bytes]] | None:
        raise NotImplementedError

    def send(self, *attachments: bytes, **body: Any) -> None:
        """Send a frame; `t` is its kind."""
        self.put(json.dumps(body).encode("ascii"), list(attachments))

    def hello(self, **changes: Any) -> Body:
        """Say hello and return the answer (§2)."""
        self.send(**{"t": "hello", "protocol": 1, "version": "0.1.0", "client": "x" * 20} | changes)
        return self.expect("hello", "closed")

    def open(self, **keys: Any) -> str:
        """Open a session of a new id (§4.1)."""
        session = secrets.token_urlsafe(15)
        self.numbers[session] = 0
        self.send(t="open", session=session, **keys)
        return session

    def post(self, session: str, *ops: Any, attachments: tuple[bytes, ...] = (), **keys: Any) -> int:
        """Send a program and return its number (§5.1)."""
        self.numbers[session] += 1
        n = self.numbers[session]
        self.send(*attachments, t="program", session=session, n=n, ops=list(ops), **keys)
        return n

    def run(self, session: str, *ops: Any, attachments: tuple[bytes, ...] = (), **keys: Any) -> list[Any]:
        """Send a program and return its results (§6.1)."""
        return self.results(session, self.post(session, *ops, attachments=attachments, **keys))

    def results(self, session: str, n: int) -> list[Any]:
        """Return the results of a program that was sent, those that come late too (§5.7)."""
        results = self.reply(session, n)["results"]
        while ["pending"] in results:
            late = self.find(
                lambda body: body["t"] == "late" and (body["session"], body["n"]) == (session, n), f"the rest of {n}"
            )
            for at, value in late["results"]:
                results[at] = value
        return results

    def reply(self, session: str, n: int) -> Body:
        """Return the reply to a program, with its attachments under `attachments`."""
        return self.find(lambda body: body["t"] == "reply" and (body["session"], body["n"]) == (session, n), f"reply {n}")

    def expect(self, *kinds: str) -> Body:
        """Return the next frame of one of these kinds."""
        return self.find(lambda body: body["t"] in kinds, f"a frame {' or '.join(kinds)}")

    def find(self, wanted: Any, what: str, seconds: float = LONG) -> Body:
        """Return the first frame that is wanted; what comes before it is kept."""
        end = time.monotonic() + seconds
        passed = 0
        while True:
            while passed < len(self.frames):
                body, attachments = self.frames[passed]
                if wanted(body):
                    del self.frames[passed]
                    return body | {"attachments": attachments}
                passed += 1
            if (frame := self.take(max(0.0, end - time.monotonic()))) is not None:
                self.frames.append((json.loads(frame[0]), frame[1]))
            elif time.monotonic() >= end:
                raise Silence(f"no {what}; there were {[body for body, _ in self.frames]}")


class StdioClient(Client):
    """Frames on the standard streams of a process (§1.4)."""

    def __init__(self, *command: str, **options: Any) -> None:
        super().__init__()
        argv = command or (sys.executable, "-m", "polyloom", "stdio")
        options.setdefault("stderr", subprocess.PIPE)
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.unread = b""

    def put(self, text: bytes, attachments: list[bytes]) -> None:
        lengths = [len(one) for one in attachments]
        head = struct.pack(f">II{len(lengths)}I", len(text), len(lengths), *lengths)
        self.write(head + text + b"".join(attachments))

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.stdin.write(data)
        self.stdin.flush()

    def take(self, seconds: float) -> tuple[bytes, list[bytes]] | None:
        end = time.monotonic() + seconds
        while (frame := self._cut()) is None:
            ready, _, _ = select.select([self.stdout], [], [], max(0.0, end - time.monotonic()))
            chunk = os.read(self.stdout.fileno(), 1 << 20) if ready else b""
            if not chunk:
                return None
            self.unread += chunk
        return frame

    def _cut(self) -> tuple[bytes, list[bytes]] | None:
        if len(self.unread) < 8:
            return None
        text, count = struct.unpack_from(">II", self.unread)
        if len(self.unread) < 8 + 4 * count:
            return None
        ends = [8 + 4 * count + text]
        for length in struct.unpack_from(f">{count}I", self.unread, 8):
            ends.append(ends[-1] + length)
        if len(self.unread) < ends[-1]:
            return None
        frame = self.unread[ends[0] - text : ends[0]]
        attachments = [self.unread[start:end] for start, end in pairwise(ends)]
        self.unread = self.unread[ends[-1] :]
        return frame, attachments

    def close(self) -> int:
        """End the input and return the exit status."""
        self.stdin.close()
        status = self.process.wait(LONG)
        self.stdout.close()
        if self.process.stderr is not None:
            self.process.stderr.close()
        return status


def signature(secret: str, *parts: str | bytes) -> str:
    """Return the signature of parts (§16.2)."""
    octets = [part.encode() if isinstance(part, str) else part for part in parts]
    message = b"".join(struct.pack(">I", len(part)) + part for part in octets)
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class RedisClient(Client):
    """Entries of streams (§1.3, §8), signed where there is a secret (§16)."""

    def __init__(
        self, url: str, worker: str, prefix: str = "polyloom:", lease: float = 600.0, secret: str = "", name: str = ""
    ) -> None:
        super().__init__()
        self.redis = redis.Redis.from_url(url)
        self.id = name or secrets.token_urlsafe(15)
        self.worker = worker
        self.secret = secret
        self.number = 0  # of the last entry that was signed
        self.written: list[list[str | bytes]] = []  # entries, as they were written
        self.inbox = f"{prefix}{{w:{worker}}}:inbox"
        self.mailbox = f"{prefix}{{c:{self.id}}}:mailbox"
        self.lease = f"{prefix}{{c:{self.id}}}:lease"
        self.redis.set(self.lease, 1, px=int(lease * 1000))
        self.last = "0"

    def hello(self, **changes: Any) -> Body:
        return super().hello(**{"client": self.id} | changes)

    def put(self, text: bytes, attachments: list[bytes]) -> None:
        pieces: list[str | bytes] = ["c", self.id, "f", text]
        for one in attachments:
            pieces += ["a", one]
        self.write(self.sealed(pieces) if self.secret else pieces)

    def write(self, pieces: list[str | bytes]) -> None:
        """Write an entry as it is."""
        self.written.append(pieces)
        self.redis.execute_command("XADD", self.inbox, "*", *pieces)

    def sealed(self, pieces: list[str | bytes], moment: int | None = None, **changes: str) -> list[str | bytes]:
        """Return the fields of a signed entry (§16.2); `changes` are another `secret` or `receiver`."""
        if moment is None and not self.number:
            seconds, microseconds = self.redis.time()
            moment = 1000 * int(seconds) + int(microseconds) // 1000
        self.number += 1
        fields = [*pieces, *(() if moment is None else ("t", str(moment))), "q", str(self.number)]
        made = signature(changes.get("secret", self.secret), "polyloom/1/entry", changes.get("receiver", self.worker), *fields)
        return [*fields, "s", made]

    def take(self, seconds: float) -> tuple[bytes, list[bytes]] | None:
        block = max(1, int(min(seconds, 1.0) * 1000))
        command = ("XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", self.mailbox, self.last)
        connection = self.redis.connection_pool.get_connection()
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        finally:
            self.redis.connection_pool.release(connection)
        if not answer:
            return None
        streams = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
        name, fields = streams[0]
        self.last = name.decode()
        if self.secret:
            assert fields[-2] == b"s", "the entry is signed"
            assert fields[-1].decode() == signature(self.secret, "polyloom/1/entry", self.id, *fields[:-2])
        values = [(fields[at], fields[at + 1]) for at in range(0, len(fields), 2)]
        self.blobs = [value.decode().partition(".")[0] for field, value in values if field == b"b"]
        return dict(values)[b"f"], [self._read(field, value) for field, value in values if field in (b"a", b"b")]

    def _read(self, field: bytes, value: bytes) -> bytes:
        if field == b"a":
            return value
        name, _, digest = value.decode().partition(".")
        data: bytes | None = self.redis.get(self.blob(name))
        assert data is not None, "the blob is there when its entry is"
        assert not self.secret or hashlib.sha256(data).hexdigest() == digest
        return data

    def blob(self, name: str) -> str:
        """Return the key of a blob of a frame to this client (§8.5)."""
        return self.mailbox.replace(":mailbox", f":blob:{name}")

    def put_blob(self, data: bytes) -> tuple[str, str]:
        """Write a blob for the worker and return its id and its key."""
        name = secrets.token_urlsafe(15)
        key = self.inbox.replace(":inbox", f":blob:{name}")
        self.redis.set(key, data, ex=60)
        return name, key

    def close(self) -> None:
        """Say bye, give the lease up and disconnect."""
        self.send(t="bye")
        self.redis.delete(self.lease)
        self.redis.close()
