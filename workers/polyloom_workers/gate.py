"""Which entries of its inbox a worker with a secret takes (§16.3, §16.4). It belongs to the thread that reads the inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from polyloom.errors import PolyloomError, SignatureError
from polyloom.frames import Frame, read_frame
from polyloom.keys import FIELD_SIGNATURE
from polyloom.seen import Seen
from polyloom.signing import HINT, Signer, moment_of
from polyloom_workers.alarm import Alarm

FRESH = 300_000  # ms that the beginning of a conversation may be old, and that its numbers are remembered at least
BEGINNINGS = ("hello", "survey")  # kinds of frames that tell when they were written
NEIGHBOURS = ("fetch", "fetched")  # and those of other workers, which need no hello

Clock = Callable[[], int]
"""Asks the server for its time, in ms."""


class Sender(NamedTuple):
    """Somebody who is known: the numbers that were taken, and the server's time in ms of the first."""

    seen: Seen
    since: int


class Gate:
    """`talks` tells whether somebody is in a conversation with this worker."""

    def __init__(self, signer: Signer, talks: Callable[[str], bool]) -> None:
        self.alarm = Alarm()
        self._signer = signer
        self._talks = talks
        self._senders: dict[str, Sender] = {}

    def check(self, client: str, text: bytes, fields: Sequence[bytes], now: Clock) -> int | None:
        """Return the number of an entry that is to be taken, and None for one to be dropped. SignatureError for one whose sender
        is to be told."""
        try:
            return self._check(client, text, fields, now)
        except SignatureError as error:
            self.alarm.ring(client, error)
            raise

    def _check(self, client: str, text: bytes, fields: Sequence[bytes], now: Clock) -> int | None:
        number, sender = self._signer.number(fields), self._senders.get(client)
        if number is None:
            if sender is None and not self._talks(client):
                raise _unverified(fields)
            self.alarm.ring(client)
            return None
        if sender is None:
            self._meet(client, number, _kind(text), moment_of(fields), now)
        elif number in sender.seen:
            return None
        return number

    def take(self, client: str, number: int) -> None:
        """Note that an entry was taken. Until then it may be read again, by a connection that broke meanwhile."""
        if client in self._senders:
            self._senders[client].seen.add(number)

    def _meet(self, client: str, number: int, kind: str, moment: int | None, now: Clock) -> None:
        """Get to know a sender. What else a stranger sends is answered by the host, and changes nothing."""
        if kind in BEGINNINGS:
            time = now()
            if moment is None or abs(time - moment) > FRESH:
                raise _stale(kind, moment, time)
            self._forget(time)
            self._senders[client] = Sender(Seen(number), moment)
        elif kind in NEIGHBOURS:
            self._senders[client] = Sender(Seen(), now())

    def _forget(self, time: int) -> None:
        """Look at the two that were looked at least recently, and forget who has ended and could not begin again."""
        for client in list(islice(self._senders, 2)):
            sender = self._senders.pop(client)
            if self._talks(client) or time <= sender.since + FRESH:
                self._senders[client] = sender


def _kind(text: bytes) -> str:
    """Return the kind of a frame; an empty text where it is none."""
    try:
        return str(read_frame(Frame(text))["t"])
    except PolyloomError:
        return ""


def _unverified(fields: Sequence[bytes]) -> SignatureError:
    signed = len(fields) > 1 and fields[-2] == FIELD_SIGNATURE
    reason = (
        "is signed with another secret, or was changed" if signed else "is not signed, and this worker takes signed ones only"
    )
    return SignatureError(f"what this client sent {reason}", hint=HINT)


def _stale(kind: str, moment: int | None, time: int) -> SignatureError:
    if moment is None:
        return SignatureError(f"a signed {kind} tells the time when it was written, and this one does not", hint="connect again")
    age = (time - moment) / 1000
    return SignatureError(f"the {kind} was written {age:,.0f} s ago, by the server's clock: it is a copy", hint="connect again")
