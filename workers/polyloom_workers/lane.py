"""The session lane: one stream in, one mailbox stream out for each client (§8), served by a crew of threads.

The leader's replies travel in the same write as its next blocking read, so a call costs the worker one write and one read.
An inbox entry stays in the stream until its program ended; replies stay in the outbox until Redis has taken them. So after a
broken connection both are sent or read again, and the other side ignores what it has already.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import redis

from polyloom.errors import Gone
from polyloom.frames import Frame
from polyloom.keys import FIELD_ATTACHMENT, FIELD_CLIENT, FIELD_TEXT, GROUP, Keys
from polyloom.policy import Policy
from polyloom.settings import Settings
from polyloom_workers.crew import Crew
from polyloom_workers.host import Host
from polyloom_workers.link import Link, Packed, pack
from polyloom_workers.session import Session

logger = logging.getLogger(__name__)

BATCH = 64  # entries in one read
BLOCK = 1.0  # seconds that a read waits; also how soon a stop is noticed
TRIM_ENTRIES = 256  # finished entries, or
TRIM_BYTES = 1 << 20  # bytes of them, after which the inbox is trimmed
RETRY = 0.1  # seconds before a lost connection is tried again; doubles up to RETRY_MOST
RETRY_MOST = 2.0
ORPHANED = 60_000  # ms that a mailbox is kept after the conversation ended: nobody else would free it

_BROKEN = (redis.ConnectionError, redis.TimeoutError, OSError)
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_PASSING = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.TryAgainError,
)
_ENTRY_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")


class Lane:
    """The inbox of one worker incarnation and the mailboxes of its clients."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self._keys = Keys(settings.prefix)
        self._url = settings.redis_url()
        self.host = Host(policy, settings.limits, self.send, lambda session: self.crew.ready(session))
        self.host.on_acknowledged = self.acknowledged
        self.crew: Crew[Session] = Crew(self.receive, self.host.turn, self.flush, settings.threads)
        self._inbox = self._keys.inbox(self.host.id)
        self._reader = Link(self._url)
        self._writer = Link(self._url)
        self._writing = threading.Lock()
        self._outbox: deque[Packed] = deque()
        self._last = "0-0"  # last entry read
        self._open: dict[str, int] = {}  # entries whose program has not ended -> bytes
        self._finished = (0, 0)  # entries and bytes that a trim would free
        self._books = threading.Lock()
        self._acks: dict[str, str] = {}
        self._stopping = False
        self._read_command: Packed = []

    # Life

    def start(self) -> None:
        """Connect, make the inbox and begin to serve it."""
        self._reader.connect()
        self._writer.connect()
        self._make_inbox(self._reader)
        block = int(BLOCK * 1000)
        options = ("COUNT", BATCH, "BLOCK", block, "NOACK", "STREAMS", self._inbox, ">")
        self._read_command = pack("XREADGROUP", "GROUP", GROUP, self.host.id, *options)
        self.crew.start()

    def stop(self, grace: float) -> None:
        """Let running programs end, at most `grace` seconds, send what is answered, and tell the clients."""
        self._stopping = True
        self.crew.stop()
        self.crew.join(grace)
        for client in list(self.host.clients):
            self.host.end(
                client, Gone("the worker was shut down", code="WorkerLost", hint="connect again: another worker takes over")
            )
        self.flush()
        self._reader.close()
        self._writer.close()

    def _make_inbox(self, link: Link) -> None:
        try:
            link.ask("XGROUP", "CREATE", self._inbox, GROUP, "0", "MKSTREAM")
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    # In

    def receive(self) -> bool:
        """Send what is answered and wait for programs; False when the lane stops."""
        commands = self._take()
        try:
            self._reader.send([*commands, self._read_command])
            self._settle(commands, self._reader)
            self._file(self._reader.read())
        except _BROKEN as error:
            self._put_back(commands)
            self._reconnect(self._reader, error)
        return not self._stopping

    def _file(self, answer: Any) -> None:
        if isinstance(answer, Exception):  # the inbox is lost, or Redis is not itself: a new connection makes it anew
            raise redis.ConnectionError(str(answer))
        if answer:
            self._entries(answer[0][1])
        elif self._finished[0]:
            self._trim()

    def _entries(self, entries: Sequence[Any]) -> None:
        for entry, fields in entries:
            self._last = name = entry.decode()
            client, frame = _read_entry(fields or ())
            with self._books:
                self._open[name] = len(frame.text) + sum(map(len, frame.attachments))
            if client in self.host.clients or _CLIENT_ID.fullmatch(client):
                self.host.receive(client, frame, name)
            else:
                logger.warning("dropped entry %s of the inbox: it has no return address", name)
                self._finish(name)

    def _catch_up(self, link: Link) -> None:
        """Read what was delivered on a connection that broke (§8.2)."""
        last = link.ask("XINFO", "GROUPS", self._inbox)
        if last:
            self._entries(link.ask("XRANGE", self._inbox, f"({self._last}", _delivered(last[0])))

    # Out

    def send(self, client: str, frame: Frame, entry: str | None) -> None:
        """Put a frame into the outbox; `entry` is the inbox entry that is done with it."""
        if frame.text:
            minimum = self._acks.pop(client, None)
            trim = ("MINID", minimum) if minimum else ()
            fields: list[str | bytes] = [FIELD_CLIENT, self.host.id, FIELD_TEXT, frame.text]
            for attachment in frame.attachments:
                fields += (FIELD_ATTACHMENT, bytes(attachment))
            mailbox = self._keys.mailbox(client)
            self._outbox.append(pack("XADD", mailbox, *trim, "*", *fields))
            if client not in self.host.clients:
                self._outbox.append(pack("PEXPIRE", mailbox, ORPHANED))
        if entry is not None:
            self._finish(entry)

    def acknowledged(self, client: str, entry: object) -> None:
        """Note up to where a client has read its mailbox."""
        if isinstance(entry, str) and _ENTRY_ID.fullmatch(entry):
            self._acks[client] = entry

    def flush(self) -> None:
        """Send what is answered and wait until Redis has it. A thread that finds another one at it leaves it to that one."""
        while self._outbox and self._writing.acquire(blocking=False):
            commands = self._take()
            try:
                self._writer.send(commands)
                if not self._settle(commands, self._writer) and self._stopping:
                    return
            except _BROKEN as error:
                self._put_back(commands)
                if self._stopping:
                    return
                self._reconnect(self._writer, error)
            finally:
                self._writing.release()

    def _take(self) -> list[Packed]:
        commands = []
        while self._outbox:
            commands.append(self._outbox.popleft())
        return commands

    def _put_back(self, commands: list[Packed]) -> None:
        self._outbox.extendleft(reversed(commands))

    def _settle(self, commands: list[Packed], link: Link) -> bool:
        """Read the replies to commands; what Redis refused for now (it is full, or loading) waits in the outbox: False."""
        answers = [link.read() for _ in commands]
        refused = [(command, answer) for command, answer in zip(commands, answers, strict=True) if isinstance(answer, Exception)]
        waiting = [command for command, answer in refused if _passes(answer)]
        if refused:
            logger.error("Redis refused %d replies, trying %d again: %s", len(refused), len(waiting), refused[0][1])
        if waiting:
            self._put_back(waiting)
            time.sleep(RETRY)
        return not waiting

    # Entries and their end

    def _finish(self, entry: str) -> None:
        with self._books:
            size = self._open.pop(entry, 0)
            entries, octets = self._finished
            self._finished = (entries + 1, octets + size)
        if entries >= TRIM_ENTRIES or octets + size >= TRIM_BYTES:
            self._trim()

    def _trim(self) -> None:
        """Free the entries before the oldest one that has not ended."""
        with self._books:
            oldest = next(iter(self._open), None) or _next_id(self._last)
            self._finished = (0, 0)
        self._outbox.append(pack("XTRIM", self._inbox, "MINID", oldest))

    def _reconnect(self, link: Link, error: Exception) -> None:
        logger.warning("lost the connection to Redis (%s); connecting anew", error)
        delay = RETRY
        while not self._stopping:
            try:
                link.connect()
                if link is self._reader:
                    self._make_inbox(link)
                    self._catch_up(link)
                return
            except (redis.RedisError, OSError):
                time.sleep(delay)
                delay = min(2 * delay, RETRY_MOST)


def _passes(error: Exception) -> bool:
    """Tell a refusal that ends by itself (no memory, no replica, loading) from one of the command (no stream)."""
    return isinstance(error, _PASSING) or str(error).startswith(("MISCONF", "NOREPLICAS", "BUSY"))


def _read_entry(fields: Sequence[bytes]) -> tuple[str, Frame]:
    """Return the client and the frame of a stream entry (§1.3); what is missing is empty, and refused as a frame."""
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
