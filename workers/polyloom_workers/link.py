"""One connection to Redis for the session lane: packed commands out, replies in, nothing between.

redis-py's connection does the work (TLS, sockets, authentication, parsing); what is left out is its client layer, which costs as
much as a round trip for every command.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import Any

import redis
from hiredis import pack_command
from redis.connection import ConnectionInterface

from polyloom.frames import Buffer
from polyloom_workers import bulk

CONNECT_TIMEOUT = 5.0  # seconds
READ_BYTES = 1 << 20  # asked for in one read
JOIN_BYTES = 1 << 16  # above this a copy costs more than a write

_TEXTS = frozenset({str, int})

Packed = list[Buffer]
"""One command as it travels, in one or more pieces."""

# A peer that does not answer for 5 + 3 x 2 seconds is gone. Not every system has each of these options.
_PROBES = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 11_000}
# No read waits longer for a peer that acknowledges and says nothing, as a proxy does that has lost its other side.
SILENCE = struct.pack("ll", 5, 0)  # seconds and microseconds; far more than a blocking read of the lane
KEEPALIVE = {getattr(socket, name): value for name, value in _PROBES.items() if hasattr(socket, name)}


class Link:
    """Not thread-safe: each link has one user at a time. Errors are redis-py's.

    The socket has no timeout of Python's, which would cost a poll for every read; the kernel notices who is gone or silent.
    """

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": CONNECT_TIMEOUT}
        options |= {"socket_read_size": READ_BYTES, "protocol": 2}
        if not url.startswith("unix:"):
            options |= {"socket_keepalive": True, "socket_keepalive_options": KEEPALIVE}
        self._connection: ConnectionInterface = redis.ConnectionPool.from_url(url, **options).make_connection()

    def connect(self) -> None:
        """Connect anew."""
        self._connection.disconnect()
        self._connection.connect()
        if (sock := getattr(self._connection, "_sock", None)) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, SILENCE)

    def send(self, commands: Sequence[Packed]) -> None:
        """Send packed commands in as few writes as cost least."""
        pieces = [piece for command in commands for piece in command]
        self._connection.send_packed_command(_joined(pieces) if len(pieces) > 1 else pieces, check_health=False)

    def read(self) -> Any:
        """Return the next reply; an error reply is returned, not raised."""
        try:
            return self._connection.read_response(disable_decoding=True)
        except redis.ResponseError as error:
            return error

    def ask(self, *command: str | int) -> Any:
        """Send one command and return its reply; an error reply is raised."""
        self.send([pack(*command)])
        reply = self.read()
        if isinstance(reply, Exception):
            raise reply
        return reply

    def fetch(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the strings under keys; None for one that is not there. No other reply may be on its way."""
        self.send([pack("GET", key) for key in keys])
        found: list[bytes | None] = []
        sock = self._plain_socket()
        for _ in keys:
            size = bulk.size_of(sock) if sock else None
            if sock and size:
                found.append(bulk.read_string(sock, size))
                continue
            sock = None  # the parser may read on into the replies after this one, so they are its own too
            answer = self.read()
            found.append(answer if type(answer) is bytes else None)
        return found

    def _plain_socket(self) -> socket.socket | None:
        """Return the socket if bytes come from it as they are, which those of TLS do not."""
        sock = getattr(self._connection, "_sock", None)
        return sock if type(sock) is socket.socket and sock.gettimeout() is None else None

    def close(self) -> None:
        """Close the socket; a thread that reads from it gets an error."""
        self._connection.disconnect()


def pack(*command: str | int | Buffer) -> Packed:
    """Return a command as it travels; a large part is a piece of its own, not copied."""
    if any(type(part) not in _TEXTS and len(part) >= JOIN_BYTES for part in command):  # type: ignore[arg-type]  # buffers
        return _pack_large(command)
    return [pack_command(command)]  # type: ignore[arg-type]  # its stub wants tuples of one exact union


def _joined(pieces: Sequence[Buffer]) -> list[Buffer]:
    """Join neighbours as long as a copy costs less than a write."""
    joined: list[Buffer] = []
    small: list[Buffer] = []
    octets = 0
    for piece in pieces:
        if octets + len(piece) >= JOIN_BYTES:
            joined += [b"".join(small), piece] if small else [piece]
            small, octets = [], 0
        else:
            small.append(piece)
            octets += len(piece)
    return [*joined, b"".join(small)] if small else joined


def _pack_large(command: Sequence[str | int | Buffer]) -> Packed:
    pieces: Packed = []
    text = b"*%d" % len(command)
    for part in command:
        data = str(part).encode() if isinstance(part, (str, int)) else part
        text += b"\r\n$%d\r\n" % len(data)
        if len(data) < JOIN_BYTES:
            text += data
        else:
            pieces += [text, data]
            text = b""
    return [*pieces, text + b"\r\n"]
