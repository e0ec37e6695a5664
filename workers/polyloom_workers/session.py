"""A session on its host (§4): its objects, its place in the order of programs, its queue."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from polyloom.executor import Reply, apply
from polyloom.frames import Buffer, Frame, write_frame
from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom.table import Table


class Program(NamedTuple):
    """A program that waits for its turn. `entry` is the transport's name for the frame that brought it."""

    n: int
    ops: Sequence[Any]
    attachments: Sequence[Buffer]
    entry: Any = None


class Ran(NamedTuple):
    """A program that ran: its reply, and when it ran, in seconds of the monotonic clock."""

    program: Program
    reply: Reply
    frame: Frame
    began: float
    ended: float


class Session:
    """One client's ordered conversation. `queue` and `scheduled` belong to the host's lock, the rest to the running thread."""

    def __init__(self, session_id: str, client: str, policy: Policy, limits: Limits) -> None:
        self.id = session_id
        self.client = client
        self.policy = policy
        self.table = Table(limits)
        self.queue: deque[Program | None] = deque()  # None: close
        self.scheduled = False
        self.last = 0  # number of the last program accepted
        self.closed = False

    def run(self, program: Program) -> Ran:
        """Run one program and return its reply as a frame."""
        began = time.monotonic()
        reply = apply(program.ops, self.table, self.policy, program.attachments)
        body: dict[str, Any] = {"t": "reply", "session": self.id, "n": program.n, "results": reply.results}
        if reply.failed:
            body["failed"] = reply.failed
        return Ran(program, reply, write_frame(body, reply.attachments), began, time.monotonic())
