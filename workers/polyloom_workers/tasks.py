"""The job lane's tasks: a program as a plain Celery task, from any Celery client (§10)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Celery, Task

from polyloom.errors import FrameError, Gone, PolyloomError, RemoteFailure, ValueRefused
from polyloom.executor import apply
from polyloom.frames import Frame, read_frame, write_frame
from polyloom.policy import Policy, policy_of
from polyloom.settings import Settings
from polyloom.table import Table
from polyloom_workers.loop import Loop
from polyloom_workers.warrants import check_warrant


class JobFailed(RemoteFailure):
    """What became of a job (§10.3): its one argument is the JSON text of the error object."""

    def __init__(self, error: str) -> None:
        super().__init__(json.loads(error))
        self.args = (error,)

    def __str__(self) -> str:
        return f"{self.error.get('type', self.code)}: {self.message}"


def register(app: Celery, settings: Settings) -> Task:
    """Add `polyloom.run` to the application."""
    policy = policy_of(settings.allow)

    @app.task(name="polyloom.run", shared=False, bind=True, throws=(JobFailed,))
    def run(self: Task, *given: object, **named: object) -> str:
        """Run a program and return its reply; the first error in it fails the task."""
        try:
            program = _only(given, named)
            check_warrant(program, self.request.id, settings)
            return run_program(program, settings, policy)
        except PolyloomError as error:
            raise JobFailed(json.dumps(error.rooted().to_wire() if error.path else error.to_wire())) from None

    return run


LOOP = Loop()  # of this process; it has no thread before the first coroutine


class JobTable(Table):
    """The slots of one job: they end with it, so no object is handed out."""

    __slots__ = ()

    def export(self, value: object) -> int:
        raise _not_data(type(value).__qualname__)


def run_program(program: object, settings: Settings, policy: Policy) -> str:
    """Run the text of a program and return the text of its reply."""
    ops, attachments = _read_program(program, settings)
    table = JobTable(settings.limits)
    table.spawn = LOOP.spawn
    table.entered.gone = Gone("the job has ended", code="SessionClosed")
    try:
        reply = apply(ops, table, policy, attachments)
        reply.complete()
    finally:
        table.entered.end()
    if reply.error is not None:
        raise RemoteFailure(reply.error)
    for wire in reply.results:
        _raise_if_error(wire)
    answer: dict[str, Any] = {"t": "reply", "results": reply.results}
    if reply.attachments:
        answer["attachments"] = [base64.b64encode(one).decode("ascii") for one in reply.attachments]
    return write_frame(answer).text.decode("ascii")


def _only(given: Sequence[object], named: Mapping[str, object]) -> object:
    """Return the one argument of a job, by its place or as `program`."""
    program = [*given, *(value for name, value in named.items() if name == "program")]
    if len(program) != 1 or named.keys() - {"program"}:
        raise FrameError(f"a job takes one argument, the text of a program, not {len(given) + len(named)}")
    return program[0]


def _read_program(program: object, settings: Settings) -> tuple[list[Any], list[bytes]]:
    if type(program) is not str:
        raise FrameError("a job takes the text of a program")
    body = read_frame(Frame(program.encode("utf-8", "surrogatepass")), settings.limits)
    ops, texts = body.get("ops"), body.get("attachments", [])
    if type(ops) is not list or type(texts) is not list:
        raise FrameError('a program has arrays under "ops" and, where it has any, "attachments"')
    try:
        return ops, [base64.b64decode(text, validate=True) for text in texts]
    except (TypeError, ValueError) as error:
        raise FrameError(f"the attachments of a job are base64 texts: {error}") from None


def _raise_if_error(wire: object) -> None:
    """Raise what a pull came to, when that is an error or an object that ends with the job."""
    if type(wire) is not list or not wire:
        return
    if wire[0] == "error":
        raise RemoteFailure(wire[1])
    if wire[0] == "handle":
        raise _not_data(wire[2])


def _not_data(kind: str) -> ValueRefused:
    return ValueRefused(f"an object of type {kind} is not data: a job gives values", code="NotData", hint="pull a part of it")
