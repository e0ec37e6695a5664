"""The name of a live object: worker incarnation, session, slot. Mirrors `handle.ts`; ids are those of §4.1 and §8.1."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

ID = re.compile(r"[A-Za-z0-9_-]{16,64}")  # what may be an id of a worker or a client


def new_id() -> str:
    """Return 120 random bits as 20 characters of URL-safe base64, for a worker, client or session."""
    return secrets.token_urlsafe(15)


class Handle(NamedTuple):
    """A live object's full name; never reused, never guessable, since the session's id is random."""

    worker: str
    session: str
    slot: int

    def __str__(self) -> str:
        return f"{self.worker}/{self.session}/{self.slot}"

    @classmethod
    def parse(cls, text: str) -> Handle:
        """Read `worker/session/slot`; ValueError when it is not of that form."""
        worker, session, slot = text.split("/")
        return cls(worker, session, int(slot))
