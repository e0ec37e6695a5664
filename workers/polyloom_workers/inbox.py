"""The worker's side of its inbox stream (§8.2): what was read, what has not ended, what may be trimmed."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis

from polyloom.frames import Frame
from polyloom.keys import FIELD_ATTACHMENT, FIELD_CLIENT, FIELD_TEXT, GROUP
from polyloom_workers.link import Link, Packed, pack

logger = logging.getLogger(__name__)

BATCH = 64  # entries in one read
TRIM_ENTRIES = 256  # finished entries, or
TRIM_BYTES = 1 << 20  # bytes of them, after which the inbox is trimmed

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Entry(NamedTuple):
    """A frame that came, from whom, and the id of the entry that brought it."""

    id: str
    client: str
    frame: Frame


class Inbox:
    """An entry stays in the stream until its program has ended, so that nobody forgets what was accepted."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.last = "0-0"  # last entry read
        self._open: dict[str, int] = {}  # entries that have not ended -> bytes, in the order of the stream
        self._finished = (0, 0)  # entries and bytes that a trim would free
        self._lock = threading.Lock()

    def make(self, link: Link) -> None:
        """Make the stream and its group, unless they are there."""
        try:
            link.ask("XGROUP", "CREATE", self.key, GROUP, "0", "MKSTREAM")
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def read_command(self, consumer: str, block: float) -> Packed:
        """Return the command that waits for entries, at most `block` seconds."""
        options = ("COUNT", BATCH, "BLOCK", int(block * 1000), "NOACK", "STREAMS", self.key, ">")
        return pack("XREADGROUP", "GROUP", GROUP, consumer, *options)

    def missed(self, link: Link) -> list[Entry]:
        """Read what was delivered on a connection that broke."""
        groups = link.ask("XINFO", "GROUPS", self.key)
        return self.take(link.ask("XRANGE", self.key, f"({self.last}", _delivered(groups[0]))) if groups else []

    def take(self, raw: Sequence[Any]) -> list[Entry]:
        """Note entries as begun and return those that have a return address; others end here."""
        return [entry for name, fields in raw if (entry := self._begin(name.decode(), fields or ())) is not None]

    def _begin(self, name: str, fields: Sequence[bytes]) -> Entry | None:
        client, frame = _read_fields(fields)
        self.last = name
        with self._lock:
            self._open[name] = len(frame.text) + sum(map(len, frame.attachments))
        if _CLIENT_ID.fullmatch(client):
            return Entry(name, client, frame)
        logger.warning("dropped entry %s of the inbox: it has no return address", name)
        self.finish(name)
        return None

    def finish(self, entry: str) -> bool:
        """Note that what an entry brought has ended; tell whether it is time to trim."""
        with self._lock:
            size = self._open.pop(entry, 0)
            entries, octets = self._finished
            self._finished = (entries + 1, octets + size)
        return entries >= TRIM_ENTRIES or octets + size >= TRIM_BYTES

    def trim_command(self) -> Packed | None:
        """Return the command that frees the entries before the oldest one that has not ended, if any has."""
        with self._lock:
            if not self._finished[0]:
                return None
            oldest = next(iter(self._open), None) or _next_id(self.last)
            self._finished = (0, 0)
        return pack("XTRIM", self.key, "MINID", oldest)


def _read_fields(fields: Sequence[bytes]) -> tuple[str, Frame]:
    """Return the client and the frame of an entry (§1.3); what is missing is empty, and refused as a frame."""
    client, text = "", b""
    attachments = []
    for name, value in zip(fields[::2], fields[1::2], strict=False):
        if name == FIELD_TEXT:
            text = value
        elif name == FIELD_CLIENT:
            client = value.decode("ascii", "replace")
        elif name == FIELD_ATTACHMENT:
            attachments.append(value)
    return client, Frame(text, attachments)


def _delivered(group: Sequence[Any]) -> str:
    """Return the `last-delivered-id` of an answer of XINFO GROUPS."""
    fields = dict(zip(group[::2], group[1::2], strict=False))
    return str(fields[b"last-delivered-id"].decode())


def _next_id(entry: str) -> str:
    milliseconds, _, sequence = entry.partition("-")
    return f"{milliseconds}-{int(sequence) + 1}"
