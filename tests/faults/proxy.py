"""A TCP proxy that is a bad network: it delays, tears connections in the middle of what they carry, leaves them half open."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import threading
from collections.abc import Callable, Coroutine
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

PIECE = 1 << 16  # bytes of one read
RESET = struct.pack("ii", 1, 0)  # for SO_LINGER: closing is a reset


class Proxy:
    """Between clients and one server of this machine. Its methods may be called from any thread."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self.delay = 0.0  # seconds, at most, that a piece of data waits; order is kept
        self._target = port
        self._chance = random.Random(seed)
        self._pairs: set[_Pair] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.port = 0
        self.accept()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def accept(self) -> None:
        """Take connections, on the same port as before."""
        self._server = self._run(asyncio.start_server(self._connected, "127.0.0.1", self.port))
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Take no connections, and reset those there are."""
        self._call(self._server.close)
        self.reset()

    def reset(self) -> None:
        """Reset every connection, now."""
        self._call(lambda: [pair.reset() for pair in list(self._pairs)])

    def tear(self) -> None:
        """Reset every connection in the middle of the next piece that it carries."""
        self._call(lambda: [pair.tear() for pair in self._pairs])

    def half_open(self) -> None:
        """Leave every connection open and carry nothing on it any more; new ones work."""
        self._call(lambda: [pair.forget() for pair in self._pairs])

    def stop(self) -> None:
        self.refuse()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        """End what is at work: nothing may be left when the loop is closed."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _call(self, act: Callable[[], Any]) -> None:
        async def acting() -> None:
            act()

        self._run(acting())

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        pair = _Pair((writer, far_writer))
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pump(pair, reader, far_writer), self._pump(pair, far_reader, writer))
        finally:
            self._pairs.discard(pair)
            pair.reset()

    async def _pump(self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self._chance.uniform(0, self.delay))
                if pair.forgotten:
                    await pair.ended.wait()
                if pair.torn:
                    writer.write(data[: self._chance.randrange(len(data))])
                    break
                writer.write(data)
                await writer.drain()
        if not pair.forgotten:
            pair.reset()


class _Pair:
    """The two connections that are one to whoever uses them."""

    def __init__(self, writers: tuple[asyncio.StreamWriter, ...]) -> None:
        self._writers = writers
        self.torn = False
        self.forgotten = False
        self.ended = asyncio.Event()

    def reset(self) -> None:
        self.ended.set()
        for one in self._writers:
            if (sock := one.get_extra_info("socket")) is not None and sock.fileno() >= 0:
                sock.setsockopt(SOL_SOCKET, SO_LINGER, RESET)
            one.close()

    def tear(self) -> None:
        self.torn = True

    def forget(self) -> None:
        self.forgotten = True
