"""The worker's side of its inbox stream (§8.2): what was read, what has not ended, what may be trimmed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import redis

from polyloom.errors import SignatureError
from polyloom.frames import Buffer, Frame
from polyloom.handle import ID
from polyloom.keys import FIELD_ATTACHMENT, FIELD_BLOB, FIELD_CLIENT, FIELD_TEXT, GROUP, Keys
from polyloom.signing import digest
from polyloom_workers.gate import Clock, Gate
from polyloom_workers.link import Link, Packed, pack

logger = logging.getLogger(__name__)

BATCH = 64  # entries in one read
TRIM_ENTRIES = 256  # finished entries, or
WRITERS = "somebody else writes to this Redis server: docs/how-to/secure-redis.md"
TRIM_BYTES = 1 << 20  # bytes of them, after which the inbox is trimmed


class Entry(NamedTuple):
    """A frame that came, from whom, and the id of the entry that brought it. `lost` when one of its blobs is gone; `refusal` says
    why it is not taken (§16): its sender is to be told."""

    id: str
    client: str
    frame: Frame
    lost: bool = False
    refusal: SignatureError | None = None


class _Open(NamedTuple):
    """An entry that has not ended: its size and the keys of its blobs."""

    octets: int
    blobs: tuple[str, ...]


class Inbox:
    """An entry stays in the stream until its program has ended, so that nobody forgets what was accepted. With a gate it takes
    signed entries only."""

    def __init__(self, keys: Keys, worker: str, gate: Gate | None = None) -> None:
        self.key = keys.inbox(worker)
        self.last = "0-0"  # last entry read
        self._keys = keys
        self._worker = worker
        self._gate = gate
        self._open: dict[str, _Open] = {}  # in the order of the stream
        self._finished = (0, 0)  # entries and bytes that a trim would free
        self._lock = threading.Lock()

    def make(self, link: Link) -> None:
        """Make the stream and its group, unless they are there."""
        try:
            link.ask("XGROUP", "CREATE", self.key, GROUP, "0", "MKSTREAM")
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def read_command(self, block: float) -> Packed:
        """Return the command that waits for entries, at most `block` seconds."""
        options = ("COUNT", BATCH, "BLOCK", int(block * 1000), "NOACK", "STREAMS", self.key, ">")
        return pack("XREADGROUP", "GROUP", GROUP, self._worker, *options)

    def missed(self, link: Link) -> Iterator[Entry]:
        """Read what was delivered on a connection that broke."""
        groups = link.ask("XINFO", "GROUPS", self.key)
        return self.take(link.ask("XRANGE", self.key, f"({self.last}", _delivered(groups[0])), link) if groups else iter(())

    def take(self, raw: Sequence[Any], link: Link) -> Iterator[Entry]:
        """Note entries as begun and give those that have a return address, one by one; others end here. Where the connection
        breaks, at a blob, those that were given are not read again."""
        begin = self._begin if self._gate is None else partial(self._check, self._gate, cache(partial(_server_time, link)))
        for name, fields in raw:
            if (entry := begin(name.decode(), fields or (), link)) is not None:
                yield entry

    def _begin(self, name: str, fields: Sequence[bytes], link: Link) -> Entry | None:
        client, text, attachments = _read_fields(fields)
        octets, blobs = len(text), _NO_BLOBS
        if attachments:
            blobs = tuple(self._keys.worker_blob(self._worker, one.id) for one in attachments if isinstance(one, _Blob))
            attachments = _fetch(attachments, blobs, link) if blobs else attachments
            octets += sum(len(one or b"") for one in attachments)
        self.last = name
        with self._lock:
            self._open[name] = _Open(octets, blobs)
        if ID.fullmatch(client):
            return Entry(name, client, Frame(text, attachments), lost=None in attachments)
        logger.warning("dropped entry %s of the inbox: it has no return address", name)
        self.finish(name)
        return None

    def _check(self, gate: Gate, now: Clock, name: str, fields: Sequence[bytes], link: Link) -> Entry | None:
        """Begin an entry that is signed. What is dropped frees no blob: its blobs may be those of another one."""
        client, text, attachments = _read_fields(fields)
        try:
            number = gate.check(client, text, fields, now) if ID.fullmatch(client) else None
        except SignatureError as error:
            entry = self._begin(name, [FIELD_CLIENT, client.encode()], link)
            return entry and entry._replace(refusal=error)
        if number is None:
            self._drop(name, len(text))
            return None
        entry = self._begin(name, fields, link)
        gate.take(client, number)
        if entry is not None and not entry.lost and _spoiled(attachments, entry.frame.attachments):
            return entry._replace(refusal=SignatureError("an attachment is not the one that was signed", hint=WRITERS))
        return entry

    def _drop(self, name: str, octets: int) -> None:
        """Pass an entry by; the next trim frees it."""
        self.last = name
        with self._lock:
            self._finished = (self._finished[0] + 1, self._finished[1] + octets)

    def finish(self, entry: str) -> list[Packed]:
        """Note that what an entry brought has ended; return what Redis may free now."""
        with self._lock:
            ended = self._open.pop(entry, _GONE)
            entries, octets = self._finished
            entries, octets = self._finished = (entries + 1, octets + ended.octets)
        freed = [pack("UNLINK", *ended.blobs)] if ended.blobs else []
        return [*freed, *self.trim()] if entries > TRIM_ENTRIES or octets >= TRIM_BYTES else freed

    def trim(self) -> list[Packed]:
        """Return the command that frees the entries before the oldest one that has not ended, if any has."""
        with self._lock:
            if not self._finished[0]:
                return []
            oldest = next(iter(self._open), None) or _next_id(self.last)
            self._finished = (0, 0)
        return [pack("XTRIM", self.key, "MINID", oldest)]


_NO_BLOBS: tuple[str, ...] = ()
_GONE = _Open(0, _NO_BLOBS)


class _Blob(NamedTuple):
    """An attachment that lies in a key of its own (§8.5), and the digest of its bytes where that is signed (§16.2)."""

    id: str
    digest: str


def _read_fields(fields: Sequence[bytes]) -> tuple[str, bytes, list[Any]]:
    """Return the client, the text and the attachments of an entry (§1.3); what is missing is empty, and refused as a frame."""
    client, text = "", b""
    attachments: list[Any] = []
    for name, value in zip(fields[::2], fields[1::2], strict=False):
        if name == FIELD_TEXT:
            text = value
        elif name == FIELD_CLIENT:
            client = value.decode("ascii", "replace")
        elif name == FIELD_ATTACHMENT:
            attachments.append(value)
        elif name == FIELD_BLOB:
            blob, _, signed = value.decode("ascii", "replace").partition(".")
            attachments.append(_Blob(blob, signed))
    return client, text, attachments


def _fetch(attachments: Sequence[Any], keys: Sequence[str], link: Link) -> list[Any]:
    """Return the attachments with the bytes of blobs in their places; None for one that is gone."""
    found = iter(link.fetch(keys))
    return [next(found) if isinstance(one, _Blob) else one for one in attachments]


def _spoiled(named: Sequence[Any], found: Sequence[Buffer]) -> bool:
    """Tell whether the bytes of some blob are not those that were signed."""
    return any(isinstance(one, _Blob) and digest(data) != one.digest for one, data in zip(named, found, strict=True))


def _server_time(link: Link) -> int:
    """Return the server's time, in ms."""
    seconds, microseconds = link.ask("TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000


def _delivered(group: Sequence[Any]) -> str:
    """Return the `last-delivered-id` of an answer of XINFO GROUPS."""
    fields = dict(zip(group[::2], group[1::2], strict=False))
    return str(fields[b"last-delivered-id"].decode())


def _next_id(entry: str) -> str:
    milliseconds, _, sequence = entry.partition("-")
    return f"{milliseconds}-{int(sequence) + 1}"
