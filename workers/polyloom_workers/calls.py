"""Calls of objects of the client (§12): asked from any thread, answered by the client, which may run programs meanwhile.

The thread that asked waits for the answer and runs those programs itself, on the stack of the call, so that nothing waits
for itself. A call from a running event loop gives an awaitable, and such programs are left to the host's threads.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from polyloom.codec import Decoder, Encoder, Wire
from polyloom.errors import Gone, LimitExceeded, PolyloomError, RemoteFailure
from polyloom.exchange import Exchange, Shape
from polyloom.exposed import Exposed
from polyloom.failure import Failed, internal
from polyloom.frames import Buffer, write_frame
from polyloom.guard import Guard, shielded
from polyloom.js import Missing, js_error
from polyloom_workers.loop import running_loop
from polyloom_workers.session import RUNNING, Program, Session, Strand

if TYPE_CHECKING:
    from polyloom_workers.runner import Runner


AWAIT = "await some calls of its functions before you begin more"


class Answer(NamedTuple):
    """What the client sent back for a call."""

    body: dict[str, Any]
    attachments: Sequence[Buffer]


class Call(Strand):
    """A call on its way. Its queue takes the programs made meanwhile, and in the end an Answer, or why there is none."""

    __slots__ = ("attended", "future", "guard", "news", "number")

    def __init__(self, session: Session, number: int, attended: bool) -> None:
        super().__init__(session)
        self.number = number
        self.attended = attended
        self.news = threading.Event() if attended else None  # wakes the thread that waits
        self.future: Future[Any] | None = None if attended else Future()
        self.guard: Guard | None = None  # of the op that waits here

    def due(self) -> bool:
        """Tell whether the thread that waits has something to do."""
        return bool(self.queue) or (self.guard is not None and self.guard.cancelled)

    def wake(self) -> None:
        """Have the thread that waits look."""
        if self.news is not None:
            self.news.set()


class _Depth(threading.local):
    calls = 0  # that this thread waits in, one inside the other


class Calls:
    """The calls of one session."""

    def __init__(self, runner: Runner, session: Session) -> None:
        self._runner = runner
        self._session = session
        self._limits = session.table.limits
        self._exchange = Exchange(session.table, session.policy)
        self._exposed = session.table.exposed = Exposed(self.ask)
        self._open: dict[int, Call] = {}
        self._last = 0
        self._ended: Gone | None = None
        self._asking = threading.RLock()  # numbers in the order of the frames

    def get(self, number: object) -> Call | None:
        """Return an open call; to be asked with the runner's lock."""
        return self._open.get(number) if type(number) is int else None

    def ask(self, number: int, what: list[Any]) -> Any:
        """Have the client do something with its object (§12.3); wait for the answer, or return an awaitable on an event loop."""
        if (loop := running_loop()) is not None:
            if self._runner.unread(self._session.client):
                raise LimitExceeded("mailbox_bytes: the client has not read what was sent before", hint=AWAIT)
            return self._promise(self._begin(number, what, attended=False), loop)
        with shielded() as guard:
            if _DEPTH.calls >= self._limits.call_depth:
                raise LimitExceeded(f"call_depth: {_DEPTH.calls} calls of objects of the client wait inside one another")
            order = self._session.order
            if order is not None and len(order.resting) >= self._limits.session_calls:
                raise LimitExceeded(f"session_calls: {len(order.resting):,} programs of this session wait for the client")
            self._runner.admit(self._session, guard)
            if guard is not None and guard.cancelled:
                return None  # leaving the shield raises
            call = self._begin(number, what, attended=True)
            if guard is not None:
                call.guard, guard.wake = guard, call.wake
            _DEPTH.calls += 1
            try:
                return self._wait(call)
            finally:
                _DEPTH.calls -= 1
                if guard is not None:
                    guard.wake = None
                self._leave(call)

    def end(self, error: Gone) -> None:
        """End every open call, and refuse later ones; to be called with the runner's lock."""
        with self._asking:
            self._ended = error
            calls = [*self._open.values()]
        for call in calls:
            self._runner.queue(call, error)

    def finish(self, call: Call, item: Answer | Gone) -> None:
        """Settle a call that nobody waits for on a stack."""
        self._leave(call)
        future = call.future
        assert future is not None
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(self._read(call, item))
        except BaseException as error:
            future.set_exception(error)

    def _begin(self, number: int, what: list[Any], attended: bool) -> Call:
        exchange = Exchange(self._session.table, self._session.policy)
        encoder = Encoder(exchange.export, self._limits)
        try:
            do = _encoded(encoder, what)
        except BaseException:
            exchange.take_back(0)
            raise
        with self._asking:
            if self._ended is not None:
                raise Gone(self._ended.message, code=self._ended.code, hint=self._ended.hint)
            self._last += 1
            call = self._open[self._last] = Call(self._session, self._last, attended)
            body = {"t": "call", "session": self._session.id, "call": call.number, "id": number, "do": do}
            running = RUNNING.get()
            if running is not None and running[0] is self._session:
                body["n"] = running[1]
                if attended and running[2] == threading.get_ident():
                    body["waits"] = True
            frame = write_frame({**body, **self._exposed.news()}, encoder.attachments)
            if len(frame.text) > self._limits.frame_bytes:
                del self._open[call.number]
                raise LimitExceeded(f"frame_bytes: a call of {len(frame.text):,} bytes is above {self._limits.frame_bytes:,}")
            self._runner.send(self._session.client, frame, None)
            return call

    def _wait(self, call: Call) -> Any:
        while True:
            self._runner.listen(call)
            if not call.queue:
                return None  # the op that waits was given up: leaving the shield raises
            item = call.queue.popleft()
            if not isinstance(item, Program):
                return self._read(call, item)
            self._runner.run_inside(self._session, item)

    def _promise(self, call: Call, loop: Any) -> Any:
        import asyncio

        assert call.future is not None
        self._runner.flush()
        return asyncio.wrap_future(call.future, loop=loop)

    def _leave(self, call: Call) -> None:
        """Forget a call; what was left for it goes on in the session."""
        with self._runner.lock:
            self._open.pop(call.number, None)
            for item in [item for item in call.queue if isinstance(item, Program)]:
                if self._session.scheduled and self._session.order is None:
                    self._session.queue.append(item)
                else:
                    self._runner.loose(self._session, item)

    def _read(self, call: Call, item: Any) -> Any:
        """Return the value of an answer, or raise what it says."""
        if not isinstance(item, Answer):
            raise item
        decoder = Decoder(item.attachments, self._exchange.resolve, self._limits, self._exposed, self._session.table.borrow)
        try:
            error = item.body.get("error")
            if error is not None:
                raise _thrown(decoder, error)
            if item.body.get("missing"):
                raise Missing
            return decoder.decode(item.body.get("value"))
        except Failed as dependent:
            raise RemoteFailure(dependent.failure.error) from None
        except Shape as shape:
            raise Gone(f"the client answered in the wrong shape: {shape}") from None
        finally:
            self._exposed.answered(call.number)


_DEPTH = _Depth()


def _encoded(encoder: Encoder, what: list[Any]) -> list[Wire]:
    """Write what is asked: its name, texts, positional arguments in an array, keywords in an object, and values."""
    kind, *rest = what
    if kind in ("call", "method"):
        *name, positional, keywords = rest
        named = {key: encoder.encode(value) for key, value in keywords.items()}
        return [kind, *name, encoder.items(positional, -1), named]
    return [kind, *map(encoder.encode, rest)]


def _thrown(decoder: Decoder, error: Any) -> BaseException:
    if type(error) is not dict:
        return internal(TypeError("an error of the client is an object"))
    try:
        thrown = decoder.decode(error.get("thrown"))
    except PolyloomError:
        thrown = None
    return js_error(error, thrown)
