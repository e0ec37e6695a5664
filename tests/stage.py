"""A host without any transport or thread, for tests: frames go in and come out as they are, and sessions run when asked to."""

from __future__ import annotations

import json

from polyloom.frames import write_frame
from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom_workers.host import Host

ONE = ["repr", 1, 1], ["pull", "auto", 1]


class Stage:
    """A host whose sessions run when `work` is called."""

    def __init__(self, limits=None):
        self.sent = []  # (client, body, entry)
        self.waiting = []
        self.host = Host(Policy(), limits or Limits(), self._sent, self.waiting.append)

    def _sent(self, client, frame, entry):
        self.sent.append((client, json.loads(frame.text) if frame.text else None, entry))

    def say(self, by="c", entry=None, **body):
        """Let the host receive a frame and return what it answered at once."""
        return self.raw(write_frame(body), by, entry)

    def raw(self, frame, client="c", entry=None):
        before = len(self.sent)
        self.host.receive(client, frame, entry)
        return [body for _, body, _ in self.sent[before:] if body is not None]

    def work(self):
        """Run everything that waits and return what was answered."""
        before = len(self.sent)
        while self.waiting:
            session = self.waiting.pop(0)
            if self.host.runner.turn(session):
                self.waiting.append(session)
        return [body for _, body, _ in self.sent[before:] if body is not None]

    def greet(self, client="c"):
        self.say(client, t="hello", protocol=1, version="0.1.0", client=client)

    def program(self, session, n, *ops, by="c", **keys):
        return self.say(by, t="program", session=session, n=n, ops=list(ops), **keys)
