"""The session lane: one stream in, one mailbox stream out for each client (§8), served by a crew of threads.

The leader's replies travel in the same write as its next blocking read, so a call costs the worker one write and one read.
An inbox entry stays in the stream until its program ended; replies stay in the outbox until Redis has taken them. So after a
broken connection both are sent or read again, and the other side ignores what it has already.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

import redis

from polyloom.errors import Gone, PolyloomError, ProtocolError
from polyloom.frames import Frame, write_frame
from polyloom.keys import Keys
from polyloom.policy import Policy
from polyloom.settings import Settings
from polyloom.signing import Signer
from polyloom_workers import sleep
from polyloom_workers.crew import Crew
from polyloom_workers.directory import RedisDirectory
from polyloom_workers.durable import DurableSession
from polyloom_workers.durables import Durables
from polyloom_workers.gate import Gate
from polyloom_workers.host import Host
from polyloom_workers.inbox import Entry, Inbox
from polyloom_workers.link import Link
from polyloom_workers.mailbox import Mailboxes
from polyloom_workers.memory import keep_freed
from polyloom_workers.outbox import Outbox
from polyloom_workers.output import Output
from polyloom_workers.runner import NOTHING
from polyloom_workers.session import Strand

logger = logging.getLogger(__name__)

REDIS_TIMEOUT = 5.0  # seconds for an answer about the log of a durable session
BLOCK = 1.0  # seconds that a read waits; also how soon a stop is noticed
RETRY = 0.1  # seconds before a lost connection is tried again; doubles up to RETRY_MOST
RETRY_MOST = 2.0
SETTLE = 0.2  # seconds, at most, for a leader whose connection was closed to put back what it had taken

_BROKEN = (redis.ConnectionError, redis.TimeoutError, OSError)


def shut_down() -> Gone:
    """Return what clients are told when their worker ends in order."""
    return Gone("the worker was shut down", code="WorkerLost", hint="connect again: another worker takes over")


class Lane:
    """The inbox of one worker incarnation and the mailboxes of its clients."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        keys, url = Keys(settings.prefix), settings.redis_url()
        self.crew: Crew[Strand] = Crew(self.receive, self.flush, settings.threads)
        self.host = Host(
            policy,
            settings.worker_limits(),
            self.send,
            ready=self.crew.ready,
            wake=self.crew.wake,
            attend=self.crew.attend,
            flush=self.flush,
            leave=self.crew.leave,
            directory=RedisDirectory(url, keys),
            post=lambda worker, frame: self._outbox.post(worker, frame),
        )
        self.host.runner.send = self.tell
        signer = Signer(settings.secret, self.host.id) if settings.secret else None
        self._inbox = Inbox(keys, self.host.id, Gate(signer, self.host.clients.__contains__) if signer else None)
        self._mailboxes = Mailboxes(settings.limits.mailbox_bytes)
        self._outbox = Outbox(keys, self.host.id, self._mailboxes, signer)
        self._redis = redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)
        self.durables = Durables(self._redis, keys, self.host.id, settings.secret)
        self.host.durable = functools.partial(DurableSession, self.durables, policy, settings.limits)
        self.host.on_acknowledged = self._acknowledged
        self.host.runner.unread = self._mailboxes.is_full
        self.host.runner.room_for = self._mailboxes.room
        self._read_command = self._inbox.read_command(BLOCK)
        self._reader = Link(url)
        self._writer = Link(url)
        self._writing = threading.Lock()
        self._stopping = False

    def start(self) -> None:
        """Connect, make the inbox and begin to serve it."""
        keep_freed()
        self._reader.connect()
        self._writer.connect()
        self._inbox.make(self._reader)
        self.host.runner.output = Output(self.tell, self.flush, self._mailboxes)
        self.host.runner.output.install()
        sleep.install()
        self.crew.start(self.turn)

    def leave(self) -> None:
        """Begin nothing new; programs that run go on, and may call their clients."""
        self.host.retire(shut_down())

    def idle(self) -> bool:
        """Tell whether nothing runs."""
        return self.host.idle()

    def stop(self, patience: float) -> None:
        """Stop, wait `patience` seconds at most for what runs yet, send what is answered, and tell the clients."""
        self.leave()
        self._stopping = True
        self.host.hang_up(shut_down())
        for client in list(self.host.clients):
            self._mailboxes.forget(client)  # what waits for it to read, ends
        self.crew.stop()
        self.crew.join(patience)
        self.host.part(patience, self.durables.retire(shut_down()))  # whoever takes over may enter the same
        self.durables.leave()
        for client in list(self.host.clients):
            self.host.end(client, shut_down())
        self.host.part(patience)
        self.flush()
        if self.host.runner.output is not None:
            self.host.runner.output.uninstall()
        self._reader.close()
        self.crew.join(SETTLE)
        self.flush()  # what the leader had taken and could not send
        self._writer.close()

    def expire(self, client: str) -> None:
        """Forget a client whose lease ended: of its mailbox it finds the reason, for a while."""
        self._outbox.discard(client)
        self.host.expire(client)

    def receive(self) -> bool:
        """Send what is answered and wait for programs; False when the lane stops."""
        try:
            if self._outbox:
                self._send_and_ask()
            else:
                self._reader.send([self._read_command])
            self.flush()  # what came meanwhile, and found the way taken
            self._file(self._reader.read())
            for strand in self._mailboxes.released():
                (self.crew.ready if strand is strand.session else self.crew.wake)(strand)
        except _BROKEN as error:
            self._reconnect(self._reader, error)
        return not self._stopping

    def _send_and_ask(self) -> None:
        """Send what is answered and the question for more, at once; one link at a time, so that frames keep their order."""
        with self._writing:
            commands = self._outbox.take()
            try:
                self._reader.send([*commands, self._read_command])
                if not self._outbox.settle(commands, self._reader):
                    self._make_room()
            except _BROKEN:
                self._outbox.put_back(commands)
                raise

    def _file(self, answer: Any) -> None:
        if isinstance(answer, Exception):
            if "NOGROUP" not in str(answer):
                raise redis.ConnectionError(str(answer))
            logger.warning("Redis has lost the inbox of this worker; making it anew")
            self._inbox.make(self._reader)
        elif answer:
            self._hand_over(self._inbox.take(answer[0][1], self._reader))
        else:
            self._outbox.extend(self._inbox.trim())

    def _hand_over(self, entries: Iterable[Entry]) -> None:
        for name, client, frame, lost, refusal in entries:
            if refusal is not None:
                self._refuse(client, frame, refusal, name)
            elif lost and self.host.awaits(client, frame):
                self.host.end(client, ProtocolError("an attachment expired before this worker read it"), name)
            else:
                self.host.receive(client, Frame(frame.text) if lost else frame, name)

    def _refuse(self, client: str, frame: Frame, error: PolyloomError, entry: str) -> None:
        """Tell a stranger why there will be no conversation (§16.4), or a client why a program does not run."""
        if client in self.host.clients:
            return self.host.refuse(client, frame, error, entry)
        self.send(client, write_frame({"t": "closed", "error": ["error", error.to_wire()]}), entry)

    def send(self, client: str, frame: Frame, entry: str | None) -> None:
        """Put a frame into the outbox; `entry` is the inbox entry that is done with it."""
        gone = client not in self.host.clients
        if gone:
            self._mailboxes.forget(client)
        if frame.text:
            self._outbox.reply(client, frame, orphaned=gone)
        if entry is not None:
            self._outbox.extend(self._inbox.finish(entry))

    def tell(self, client: str, frame: Frame, entry: str | None) -> None:
        """Send what a program came to, to a client that may wait for it: not to one that has gone."""
        self.send(client, frame if client in self.host.clients else NOTHING, entry)

    def turn(self, strand: Strand) -> bool:
        """Do the next work of a session, unless its client has to read first (§9)."""
        if self._mailboxes.full and self._mailboxes.hold(strand):
            return False
        return self.host.runner.turn(strand)

    def _acknowledged(self, client: str, entry: object, alone: bool = False) -> None:
        """Note what a client has read; where it says that alone, Redis is told at once."""
        self._mailboxes.acknowledge(client, entry)
        if alone and (trim := self._mailboxes.trim(client)):
            self._outbox.trim(client, trim)

    def flush(self) -> None:
        """Send what is answered and wait until Redis has it. A thread that finds another one at it leaves it to that one."""
        while self._outbox and self._writing.acquire(blocking=False):
            commands = self._outbox.take()
            try:
                self._writer.send(commands)
                if not self._outbox.settle(commands, self._writer):
                    if self._stopping:
                        return
                    self._make_room()
            except _BROKEN as error:
                self._outbox.put_back(commands)
                if self._stopping:
                    return
                self._reconnect(self._writer, error)
            finally:
                self._writing.release()

    def _make_room(self) -> None:
        """Free what has been read and ended: Redis is full."""
        self._outbox.extend(self._inbox.trim())

    def _reconnect(self, link: Link, error: Exception) -> None:
        if not self._stopping:
            logger.warning("lost the connection to Redis (%s); connecting anew", error)
        delay = RETRY
        while not self._stopping:
            try:
                link.connect()
                if link is self._reader:
                    self._inbox.make(link)
                    self._hand_over(self._inbox.missed(link))
                return
            except (redis.RedisError, OSError):
                time.sleep(delay)
                delay = min(2 * delay, RETRY_MOST)
