"""One context manager that a session has entered (§5.9), of the kind for `with` or of the kind for `async with`.

enter ──► entered ──► left       `end` leaves it, too, or gives it up
   └────► failed                 there is nothing to leave
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from polyloom.errors import Cancelled
from polyloom.failure import Failure, cut, qualified_name
from polyloom.pending import GIVEN_UP, Pending, Spawn

if TYPE_CHECKING:
    import asyncio

Fail = Callable[[BaseException], Failure]
"""Returns the failure that an exception is for the op at hand."""


class Context:
    """A manager for `with`; its methods are those of its type."""

    def __init__(self, manager: Any) -> None:
        kind = type(manager)
        if not (hasattr(kind, "__enter__") and hasattr(kind, "__exit__")):
            mend = "; it is an asynchronous one" if hasattr(kind, "__aenter__") else ""
            raise TypeError(f"'{qualified_name(kind)}' object does not support the context manager protocol{mend}")
        self.kind = kind
        self._leave = partial(kind.__exit__, manager)
        self._got: defaultdict[int, object] = defaultdict(partial(kind.__enter__, manager))
        self._entered = False
        self.left: Future[Any] = Future()

    @property
    def entered(self) -> bool:
        """Tell whether it is to be left; also of one whose op was interrupted as soon as it had entered."""
        return self._entered or bool(self._got)

    def enter(self, _fail: Fail) -> object:
        """Call `__enter__` and return what it gives."""
        value = self._got[0]  # calls and keeps in one step of C: an interrupt comes before it or after it
        self._entered = True
        self._got.clear()
        return value

    def exit(self, error: BaseException | None, _fail: Fail | None = None) -> object:
        """Call `__exit__` as if the exception had been raised here; tell whether it is dealt with."""
        try:
            return self._last(error)
        finally:
            self.left.set_result(None)

    def _last(self, error: BaseException | None) -> bool:
        if error is None:
            self._leave(None, None, None)
            return False
        around = error.__context__
        try:
            raise error
        except BaseException:
            error.__context__ = around  # not what else is at work on this thread
            return self._tell(error)
        finally:
            cut(error)

    def _tell(self, error: BaseException) -> bool:
        try:
            return bool(self._leave(type(error), error, error.__traceback__))
        except BaseException as other:
            if other is error:
                return False
            raise

    def end(self, error: BaseException) -> None:
        """Leave it, since the session ends."""
        if self.entered:
            self.exit(error)
        else:
            self.left.set_result(None)


class AsyncContext:
    """A manager for `async with`. One task enters and leaves it: timeouts, task groups and scopes belong to their task."""

    def __init__(self, manager: Any, spawn: Spawn | None) -> None:
        import asyncio  # a host without such managers may do without it

        kind = type(manager)
        if spawn is None:
            raise TypeError("there is no event loop for an asynchronous context manager")
        if not (hasattr(kind, "__aenter__") and hasattr(kind, "__aexit__")):
            raise TypeError(f"'{qualified_name(kind)}' object does not support the asynchronous context manager protocol")
        self.kind = kind
        self._enter = partial(kind.__aenter__, manager)
        self._leave = partial(kind.__aexit__, manager)
        self._spawn = spawn
        self.left: Future[bool] = Future()  # whether the exception was dealt with
        self._entering: Future[object] = Future()
        self.entered = False
        self._given_up = False
        self._over = asyncio.Event()  # the body has ended, with `_error`
        self._error: BaseException | None = None
        self._task: asyncio.Task[Any] | None = None

    def enter(self, fail: Fail) -> Pending:
        """Begin to enter; what it gives comes later."""
        self._entering.add_done_callback(self._settled)
        self._spawn(self._run())
        return Pending(self._entering, fail)

    def wait(self) -> None:
        """Wait until it has entered, has failed to, or was given up."""
        if not self._entering.cancelled():
            self._entering.exception()

    def exit(self, error: BaseException | None, fail: Fail) -> Pending:
        """Begin to leave; what comes of it comes later. Nothing cancels it."""
        self._spawn(self._end(error))
        return Pending(self.left, fail, lasting=True)

    def end(self, error: BaseException) -> None:
        """Leave it, since the session ends, or give it up."""
        self._entering.cancel()
        self._spawn(self._end(error))
        failed = self.left.exception()
        if failed is not None and self.entered:
            raise failed

    def _settled(self, entering: Future[object]) -> None:
        if entering.cancelled():
            self._spawn(self._give_up())

    # On the loop

    async def _give_up(self) -> None:
        self._given_up = True
        if self._task is not None and not self.entered:
            self._task.cancel()

    async def _end(self, error: BaseException | None) -> None:
        self._error = error
        self._over.set()

    async def _run(self) -> None:
        try:
            value = await self._begin()
            self.entered = True
        except BaseException as error:
            _settle(self.left, error=Cancelled(GIVEN_UP) if self._given_up else error)
            return _settle(self._entering, error=error)
        _settle(self._entering, value)
        del value
        try:
            _settle(self.left, await self._last(await self._body()))
        except BaseException as error:
            _settle(self.left, error=error)

    async def _begin(self) -> object:
        import asyncio

        if self._given_up:
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        return await self._enter()

    async def _body(self) -> BaseException | None:
        """Wait for the end of the body and return its error; what was entered may cancel it, as `asyncio.timeout` does."""
        import asyncio

        cancelled = None
        while not self._over.is_set():
            try:
                await self._over.wait()
            except asyncio.CancelledError as error:
                cancelled = error
        return self._error or cancelled

    async def _last(self, error: BaseException | None) -> bool:
        if error is None:
            await self._leave(None, None, None)
            return False
        around = error.__context__
        try:
            raise error
        except BaseException:
            error.__context__ = around
            return await self._tell(error)
        finally:
            cut(error)

    async def _tell(self, error: BaseException) -> bool:
        try:
            return bool(await self._leave(type(error), error, error.__traceback__))
        except BaseException as other:
            if other is error:
                return False
            raise


def _settle(future: Future[Any], value: object = None, error: BaseException | None = None) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
