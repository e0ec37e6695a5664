"""What the lane has to tell Redis: replies for the mailboxes of clients (§8.3), kept until Redis has taken them."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from polyloom.frames import Buffer, Frame
from polyloom.handle import new_id
from polyloom.keys import BLOB_BYTES, BLOB_SECONDS, FIELD_ATTACHMENT, FIELD_BLOB, FIELD_CLIENT, FIELD_TEXT, Keys
from polyloom.servers import passes
from polyloom.signing import Field, Signer, digest
from polyloom_workers.link import Link, Packed, pack
from polyloom_workers.mailbox import Mailboxes

logger = logging.getLogger(__name__)

RETRY = 0.1  # seconds before what Redis refused is sent again
ORPHANED = 60_000  # ms that a mailbox is kept after the conversation ended: nobody else would free it


class Letter(list[Buffer]):
    """The command that writes a frame into a mailbox, which is counted."""

    __slots__ = ("client", "octets")

    def __init__(self, command: Packed, client: str, octets: int) -> None:
        super().__init__(command)
        self.client = client
        self.octets = octets


class Outbox:
    """Commands in order; any thread may add, and each link that sends takes all there are. With a signer entries are signed."""

    def __init__(self, keys: Keys, worker: str, mailboxes: Mailboxes, signer: Signer | None = None) -> None:
        self._keys = keys
        self._worker = worker
        self._mailboxes = mailboxes
        self._signer = signer
        self._commands: deque[Packed] = deque()
        self._refusing = False  # Redis refuses for the moment, and the log says so

    def __bool__(self) -> bool:
        return bool(self._commands)

    def add(self, command: Packed) -> None:
        """Add any command."""
        self._commands.append(command)

    def extend(self, commands: list[Packed]) -> None:
        """Add commands in order."""
        self._commands.extend(commands)

    def reply(self, client: str, frame: Frame, *, orphaned: bool) -> None:
        """Add a frame for a client; what the client has acknowledged is trimmed by the same command."""
        mailbox = self._keys.mailbox(client)
        octets = len(frame.text) + (sum(map(len, frame.attachments)) if frame.attachments else 0)
        acknowledged = "" if orphaned else self._mailboxes.write(client, octets)
        trim = ("MINID", acknowledged) if acknowledged else ()
        fields: list[Field] = [FIELD_CLIENT, self._worker, FIELD_TEXT, frame.text]
        for attachment in frame.attachments:
            fields += self._attach(attachment, partial(self._keys.client_blob, client))
        fields = fields if self._signer is None else self._signer.seal(client, fields)
        command = pack("XADD", mailbox, *trim, "*", *fields)
        self.add(command if orphaned else Letter(command, client, octets))
        if orphaned:
            self.add(pack("PEXPIRE", mailbox, ORPHANED))

    def trim(self, client: str, entry: str) -> None:
        """Free what a client has read."""
        self.add(pack("XTRIM", self._keys.mailbox(client), "MINID", entry))

    def discard(self, client: str) -> None:
        """Free what a client has not read."""
        self.add(pack("UNLINK", self._keys.mailbox(client)))

    def post(self, worker: str, frame: Frame) -> None:
        """Add a frame for another worker; one that is gone gets none, since its inbox must not be made anew."""
        fields: list[Field] = [FIELD_CLIENT, self._worker, FIELD_TEXT, frame.text]
        for attachment in frame.attachments:
            fields += self._attach(attachment, partial(self._keys.worker_blob, worker))
        fields = fields if self._signer is None else self._signer.seal(worker, fields)
        self.add(pack("XADD", self._keys.inbox(worker), "NOMKSTREAM", "*", *fields))

    def _attach(self, data: Buffer, key: Callable[[str], str]) -> tuple[bytes, str | Buffer]:
        """Return the field of an attachment; a large one goes before, as a blob (§8.5)."""
        if len(data) < BLOB_BYTES:
            return FIELD_ATTACHMENT, bytes(data)
        blob = new_id()
        self.add(pack("SET", key(blob), data, "EX", BLOB_SECONDS))
        return FIELD_BLOB, blob if self._signer is None else f"{blob}.{digest(data)}"

    def take(self) -> list[Packed]:
        """Return what waits, for a link to send; `settle` or `put_back` must follow."""
        commands = []
        waiting = self._commands
        while waiting:
            commands.append(waiting.popleft())
        return commands

    def put_back(self, commands: list[Packed]) -> None:
        """Keep what could not be sent, before all else."""
        self._commands.extendleft(reversed(commands))

    def settle(self, commands: list[Packed], link: Link) -> bool:
        """Read the answers to sent commands; False when Redis refused some for now (it is full), which then wait again."""
        answers = [(command, link.read()) for command in commands]
        self._count(answers)
        refused = [(command, answer) for command, answer in answers if isinstance(answer, Exception)]
        if not refused and not self._refusing:
            return True
        waiting = [command for command, answer in refused if passes(answer)]
        if len(refused) > len(waiting):
            error = next(answer for _, answer in refused if not passes(answer))
            logger.error("Redis refused %d commands for good: %s", len(refused) - len(waiting), error)
        self._tell(refused[0][1] if waiting else None)
        if waiting:
            self.put_back(waiting)
            time.sleep(RETRY)
        return not waiting

    def _count(self, answers: list[tuple[Packed, Any]]) -> None:
        """Note which frames clients can read now, all of a client at once, and which they never will."""
        stored: dict[str, tuple[int, bytes]] = {}
        for command, answer in answers:
            if type(command) is not Letter:
                continue
            if not isinstance(answer, Exception):
                before = stored.get(command.client)
                stored[command.client] = (command.octets + (before[0] if before else 0), answer)
            elif not passes(answer):
                self._mailboxes.lost(command.client, command.octets)
        for client, (octets, entry) in stored.items():
            self._mailboxes.stored(client, octets, entry)

    def _tell(self, error: Exception | None) -> None:
        """Log when Redis begins to refuse for the moment, and when it takes all again."""
        if error is not None and not self._refusing:
            logger.error("Redis refused what this worker has to say, which waits: %s", error)
        elif error is None and self._refusing:
            logger.warning("Redis takes what this worker has to say again")
        self._refusing = error is not None
