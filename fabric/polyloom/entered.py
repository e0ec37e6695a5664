"""The contexts that a session has open (§5.9): each is left once, by an `exit` or by the end of the session."""

from __future__ import annotations

import threading

from polyloom.context import AsyncContext, Context, Fail
from polyloom.errors import Gone
from polyloom.failure import qualified_name, safe_text
from polyloom.pending import Spawn


class Entered:
    """Contexts by the slot of their `enter`. Whoever takes one out leaves it."""

    def __init__(self) -> None:
        self.gone = Gone("the session has ended", code="SessionClosed")  # what contexts are told when the session ends
        self._open: dict[int, Context | AsyncContext] = {}
        self._leaving: dict[int, Context | AsyncContext] = {}
        self._ending = threading.Lock()  # one thread ends them all, in order

    def __len__(self) -> int:
        return len(self._open) + len(self._leaving)

    def enter(self, slot: int, manager: object, asynchronous: bool | None, spawn: Spawn | None, fail: Fail) -> object:
        """Enter a manager, and return what goes into the slot."""
        if asynchronous is None:
            asynchronous = spawn is not None and hasattr(type(manager), "__aenter__")
        context = AsyncContext(manager, spawn) if asynchronous else Context(manager)
        context.left.add_done_callback(lambda _: self._forget(slot))
        self._open[slot] = context
        try:
            return context.enter(fail)
        except BaseException:
            if not context.entered:
                del self._open[slot]
            raise

    def exit(self, slot: int, error: BaseException | None, fail: Fail) -> list[object]:
        """Leave a context. Return what goes into the slot of the `exit`, in a list that is empty where none is open."""
        if isinstance(entering := self._open.get(slot), AsyncContext):
            entering.wait()
        context = self._take(slot)
        return [] if context is None else [context.exit(error, fail)]

    def end(self) -> None:
        """Leave every context, the last one first. What one of them raises is told to nobody but the log."""
        with self._ending:
            for leaving in [*self._leaving.values()]:  # by an `exit` that is at it
                leaving.left.exception()
            for slot in reversed([*self._open]):
                if (context := self._take(slot)) is not None:
                    self._end(context)

    def _end(self, context: Context | AsyncContext) -> None:
        try:
            context.end(Gone(self.gone.message, code=self.gone.code, hint=self.gone.hint))
        except BaseException as error:
            _log(context.kind, error)

    def _take(self, slot: int) -> Context | AsyncContext | None:
        """Take a context out; only one who asks gets it."""
        context = self._open.get(slot)
        if context is None:
            return None
        self._leaving[slot] = context
        if self._open.pop(slot, None) is not None:
            return context
        if context.left.done():
            del self._leaving[slot]
        return None

    def _forget(self, slot: int) -> None:
        self._open.pop(slot, None)
        self._leaving.pop(slot, None)


def _log(kind: type, error: BaseException) -> None:
    import logging  # a host that has nothing to tell starts without it

    text = safe_text(str, error)
    logging.getLogger(__name__).warning("a %s raised %s as it was left: %s", qualified_name(kind), type(error).__name__, text)
