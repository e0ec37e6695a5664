"""The heart: `apply(ops, table, policy) -> Reply` (§5, §6). Pure Python, no I/O; every host calls it.

An op, one of `actions.py`, returns what goes into its slot; what it raises goes there too, as a Failure, so that whoever uses
the slot meets the first error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

from polyloom.actions import OPS
from polyloom.codec import SAFE_INT, Decoder, Encoder, Wire, is_data, marked_float
from polyloom.errors import Cancelled, ErrorObject, LimitExceeded, OpError, PolyloomError, ValueRefused
from polyloom.exchange import Exchange, Shape
from polyloom.failure import Failed, Failure, describe, failure_of, qualified_name
from polyloom.frames import Buffer
from polyloom.guard import Guard, Interrupt
from polyloom.ops import MODES
from polyloom.paths import too_deep
from polyloom.pending import GIVEN_UP, Pending
from polyloom.policy import Policy
from polyloom.table import Table
from polyloom.words import words_of


class Reply:
    """What a program came to: `results` of its pulls, errors of ops without a slot by their index, attachments of both."""

    # Few programs change these: what all have is all that is set.
    called: object = None  # the last thing that was called, for the program's name
    named: Sequence[int] = ()  # ids of objects of the client
    error: ErrorObject | None = None  # what the first op that failed came to, pulled or not
    _run: _Run | None = None

    def __init__(self, attachments: list[Buffer]) -> None:
        self.results: list[Wire] = []
        self.failed: list[Wire] = []
        self.attachments = attachments
        self.waiting: list[Waiting] = []  # pulls of coroutines that had not ended: `complete`, or `late` for each

    def complete(self) -> None:
        """Wait for everything that is not there yet, and fill it in."""
        for place in self.waiting:
            self.results[place.at] = self._result(place)
        self.waiting.clear()

    def late(self, place: Waiting) -> tuple[Wire, list[Buffer]]:
        """Return a result that came later, and its attachments."""
        assert self._run is not None
        attachments = self._run.encoding().attachments = []
        return self._result(place), attachments

    def _result(self, place: Waiting) -> Wire:
        assert self._run is not None
        wire = self._run.result(place.slot, place.mode, place.levels)
        if type(wire) is list and wire[0] == "error":
            self.error = self.error or wire[1]
        return wire


Step = Callable[[int, Any], None]
"""`step(index, op)` runs one op and files its outcome."""

Around = Callable[[Step, int, Any], None]

PENDING = ["pending"]  # stands for a result that comes later (§5.7)


class Waiting(NamedTuple):
    """A result that is not there yet: its place among the results, and what was asked for."""

    at: int
    slot: int
    mode: str
    levels: int | None
    pending: Pending


def apply(
    ops: Sequence[Any],
    table: Table,
    policy: Policy,
    attachments: Sequence[Buffer] = (),
    guarded: Sequence[int] = (),
    around: Around | None = None,
) -> Reply:
    """Run ops in order against the objects of a table. It never raises for what is in the ops.

    Ops that fill `guarded` slots may be given up by `table.cancel`, from another thread, while they run. `around` is called in
    place of each op, with what runs it.
    """
    run = _Run(table, policy, attachments)
    if len(ops) > table.limits.program_ops:
        run.refuse(ops, LimitExceeded(f"program_ops: {len(ops):,} ops are above {table.limits.program_ops:,}"))
        return run.reply
    step: Step = partial(run.guarded_step, frozenset(guarded)) if guarded else run.step
    if around is not None:
        step = partial(around, step)
    for index, op in enumerate(ops):
        step(index, op)
    return run.ended()


class _Run(Exchange):
    """One program on its way: the state that its ops share."""

    root = "$.ops"  # where paths to the ops begin; the bodies of maps have their own
    decoder: Decoder | None = None  # these two are made when a value needs them: most are scalars
    encoder: Encoder | None = None

    def __init__(self, table: Table, policy: Policy, attachments: Sequence[Buffer]) -> None:
        self.table = table
        self.policy = policy
        self.exports = []
        self.sent = attachments
        self.around = sys.exception()  # of code that waits for this program (§12.5)
        self.reply = Reply([])

    def decoding(self) -> Decoder:
        """Return the decoder of what the program sent."""
        if self.decoder is None:
            table = self.table
            self.decoder = Decoder(self.sent, self.resolve, table.limits, table.exposed, table.borrow)
        return self.decoder

    def encoding(self) -> Encoder:
        """Return the encoder of its results."""
        if self.encoder is None:
            self.encoder = Encoder(self.export, self.table.limits)
            self.encoder.attachments = self.reply.attachments
        return self.encoder

    def ended(self) -> Reply:
        """Return the reply, when all ops have run; what knows the run is let go, so that it needs no garbage collector."""
        reply, decoder = self.reply, self.decoder
        if decoder is not None and decoder.named:
            reply.named = decoder.named
        if reply.waiting:
            reply._run = self
        else:
            self.decoder = self.encoder = None
        return reply

    def step(self, index: int, op: Any) -> None:
        """Run one op and file its outcome under its slot."""
        slot = 0
        try:
            size = len(op) if type(op) is list else 0
            name = op[0] if size > 1 else None
            if name == "pull":
                return self.pull(op)
            if name == "release":
                return self.release(op)
            function, sizes = OPS[name] if type(name) is str and name in OPS else _unknown(name)
            slot = op[1]
            if type(slot) is not int or slot < 0:
                slot = 0
                raise OpError("a slot is an integer from 0")
            if size not in sizes:
                raise Shape(f"it has {size} items, not {' to '.join(map(str, sorted({sizes[0], sizes[-1]})))}")
            table = self.table
            table.filling = slot
            value = function(self, op)
            if slot:
                table.put(slot, value)
        except Failed as dependent:
            self.fail(index, slot, dependent.failure)
        except BaseException as error:
            self.fail(index, slot, self.failure(error, index, op))

    def guarded_step(self, slots: frozenset[int], index: int, op: Any) -> None:
        """Run one op, which the client may give up if it fills one of these slots."""
        slot = op[1] if type(op) is list and len(op) > 1 and type(op[1]) is int else 0
        if slot not in slots:
            return self.step(index, op)
        table = self.table
        guard = table.guards[slot] = Guard()
        try:
            if slot in table.cancelled:
                raise Interrupt
            self.step(index, op)
            guard.end()
        except Interrupt as interrupt:  # before the op, or while its outcome was filed
            guard.end()
            self.fail(index, slot, self.failure(interrupt, index, op))
        table.cancelled.discard(slot)
        del table.guards[slot]

    def fail(self, index: int, slot: int, failure: Failure) -> None:
        self.reply.error = self.reply.error or failure.error
        objects = self.table.objects
        if slot and len(objects) < 2 * self.table.limits.session_slots:  # room for the failures of a full table
            objects[slot] = failure
        else:
            self.reply.failed.append([index, ["error", failure.error]])

    def failure(self, error: BaseException, index: int, op: Any) -> Failure:
        """Describe what an op raised; an error of the bridge gets its place, what has the wrong shape becomes a BadOp."""
        if type(error) is Interrupt:
            error = Cancelled(GIVEN_UP)
        if type(error) is Shape:
            error = OpError(f"a {op[0]!r} op of the wrong shape: {error}")
        if type(error) in _PLACED and isinstance(error, PolyloomError):
            error.rooted(f"{self.root}[{index}]")
        return self.outcome(words_of(op, self.table), error)

    def outcome(self, words: str, error: BaseException) -> Failure:
        return failure_of(error, words, self.policy.redacts, self.table.exposed, self.around)

    def refuse(self, ops: Sequence[Any], error: PolyloomError) -> None:
        """Answer every pull of a program that is not run, and what depends on it later."""
        self.table.refuse(ops, self.outcome("a program that was refused", error))
        self.reply.error = error.to_wire()
        failure = ["error", self.reply.error]
        pulls = [op for op in ops if type(op) is list and op and op[0] == "pull"]
        self.reply.results.extend(failure for op in pulls for _ in op[2:])
        self.reply.failed.append([None, failure])

    # References and values

    def value(self, op: list[Any], index: int) -> Any:
        """Return the value that stands at a place of an op."""
        wire = op[index]
        try:
            if type(wire) is list:
                return self.resolve(wire) if wire and wire[0] == "ref" else self.decoding().decode(wire)
            return self.decoding().decode(wire) if type(wire) is dict else wire
        except PolyloomError as error:
            error.within(f"[{index}]")
            raise

    def arguments(self, op: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and keyword arguments of a call."""
        if type(op[3]) is not list or (len(op) == 5 and type(op[4]) is not dict):
            raise Shape("it takes a target, an array and an object")
        if len(op) == 4 and _COMPOUND.isdisjoint(map(type, op[3])):
            return op[3], {}  # scalars stand for themselves
        try:
            positional = self.decoding().items(op[3], -1)  # the arrays of an op are no values (§5.2)
        except PolyloomError as error:
            error.within(".args")
            raise
        if len(op) == 4:
            return positional, {}
        try:
            return positional, self.decoding().entries(op[4], -1)
        except PolyloomError as error:
            error.within(".kwargs")
            raise

    # Ops without a slot of their own

    def pull(self, op: list[Any]) -> None:
        """Add one result for each slot (§6.2)."""
        mode: Any = op[1]
        levels = None
        plain = mode == "auto"
        if not plain:
            if type(mode) is dict:
                mode, levels = mode.get("mode"), _levels(mode)
            if mode not in MODES:
                raise OpError(f"unknown mode {mode!r:.40} of a pull")
        objects = self.table.objects
        results = self.reply.results
        for slot in op[2:]:
            value: Any = objects.get(slot) if type(slot) is int else None
            kind = type(value)
            if plain and (kind in _ATOMS or (kind is int and value.bit_length() <= SAFE_BITS)):
                results.append(value)  # what most calls return, without a detour
            elif plain and kind is float:
                results.append(marked_float(value))
            elif kind is Pending and not value.done():
                self.reply.waiting.append(Waiting(len(results), slot, mode, levels, value))
                results.append(PENDING)
            else:
                results.append(self.result(slot, mode, levels))

    def result(self, slot: Any, mode: str, levels: int | None) -> Wire:
        attachments = self.reply.attachments if self.encoder is None else self.encoder.attachments  # late ones have their own
        kept, exported = len(attachments), len(self.exports)
        try:
            value = self.table.get(slot)
            if mode != "keep" and (own := self.own(value)) is not None:
                return own
            if mode == "keep" or (mode == "auto" and not is_data(value)):
                return self.handle(slot, value)
            wire = self.copy(value, levels) if mode == "value" else self.encoding().encode(value)
            return marked_float(wire) if type(wire) is float else wire
        except Failed as dependent:
            return ["error", dependent.failure.error]
        except Exception as error:
            del attachments[kept:]
            self.take_back(exported)
            return ["error", describe(error, f"pull {mode}", self.policy.redacts)]

    def copy(self, value: object, levels: int | None) -> Wire:
        """Encode a copy (§6.4), which may be made of what is not data itself."""
        if levels is None and type(value) in _FLAT:
            return self.encoding().encode(value)
        from polyloom.copies import NO_COPY, Copier, copy_of  # few programs ask for it

        if not is_data(value) and copy_of(value) is NO_COPY:
            raise ValueRefused(f"{qualified_name(type(value))} is not data", code="NotData", hint="await a part of it")
        copier = Copier(self.export, self.table.limits, levels)
        copier.attachments = self.encoding().attachments
        try:
            return copier.encode(value)
        except RecursionError:  # copies take more of Python's stack for a level than data does
            raise too_deep(self.table.limits) from None

    def release(self, op: list[Any]) -> None:
        """Forget slots."""
        for slot in op[1:]:
            if type(slot) is int:
                self.table.release(slot)


def _unknown(name: object) -> NoReturn:
    what = "an op is an array: name, slot, arguments" if name is None else f"unknown op {name!r:.40}"
    raise OpError(what)


_PLACED = (OpError, ValueRefused, LimitExceeded)  # errors of the bridge that have a place in the program


def _levels(options: dict[str, Any]) -> int | None:
    """Return how many levels of containers a pull copies (§6.4)."""
    levels = options.get("depth")
    if options.get("mode") != "value" or (levels is not None and (type(levels) is not int or levels < 1)):
        raise OpError("a pull with options has the mode value, and a depth from 1")
    return levels


_ATOMS = frozenset({str, bool})
SAFE_BITS = SAFE_INT.bit_length()
_COMPOUND = frozenset({list, dict})  # wire forms that a decoder has to look at
_FLAT = frozenset({str, bool, int, bytes})
