"""What runs on the host's event loop (§5.7): coroutines on their way, and asynchronous iterators taken step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any

from polyloom.errors import Cancelled
from polyloom.failure import Failure

Spawn = Callable[[Coroutine[Any, Any, Any]], "Future[Any]"]
"""Starts a coroutine on the loop of the host."""


Wait = Callable[["Future[Any]"], None]
"""Waits on behalf of an op until a future has its outcome."""

GIVEN_UP = "the client gave this call up"


class Pending:
    """Stands in a slot until its coroutine has ended; then its outcome takes its place."""

    __slots__ = ("_cancelled", "_fail", "_future", "_lasting")

    def __init__(self, future: Future[Any], fail: Callable[[BaseException], Failure], lasting: bool = False) -> None:
        self._future = future
        self._fail = fail  # what an exception of it comes to
        self._lasting = lasting  # nothing cancels it
        self._cancelled = False

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self._future.done()

    def wait(self, wait: Wait | None = None) -> object:
        """Return what it came to: a value, or a Failure. `wait` does the waiting; what interrupts it is raised."""
        if wait is not None and not self._future.done():
            wait(self._future)
        try:
            return self._future.result()
        except CancelledError:
            return self._fail(Cancelled(GIVEN_UP) if self._cancelled else _cancelled())
        except BaseException as error:
            return self._fail(error)

    def then(self, call: Callable[[], None]) -> None:
        """Call once it has ended, from whichever thread that happens in."""
        self._future.add_done_callback(lambda _: call())

    def cancel(self) -> None:
        """Throw CancelledError into it."""
        if self._lasting:
            return
        self._cancelled = True
        self._future.cancel()


def _cancelled() -> BaseException:
    """Return the exception that a task which was cancelled by its own code ended with."""
    import asyncio

    return asyncio.CancelledError()


class Steps:
    """An asynchronous iterator as an ordinary one: each item is awaited on the loop."""

    def __init__(self, iterator: AsyncIterator[Any], spawn: Spawn, wait: Wait | None = None) -> None:
        self._iterator = iterator
        self._spawn = spawn
        self._wait = wait

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> object:
        try:
            return self._result(_step(self._iterator))
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """End it, so that its `finally` runs now."""
        end = getattr(self._iterator, "aclose", None)
        if end is not None:
            self._result(end())

    def _result(self, coroutine: Coroutine[Any, Any, Any]) -> object:
        future = self._spawn(coroutine)
        try:
            if self._wait is not None:
                self._wait(future)
        except BaseException:
            future.cancel()
            raise
        return future.result()


async def _step(iterator: AsyncIterator[Any]) -> Any:
    return await anext(iterator)
