"""Signatures of entries, of workers and of jobs (§16). Mirrors `signing.ts`."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Iterable, Sequence

from polyloom.frames import Buffer
from polyloom.keys import FIELD_MOMENT, FIELD_NUMBER, FIELD_SIGNATURE
from polyloom.ops import PROTOCOL

ENTRY, WORKER, JOB, LOG = (f"polyloom/{PROTOCOL}/{what}".encode() for what in ("entry", "worker", "job", "log"))
PROOF_DIGITS = 16  # enough to compare secrets by
NUMBER_DIGITS = 16  # so that JavaScript holds each number exactly
RECEIVERS = 10_000  # whose last numbers are kept
HINT = "set the same POLYLOOM_SECRET on both sides, or on neither; `polyloom doctor` tells which workers share yours"

Field = str | Buffer
"""A name or a value of a stream entry."""


def sign(secret: bytes, parts: Iterable[Field]) -> str:
    """Return the signature of parts, each taken with its length, so that no two lists of parts have the same bytes (§16.2)."""
    pieces: list[Buffer] = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        pieces += [len(data).to_bytes(4, "big"), data]
    return hmac.digest(secret, b"".join(pieces), "sha256").hex()


def matches(secret: bytes, signature: bytes, parts: Iterable[Field]) -> bool:
    """Tell whether a signature is that of these parts."""
    return hmac.compare_digest(sign(secret, parts).encode(), signature)


def digest(data: Buffer) -> str:
    """Return what stands for the bytes of a blob in a signed entry."""
    return hashlib.sha256(data).hexdigest()


def proof(secret: str, worker: str) -> str:
    """Return what shows that a worker has the secret (§16.5); empty without one."""
    return sign(secret.encode(), [WORKER, worker])[:PROOF_DIGITS] if secret else ""


class Signer:
    """Signs the entries of one sender, and knows those that are for it. Any thread may use it."""

    def __init__(self, secret: str, own: str) -> None:
        self._secret = secret.encode()
        self._own = own
        self._numbers: dict[str, int] = {}  # the last one by receiver; who is dropped here goes on above
        self._lock = threading.Lock()

    def seal(self, receiver: str, fields: Sequence[Field], moment: int | None = None) -> list[Field]:
        """Return the fields of an entry with those that sign it; `moment` is the server's time in ms, for a beginning (§16.4)."""
        sealed = [*fields, FIELD_NUMBER, str(self._next(receiver))]
        if moment is not None:
            sealed[-2:-2] = [FIELD_MOMENT, str(moment)]
        return [*sealed, FIELD_SIGNATURE, sign(self._secret, [ENTRY, receiver, *sealed])]

    def number(self, fields: Sequence[bytes]) -> int | None:
        """Return the number of an entry that came; None where its signature is missing or wrong."""
        if len(fields) < 4 or fields[-2] != FIELD_SIGNATURE or fields[-4] != FIELD_NUMBER:
            return None
        number = fields[-3]
        if not number.isdigit() or len(number) > NUMBER_DIGITS:
            return None
        return int(number) if matches(self._secret, fields[-1], [ENTRY, self._own, *fields[:-2]]) else None

    def _next(self, receiver: str) -> int:
        with self._lock:
            number = (self._numbers.pop(receiver, None) or time.monotonic_ns() // 1000) + 1
            self._numbers[receiver] = number
            if len(self._numbers) > RECEIVERS:
                del self._numbers[next(iter(self._numbers))]
        return number


def moment_of(fields: Sequence[bytes]) -> int | None:
    """Return the server's time in ms that a signed entry names; None where it names none."""
    if len(fields) < 6 or fields[-6] != FIELD_MOMENT or not fields[-5].isdigit() or len(fields[-5]) > NUMBER_DIGITS:
        return None
    return int(fields[-5])
