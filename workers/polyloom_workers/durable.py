"""Durable sessions on their worker (§15): what they did is recorded before it is answered, and not done again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from polyloom.codec import Decoder, Encoder, is_data, marked_float
from polyloom.errors import FrameError, Gone, PolyloomError, ValueRefused
from polyloom.executor import Reply, Step, apply
from polyloom.failure import Failed, Failure, failure_of, internal, qualified_name
from polyloom.frames import Frame, write_frame
from polyloom.journal import (
    Again,
    Known,
    Outcome,
    Pages,
    Recorded,
    difference,
    forgotten,
    lost_object,
    plan,
    script_changed,
    unknown_outcome,
)
from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom.table import Table
from polyloom_workers.durables import Durables, End, Run
from polyloom_workers.session import Halt, Program, Ran, Session

PRINTED = 65_536  # characters of one program that are recorded
ATOMS = (type(None), bool, int, float, str)
LONGEST_ATOM = 1000  # characters; what is longer is computed anew

T = TypeVar("T")


class DurableSession(Session):
    """The session of one client with a run."""

    lasting = True

    def __init__(
        self, durables: Durables, policy: Policy, limits: Limits, session_id: str, client: str, body: Mapping[str, Any]
    ) -> None:
        """`body` is that of the `open` which the client has sent; FrameError when it has the wrong shape."""
        wanted, first = body["durable"], body.get("next", 1)
        named = type(wanted) is dict and type(wanted.get("name")) is str and RUN_NAME.fullmatch(wanted["name"])
        if not named or type(first) is not int or first < 1:
            raise FrameError('an open of a durable session has its name under "durable.name", and under "next" a number from 1')
        super().__init__(session_id, client, policy, limits)
        self.name: str = wanted["name"]
        self.last = first - 1
        self.last_before = first - 1  # the last program that was answered to this client
        self.before: Future[None] | None = None  # ends when the client before has left
        self._about = {key: value for key, value in wanted.items() if key in ABOUT and type(value) is str}
        self._durables = durables
        self._run: Run | None = None
        self._told: Iterator[Recorded] = iter(())  # the log, for a client that begins anew
        self._known: dict[int, Outcome] = {}
        self._end: End | None = None  # how the client says that it leaves
        self._printed: list[list[Any]] = []  # slot, stream and text, by the program at work

    # Opening

    def begin(self, alive: Callable[[str], bool], wait: Callable[[Future[None]], None]) -> Frame:
        """Take the run over and rebuild its objects; return what the client is told."""
        while (run := self._durables.attach(self, alive)) is None:
            assert self.before is not None
            wait(self.before)
        self._run = run
        self.table.exposed = None  # functions of a client could not be called again (§15.1)
        if not run.open or not self._owns(run):
            run.open, run.table = False, self.table
        self.table = run.table
        if not run.open:
            run.recorded = self._durables.persist(lambda: run.journal.claim(self._about)).recorded
        if self.last_before > run.recorded:
            raise forgotten(self.name)
        log = Pages(run.journal, self._durables.persist)
        history = [] if self.last_before else _history(log, run.journal.owner.tail)
        if not run.open:
            self._rebuild(run, log)
        self._told = log.after(self.last_before)
        owner, now = run.journal.owner, self._durables.persist(run.journal.now)
        body = {"t": "opened", "session": self.id, "recorded": run.recorded, "seed": owner.seed, "started": owner.started}
        return write_frame({**body, "now": now, "history": history})

    def _owns(self, run: Run) -> bool:
        seen, owner = self._durables.persist(run.journal.seen), run.journal.owner
        return (seen.worker, seen.epoch) == (owner.worker, owner.epoch)

    def _rebuild(self, run: Run, log: Pages) -> None:
        self._known = self._durables.persist(run.journal.outcomes)
        steps = plan(log)
        for step in steps:
            self._do_again(step)
        if steps.lowest:
            run.table.export_below(steps.lowest)
        run.open = True

    def _do_again(self, step: Again) -> None:
        table = self.table
        for slot, known in step.known.items():
            table.objects[slot] = self._value(slot, known)
        table.reserved.extend(step.exports)
        apply(step.ops, table, self.policy, step.recorded.sent).complete()
        table.reserved.clear()
        for slot in step.released:
            table.release(slot)

    def _value(self, slot: int, known: Known | None) -> object:
        """Return what is recorded for a slot: a value, or a Failure."""
        if known is None:
            outcome = self._known.get(slot, Outcome())
            if not outcome.known:
                return _failure(unknown_outcome())
            known = Known(outcome.result, outcome.attachments)
        if type(known.result) is list and known.result[0] == "error":
            return Failure(known.result[1])
        if type(known.result) is list and known.result[0] == "handle":
            return _failure(lost_object(known.result[2]))
        return Decoder(known.attachments, _no_reference, self.table.limits).decode(known.result)

    # Programs

    def run(self, program: Program, table: Table) -> Ran:
        assert self._run is not None
        try:
            if program.n <= self._run.recorded:
                return self._told_again(program, next(self._told))
            return self._first_time(program, table, self._run)
        except Halt:
            raise
        except Exception as error:  # a program that is not in the log must not be followed by others
            raise Halt(error if isinstance(error, PolyloomError) else internal(error)) from error

    def _first_time(self, program: Program, table: Table, run: Run) -> Ran:
        """Run a program, and record it before it is answered."""
        began = time.monotonic()
        once, released = _slots(program, "once"), _slots(program, "released")
        around = self._around(frozenset(once))
        reply = apply(program.ops, table, self.policy, program.attachments, program.guarded, around)
        reply.complete()
        body = self._body(program.n, reply)
        recorded = Recorded(program.n, _kept(program), self._reply(program, reply), program.attachments, reply.attachments)
        body["at"] = self._persist(lambda: run.journal.record(recorded))
        run.recorded = program.n
        for slot in released:
            self.table.release(slot)
        return self._framed(program, reply, body, began)

    def _reply(self, program: Program, reply: Reply) -> dict[str, Any]:
        """Return what is recorded of a reply, with the small data that nobody asked for, so that it need not be made again."""
        told: dict[str, Any] = {"results": reply.results}
        if reply.failed:
            told["failed"] = reply.failed
        if self._printed:
            told["output"], self._printed = self._printed, []
        ran = all(place is not None for place, _ in reply.failed)  # else it was refused as a whole
        ops = [op for op in program.ops if type(op) is list and len(op) > 1] if ran else []
        pulled = {slot for op in ops if op[0] == "pull" for slot in op[2:] if type(slot) is int}
        filled = (op[1] for op in ops if type(op[1]) is int)
        known = [[slot, wire] for slot in filled if slot not in pulled and (wire := self._atom(slot)) is not _NO_ATOM]
        return {**told, "known": known} if known else told

    def _atom(self, slot: int) -> Any:
        value = self.table.objects.get(slot, _NO_ATOM)
        if type(value) is Failure:
            return ["error", value.error]
        if type(value) not in ATOMS or (type(value) is str and len(value) > LONGEST_ATOM):
            return _NO_ATOM
        wire = Encoder(_no_object, self.table.limits).encode(value)
        return marked_float(wire) if type(wire) is float else wire

    def _told_again(self, program: Program, recorded: Recorded) -> Ran:
        """Answer as before, if this is the program that was answered."""
        path = difference(_kept(program), program.attachments, recorded)
        if path is not None:
            raise Halt(script_changed(self.name, program.n, path))
        now = time.monotonic()
        reply = Reply([*recorded.answered])
        reply.results, reply.failed = recorded.reply["results"], recorded.reply.get("failed", [])
        ran = self._framed(program, reply, {**self._body(program.n, reply), "at": recorded.at}, now)
        printed = [
            write_frame({"t": "output", "session": self.id, "n": program.n, "slot": slot, "stream": stream, "text": text})
            for slot, stream, text in recorded.reply.get("output", ())
        ]
        frames = [*printed, ran.frame, *ran.rest]
        return ran._replace(frame=frames[0], rest=frames[1:])

    def printed(self, slot: int, stream: str, text: str) -> None:
        """Record what the program at work prints, as far as there is room."""
        room = PRINTED - sum(len(one[2]) for one in self._printed)
        if self._printed and self._printed[-1][:2] == [slot, stream]:
            self._printed[-1][2] += text[:room]
        elif room > 0:
            self._printed.append([slot, stream, text[:room]])

    # Steps that run once

    def _around(self, once: frozenset[int]) -> Callable[[Step, int, Any], None] | None:
        if not once:
            return None

        def around(step: Step, index: int, op: Any) -> None:
            slot = op[1] if type(op) is list and len(op) > 1 else None
            if type(slot) is int and slot in once and op[0] not in ("pull", "release"):
                self._do_once(step, index, op, slot)
            else:
                step(index, op)

        return around

    def _do_once(self, step: Step, index: int, op: Any, slot: int) -> None:
        """Run a step unless it has begun before; both its begin and its end are recorded."""
        assert self._run is not None
        journal = self._run.journal
        before = self._persist(lambda: journal.begin(slot))
        if before is not None:
            self._known[slot] = before
            self.table.objects[slot] = self._value(slot, None)
            return
        step(index, op)
        outcome = self._outcome(slot)
        self._persist(lambda: journal.end(slot, outcome))

    def _outcome(self, slot: int) -> Outcome:
        try:
            value = self.table.get(slot)
            if not is_data(value):
                return Outcome(True, ["handle", slot, qualified_name(type(value)), 0])
            encoder = Encoder(_no_object, self.table.limits)
            wire = encoder.encode(value)
            return Outcome(True, marked_float(wire) if type(wire) is float else wire, encoder.attachments)
        except Failed as failed:
            return Outcome(True, ["error", failed.failure.error])
        except PolyloomError:  # it has something live inside
            return Outcome(True, ["handle", slot, qualified_name(type(value)), 0])

    # Ends

    def _persist(self, action: Callable[[], T]) -> T:
        try:
            return self._durables.persist(action)
        except Halt:
            assert self._run is not None
            self._run.open = False  # the objects are another worker's now
            raise

    def leaving(self, body: Mapping[str, Any]) -> None:
        """Take note of the outcome, and of what the client took after its last program."""
        if self._end is None:
            outcome, events = body.get("outcome"), body.get("events")
            known = outcome if outcome in OUTCOMES else "closed"
            self._end = End(known, json.dumps(events) if type(events) is list and events else "")

    def shut(self, error: Gone) -> None:
        """The client leaves; its programs still run. The contexts that are open stay so, with the objects."""

    def end(self) -> None:
        """Leave the run to the next client, or end it."""
        if self._run is not None:
            self._durables.detach(self._run, self._end)


RUN_NAME = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")
OUTCOMES = ("done", "failed", "closed")
ABOUT = ("script", "args", "folder")  # what a client may say of a run, for operators
_NO_ATOM = object()


def _slots(program: Program, key: str) -> list[int]:
    """Return the slots that a program names beside its ops."""
    slots = program.keys.get(key, [])
    if type(slots) is not list or not all(type(slot) is int for slot in slots):
        raise FrameError(f"a program has slots under {key!r}")
    return slots


def _kept(program: Program) -> dict[str, Any]:
    """Return what is recorded of a program."""
    return {"ops": program.ops, **{key: value for key, value in program.keys.items() if key in ("once", "released", "events")}}


def _history(log: Iterable[Recorded], tail: str) -> list[Any]:
    """Return what the client took before each program, and after the last one."""
    return [*(one.program.get("events", []) for one in log), *([json.loads(tail)] if tail else [])]


def _no_object(_value: object, _depth: int) -> Any:
    raise ValueRefused("a live object cannot be recorded", code="NotData")


def _no_reference(ref: list[Any]) -> object:
    raise ValueRefused("what is recorded refers to nothing", code="NotData")


def _failure(error: PolyloomError) -> Failure:
    return failure_of(error, "once")
