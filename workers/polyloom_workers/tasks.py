"""The job lane's tasks: a program as a plain Celery task, from any Celery client."""

from __future__ import annotations

import base64
import json
from typing import Any

from celery import Celery, Task
from polyloom.errors import FrameError, RemoteFailure, ValueRefused
from polyloom.executor import apply
from polyloom.frames import Frame, read_frame, write_frame
from polyloom.policy import policy_of
from polyloom.settings import Settings
from polyloom.table import Table


def register(app: Celery, settings: Settings) -> Task:
    """Add `polyloom.run` to the application."""
    policy = policy_of(settings.allow)

    @app.task(name="polyloom.run", shared=False)
    def run(program: str) -> str:
        """Run a program (§10) and return its reply; the first error in it fails the task."""
        body = read_frame(Frame(program.encode("utf-8", "surrogatepass")), settings.limits)
        attachments = [base64.b64decode(text, validate=True) for text in body.get("attachments", ())]
        if type(body.get("ops")) is not list:
            raise FrameError('a program has an array under "ops"')
        table = Table(settings.limits)
        try:
            reply = apply(body["ops"], table, policy, attachments)
        finally:
            table.clear()
        for wire in (*reply.failed, *reply.results):
            _raise_if_error(wire)
        answer: dict[str, Any] = {"t": "reply", "results": reply.results}
        if reply.attachments:
            answer["attachments"] = [base64.b64encode(one).decode("ascii") for one in reply.attachments]
        return write_frame(answer).text.decode("ascii")

    return run


def _raise_if_error(wire: object) -> None:
    """Raise what an op came to, when that is an error or an object that ends with the job."""
    if type(wire) is not list or not wire:
        return
    if wire[0] == "error":
        raise JobFailed(wire[1])
    if wire[0] == "handle":
        raise ValueRefused(f"{wire[2]} is not data: a job gives values", code="NotData", hint="await a part of it")


class JobFailed(RemoteFailure):
    """An op of a job raised; the type, the message and the traceback are those of Python."""

    def __init__(self, error: dict[str, Any] | str) -> None:
        super().__init__(error if isinstance(error, dict) else {"code": "PythonError", "message": error})

    def __reduce__(self) -> tuple[Any, ...]:
        return JobFailed, (json.dumps(self.error),)

    def __str__(self) -> str:
        return f"{self.error.get('type', self.code)}: {self.message}"
